#include "certificates.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace arbalest::test {

namespace {

template <auto free_function>
struct Freed
{
    template <class T>
    void operator()(T* object) const noexcept
    {
        free_function(object);
    }
};

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

void check(bool good, std::string_view what)
{
    if (!good) {
        char text[256];
        ERR_error_string_n(ERR_get_error(), text, sizeof text);
        throw std::runtime_error("cannot make a certificate: " + std::string(what) + ": " + text);
    }
}

Key make_key()
{
    Key key(EVP_EC_gen("P-256"));
    check(key != nullptr, "the key");
    return key;
}

void add_extension(X509* certificate, X509* issuer, int kind, std::string const& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    Extension const extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    check(extension != nullptr, value);
    check(X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

std::string alternative_names(CertificateRequest const& request)
{
    std::string names;
    for (auto const& name : request.dns_names)
        names += ",DNS:" + name;
    for (auto const& address : request.ip_addresses)
        names += ",IP:" + address;
    return names.empty() ? names : names.substr(1);
}

Certificate make_certificate(CertificateRequest const& request, EVP_PKEY* key, long number)
{
    Certificate certificate(X509_new());
    check(certificate != nullptr, "the certificate");
    auto* const made = certificate.get();
    check(X509_set_version(made, X509_VERSION_3) == 1, "the version");
    check(ASN1_INTEGER_set(X509_get_serialNumber(made), number) == 1, "the serial number");
    check(X509_gmtime_adj(X509_getm_notBefore(made), static_cast<long>(request.valid_from.count())), "the beginning");
    check(X509_gmtime_adj(X509_getm_notAfter(made), static_cast<long>(request.valid_until.count())), "the end");
    auto const* const name = reinterpret_cast<unsigned char const*>(request.common_name.c_str());
    check(X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1,
          "the common name");
    check(X509_set_pubkey(made, key) == 1, "the public key");
    return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* key)
{
    check(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1, "the issuer");
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    check(X509_sign(certificate, key, EVP_sha256()) > 0, "the signature");
}

std::string text_of(BIO* memory)
{
    char* text = nullptr;
    auto const size = BIO_get_mem_data(memory, &text);
    return std::string(text, static_cast<std::size_t>(size));
}

std::string to_pem(X509* certificate)
{
    Memory const memory(BIO_new(BIO_s_mem()));
    check(PEM_write_bio_X509(memory.get(), certificate) == 1, "PEM of the certificate");
    return text_of(memory.get());
}

std::string to_pem(EVP_PKEY* key, std::string const& passphrase)
{
    Memory const memory(BIO_new(BIO_s_mem()));
    auto const* const cipher = passphrase.empty() ? nullptr : EVP_aes_256_cbc();
    auto const* const secret = passphrase.empty() ? nullptr : passphrase.data();
    check(PEM_write_bio_PKCS8PrivateKey(memory.get(), key, cipher, secret, static_cast<int>(passphrase.size()), nullptr,
                                        nullptr) == 1,
          "PEM of the key");
    return text_of(memory.get());
}

std::string write_file(std::filesystem::path const& path, std::string const& text)
{
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.flush())
        throw std::runtime_error("cannot write " + path.string());
    return path.string();
}

IssuedCertificate save(std::filesystem::path const& folder, std::string const& stem, X509* certificate, EVP_PKEY* key,
                       std::string const& passphrase)
{
    IssuedCertificate issued;
    issued.certificate_pem = to_pem(certificate);
    issued.key_pem = to_pem(key, passphrase);
    issued.certificate_file = write_file(folder / (stem + ".crt"), issued.certificate_pem);
    issued.key_file = write_file(folder / (stem + ".key"), issued.key_pem);
    return issued;
}

std::filesystem::path make_folder()
{
    auto path = (std::filesystem::temp_directory_path() / "arbalest-certificates-XXXXXX").string();
    if (!mkdtemp(path.data()))
        throw std::system_error(errno, std::generic_category(), path);
    return path;
}

void make_leaf(X509* certificate, X509* issuer, CertificateRequest const& request)
{
    add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    if (auto const names = alternative_names(request); !names.empty())
        add_extension(certificate, issuer, NID_subject_alt_name, names);
}

} // namespace

class TestAuthority::Signer
{
public:
    explicit Signer(std::string const& name) : key(make_key())
    {
        CertificateRequest request;
        request.common_name = name;
        certificate = make_certificate(request, key.get(), 1);
        add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
        add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
        sign(certificate.get(), certificate.get(), key.get());
    }

    Key key;
    Certificate certificate;
};

TestAuthority::TestAuthority(std::string const& name)
    : folder_(make_folder()), signer_(std::make_unique<Signer>(name)),
      ca_(save(folder_, "authority", signer_->certificate.get(), signer_->key.get(), {}))
{
}

TestAuthority::~TestAuthority()
{
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

IssuedCertificate TestAuthority::issue(CertificateRequest const& request)
{
    auto const key = make_key();
    auto const number = ++issued_ + 1;
    auto const certificate = make_certificate(request, key.get(), number);
    auto* const issuer = signer_->certificate.get();
    make_leaf(certificate.get(), issuer, request);
    sign(certificate.get(), issuer, signer_->key.get());
    return save(folder_, "issued-" + std::to_string(number), certificate.get(), key.get(), request.passphrase);
}

IssuedCertificate TestAuthority::issue_self_signed(CertificateRequest const& request)
{
    auto const key = make_key();
    auto const number = ++issued_ + 1;
    auto const certificate = make_certificate(request, key.get(), number);
    make_leaf(certificate.get(), certificate.get(), request);
    sign(certificate.get(), certificate.get(), key.get());
    return save(folder_, "self-signed-" + std::to_string(number), certificate.get(), key.get(), request.passphrase);
}

} // namespace arbalest::test
