#include "any_kind.hpp"
#include "raw_client.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::EmbeddedBroker;
using arbalest::Listen;
using arbalest::broker::test::authority;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::LinkOptions;
using arbalest::broker::test::make_link;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::with_certificate;
using arbalest::test::CertificateRequest;
using arbalest::test::TestAuthority;

constexpr std::array secure_kinds{Listen::tls, Listen::secure_websocket};

LinkOptions verifying()
{
    LinkOptions options;
    options.ca_file = authority().ca_file();
    return options;
}

// Whether a session is possible.
bool serves(Fixture& it, Listen kind, LinkOptions const& options)
{
    RawClient client(it.io, make_link(kind, it.io, it.broker.port(kind), options));
    if (!client.handshake()) {
        // In TLS 1.3 the client has shaken hands before the broker has seen its certificate.
        client.send_frame("CONNECT;accept-version:1.2");
        run_until(it.io, "an answer", [&] { return client.ended() || !client.received().empty(); });
    }
    bool const served = client.received().starts_with("CONNECTED\n");
    client.close();
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
    return served;
}

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(the_certificate_is_shown)
{
    TestAuthority const another;
    for (auto const kind : secure_kinds) {
        Fixture it(kind, with_certificate());
        BOOST_TEST(serves(it, kind, verifying()));
        LinkOptions mistrusting;
        mistrusting.ca_file = another.ca_file();
        BOOST_TEST(!serves(it, kind, mistrusting));
        BOOST_TEST(serves(it, kind, verifying())); // it goes on
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_speaks_no_tls)
{
    for (auto const kind : secure_kinds) {
        Fixture it(kind, with_certificate());
        for (auto const& bytes : {"CONNECT\naccept-version:1.2\n\n\0"s, "GET /stomp HTTP/1.1\r\nHost: x\r\n\r\n"s,
                                  std::string(100'000, 'x')}) {
            RawClient client(it.io, it.broker.port());
            client.start_sending(bytes);
            BOOST_CHECK(client.end() == RawClient::End::orderly);
            BOOST_TEST(client.received().find("CONNECTED") == std::string::npos);
            BOOST_TEST(client.received().find("HTTP") == std::string::npos);
            client.close();
            run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
        }
        BOOST_TEST(it.broker.sessions() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(client_certificates)
{
    TestAuthority another;
    auto const good = authority().issue(CertificateRequest());
    auto const foreign = another.issue(CertificateRequest());
    for (bool const required : {false, true}) {
        auto config = with_certificate();
        config.tls.ca_file = authority().ca_file();
        config.tls.require_client_certificate = required;
        for (auto const kind : secure_kinds) {
            Fixture it(kind, config);
            auto options = verifying();
            BOOST_TEST(serves(it, kind, options) == !required);
            options.certificate_file = good.certificate_file;
            options.key_file = good.key_file;
            BOOST_TEST(serves(it, kind, options));
            options.certificate_file = foreign.certificate_file;
            options.key_file = foreign.key_file;
            BOOST_TEST(!serves(it, kind, options));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_context_of_the_callers_own)
{
    auto const issued = authority().issue(CertificateRequest());
    BrokerConfig config;
    config.tls.context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tlsv12_server);
    config.tls.context->use_certificate_chain_file(issued.certificate_file);
    config.tls.context->use_private_key_file(issued.key_file, boost::asio::ssl::context::pem);
    for (auto const kind : secure_kinds) {
        Fixture it(kind, config);
        BOOST_TEST(serves(it, kind, verifying()));
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used)
{
    boost::asio::io_context io;
    auto const refuses = [&](BrokerConfig const& config, std::string const& said) {
        EmbeddedBroker broker(io.get_executor(), config);
        for (auto const kind : secure_kinds) {
            auto const says = [&](std::exception const& e) {
                return std::string(e.what()).find(said) != std::string::npos;
            };
            BOOST_CHECK_EXCEPTION(broker.listen(kind), std::exception, says);
            BOOST_TEST(broker.port(kind) == 0);
        }
        broker.listen(); // without TLS it can
    };
    refuses(BrokerConfig(), "a certificate and its private key are needed");
    auto config = with_certificate();
    config.tls.private_key_file.clear();
    refuses(config, "a certificate and its private key are needed");
    config = with_certificate();
    config.tls.certificate_file = "/nowhere/to/be/found";
    refuses(config, "BrokerTls::certificate_file \"/nowhere/to/be/found\"");
    config = with_certificate();
    config.tls.private_key_file = config.tls.certificate_file;
    refuses(config, "BrokerTls::private_key_file");
    config = with_certificate();
    config.tls.private_key_file = authority().issue(CertificateRequest()).key_file; // of another certificate
    refuses(config, "BrokerTls::private_key_file");
    config = with_certificate();
    CertificateRequest encrypted;
    encrypted.passphrase = "secret";
    auto const issued = authority().issue(encrypted);
    config.tls.certificate_file = issued.certificate_file;
    config.tls.private_key_file = issued.key_file;
    refuses(config, "BrokerTls::private_key_file");
    config = with_certificate();
    config.tls.require_client_certificate = true;
    refuses(config, "client certificates cannot be checked without a ca_file");
    config.tls.ca_file = config.tls.private_key_file;
    refuses(config, "BrokerTls::ca_file");
}

BOOST_AUTO_TEST_CASE(the_files_are_read_again_behind_a_stop)
{
    namespace fs = std::filesystem;
    auto const certificate = authority().folder() / "replaced.pem";
    auto const key = authority().folder() / "replaced-key.pem";
    auto const use = [&](arbalest::test::IssuedCertificate const& issued) {
        fs::copy_file(issued.certificate_file, certificate, fs::copy_options::overwrite_existing);
        fs::copy_file(issued.key_file, key, fs::copy_options::overwrite_existing);
    };
    use(authority().issue_self_signed(CertificateRequest()));
    BrokerConfig config;
    config.tls.certificate_file = certificate;
    config.tls.private_key_file = key;
    Fixture it(Listen::tls, config);
    BOOST_TEST(!serves(it, Listen::tls, verifying()));
    use(authority().issue(CertificateRequest()));
    BOOST_TEST(!serves(it, Listen::tls, verifying()));
    it.broker.stop();
    it.broker.listen(Listen::tls);
    BOOST_TEST(serves(it, Listen::tls, verifying()));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
