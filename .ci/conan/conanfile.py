from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy
from conan.tools.gnu import PkgConfigDeps
from conan.tools.layout import basic_layout
from conan.tools.meson import Meson, MesonToolchain
from conan.tools.scm import Version

import os


class ArbalestConan(ConanFile):
    name = "arbalest"
    version = "0.1.0"
    description = "STOMP client for Boost.Asio programs, based on coroutines"
    license = "BSL-1.0"
    topics = ("stomp", "asio", "messaging", "coroutines")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "broker": [True, False]}
    default_options = {"shared": False, "fPIC": True, "broker": True, "boost/*:without_url": False,
                       "boost/*:without_json": False}

    # The sources are those beside this recipe: "conan create .ci/conan".
    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("meson.build", "meson_options.txt", "LICENSE", "include/*", "lib/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def config_options(self):
        if self.settings.os == "Windows":
            del self.options.fPIC

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.compiler == "gcc" and Version(self.settings.compiler.version) < "12":
            raise ConanInvalidConfiguration("arbalest needs g++ 12 or newer")

    def requirements(self):
        # Users compile Asio as well.
        self.requires("boost/[>=1.81 <2]", transitive_headers=True, transitive_libs=True)
        self.requires("openssl/[>=3 <4]", transitive_headers=True)

    def build_requirements(self):
        self.tool_requires("meson/[>=1.0]")
        self.tool_requires("pkgconf/[>=1.8]")

    def layout(self):
        basic_layout(self)

    def generate(self):
        PkgConfigDeps(self).generate()
        toolchain = MesonToolchain(self)
        toolchain.project_options["tests"] = False
        toolchain.project_options["samples"] = False
        toolchain.project_options["broker"] = bool(self.options.broker)
        boost = self.dependencies["boost"].package_folder
        toolchain.properties["boost_root"] = boost
        toolchain.generate()

    def build(self):
        meson = Meson(self)
        meson.configure()
        meson.build()

    def package(self):
        Meson(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))

    def package_info(self):
        client = self.cpp_info.components["client"]
        client.libs = ["arbalest"]
        client.requires = ["boost::headers", "boost::url", "openssl::openssl"]
        client.set_property("cmake_target_name", "arbalest::arbalest")
        client.set_property("pkg_config_name", "arbalest")
        if self.settings.os in ("Linux", "FreeBSD"):
            client.system_libs = ["pthread"]
        if self.options.broker:
            broker = self.cpp_info.components["broker"]
            broker.libs = ["arbalest-broker"]
            broker.requires = ["client"]
            broker.set_property("cmake_target_name", "arbalest::broker")
            broker.set_property("pkg_config_name", "arbalest-broker")
