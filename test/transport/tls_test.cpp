#include "support/certificates.hpp"
#include "transport_fixture.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <fstream>
#include <openssl/ssl.h>
#include <stdexcept>

namespace {

using namespace arbalest;
using namespace arbalest::test;
using asio::ip::tcp;
namespace ssl = asio::ssl;

CertificateRequest request_for(std::string name)
{
    CertificateRequest request;
    request.common_name = name;
    request.dns_names.push_back(std::move(name));
    return request;
}

class TlsFixture : public TransportFixture
{
public:
    TlsFixture() : server(context), server_context(ssl::context::tls_server)
    {
        options.tls.ca_file = authority.ca_file();
        options.tls.use_system_trust_store = false;
        auto request = request_for("localhost");
        request.dns_names.push_back("other.test");
        request.ip_addresses.push_back("127.0.0.1");
        use(authority.issue(request));
    }

    /// What the server shows.
    void use(IssuedCertificate const& certificate)
    {
        server_context = ssl::context(ssl::context::tls_server);
        server_context.use_certificate_chain_file(certificate.certificate_file);
        server_context.use_private_key_file(certificate.key_file, ssl::context::pem);
    }

    /// Accepts one client; echoes until it ends.
    asio::awaitable<void> serve()
    {
        co_await server.accept();
        ssl::stream<tcp::socket&> stream(server.socket, server_context);
        stream.set_verify_callback([](bool, ssl::verify_context&) { return true; });
        co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
        if (auto const* const name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name))
            asked_for = name;
        if (auto* const shown = SSL_get1_peer_certificate(stream.native_handle())) {
            has_client_certificate = true;
            X509_free(shown);
        }
        for (;;) {
            char bytes[100];
            auto const size =
                co_await stream.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, end));
            if (end)
                break;
            co_await asio::async_write(stream, asio::buffer(bytes, size), asio::use_awaitable);
        }
        boost::system::error_code ignored;
        co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
        server.socket.close();
    }

    std::string url() const { return server.at("stomp+tls"); }
    std::string url(std::string const& host) const { return "stomps://" + host + ':' + std::to_string(server.port()); }

    /// Connects, sends and receives something, closes.
    void expect_success(std::string where)
    {
        run([&, this]() -> asio::awaitable<void> {
            auto const serving = start(context.get_executor(), serve());
            auto const transport = co_await connect(where);
            co_await write_frame(*transport, "hello");
            auto const echo = co_await read_bytes(*transport, 5);
            BOOST_TEST(echo == "hello");
            BOOST_TEST(transport->remote_endpoint() == "127.0.0.1:" + std::to_string(server.port()));
            co_await transport->close(CloseReason::normal);
            transport->abort();
            co_await finished(serving);
            BOOST_TEST(!serving->failure, serving->failure.what());
            BOOST_TEST(end == asio::error::eof); // close_notify has come
        });
    }

    /// Connects, and returns with what words that fails.
    std::string failure(std::string where)
    {
        std::string message;
        run([&, this]() -> asio::awaitable<void> {
            auto const serving = start(context.get_executor(), serve());
            auto const attempt = co_await fail_to_connect(where);
            BOOST_TEST((attempt.phase == ConnectPhase::tls));
            BOOST_TEST(attempt.code.failed());
            message = attempt.message;
            co_await finished(serving); // the socket is closed
        });
        return message;
    }

    TestAuthority authority;
    TcpPeer server;
    ssl::context server_context;
    std::string asked_for;
    bool has_client_certificate = false;
    boost::system::error_code end;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tls, TlsFixture)

BOOST_AUTO_TEST_CASE(a_name_is_asked_for_and_checked)
{
    expect_success(url("localhost"));
    BOOST_TEST(asked_for == "localhost");
}

BOOST_AUTO_TEST_CASE(an_address_is_checked_and_not_asked_for)
{
    expect_success(url());
    BOOST_TEST(asked_for.empty());
}

BOOST_AUTO_TEST_CASE(another_name_may_be_asked_for)
{
    options.tls.server_name = "other.test";
    expect_success(url());
    BOOST_TEST(asked_for == "other.test");
}

BOOST_AUTO_TEST_CASE(a_wrong_name_is_refused_and_both_are_named)
{
    use(authority.issue(request_for("elsewhere.test")));
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "host name mismatch"), message);
    BOOST_TEST(contains(message, "'elsewhere.test'"), message);
    BOOST_TEST(contains(message, "'localhost'"), message);
}

BOOST_AUTO_TEST_CASE(a_wrong_address_is_refused)
{
    auto request = request_for("localhost");
    request.ip_addresses.push_back("127.0.0.9");
    request.ip_addresses.push_back("::1");
    use(authority.issue(request));
    auto const message = failure(url());
    BOOST_TEST(contains(message, "host name mismatch"), message);
    BOOST_TEST(contains(message, "'127.0.0.9', '::1', not for '127.0.0.1'"), message);
}

BOOST_AUTO_TEST_CASE(a_wrong_name_is_accepted_on_request)
{
    use(authority.issue(request_for("elsewhere.test")));
    options.tls.verify_host_name = false;
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(an_unknown_authority_is_refused)
{
    TestAuthority stranger("Stranger");
    use(stranger.issue(request_for("localhost")));
    auto message = failure(url("localhost"));
    BOOST_TEST(contains(message, "unknown authority"), message);
    BOOST_TEST(contains(message, "'Stranger'"), message);
    // Off is the check of the peer, not that of the name.
    options.tls.verify_host_name = false;
    message = failure(url("localhost"));
    BOOST_TEST(contains(message, "unknown authority"), message);
}

BOOST_AUTO_TEST_CASE(an_unknown_authority_is_accepted_on_request)
{
    TestAuthority stranger;
    use(stranger.issue(request_for("localhost")));
    options.tls.verify_peer = false;
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(without_the_check_of_the_peer_the_name_is_still_checked)
{
    TestAuthority stranger;
    use(stranger.issue(request_for("elsewhere.test")));
    options.tls.verify_peer = false;
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "host name mismatch"), message);
}

BOOST_AUTO_TEST_CASE(everything_is_accepted_on_request)
{
    auto request = request_for("elsewhere.test");
    request.valid_until = std::chrono::seconds(-60);
    use(authority.issue_self_signed(request));
    options.tls.verify_peer = false;
    options.tls.verify_host_name = false;
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(the_systems_authorities_do_not_include_the_tests)
{
    options.tls.ca_file.clear();
    options.tls.use_system_trust_store = true;
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "unknown authority"), message);
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_refused)
{
    auto request = request_for("localhost");
    request.valid_until = std::chrono::seconds(-60);
    use(authority.issue(request));
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "expired on"), message);
}

BOOST_AUTO_TEST_CASE(a_certificate_of_tomorrow_is_refused)
{
    auto request = request_for("localhost");
    request.valid_from = std::chrono::seconds(3600);
    use(authority.issue(request));
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "not valid before"), message);
}

BOOST_AUTO_TEST_CASE(a_self_signed_certificate_is_refused)
{
    use(authority.issue_self_signed(request_for("localhost")));
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "self-signed"), message);
}

BOOST_AUTO_TEST_CASE(a_self_signed_certificate_can_be_trusted_itself)
{
    auto const certificate = authority.issue_self_signed(request_for("localhost"));
    use(certificate);
    options.tls.ca_file = certificate.certificate_file;
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(old_versions_are_refused)
{
    SSL_CTX_set_security_level(server_context.native_handle(), 0);
    SSL_CTX_set_min_proto_version(server_context.native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(server_context.native_handle(), TLS1_1_VERSION);
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "no TLS version"), message);
}

BOOST_AUTO_TEST_CASE(tls_1_2_is_accepted)
{
    SSL_CTX_set_max_proto_version(server_context.native_handle(), TLS1_2_VERSION);
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_speaks_no_tls_is_recognised)
{
    run([this]() -> asio::awaitable<void> {
        auto const answering = start(context.get_executor(), [](TcpPeer& peer) -> asio::awaitable<void> {
            co_await peer.accept();
            co_await peer.send("ERROR\nmessage:what was that?\n\n");
            co_await peer.wait_for_end();
        }(server));
        auto const attempt = co_await fail_to_connect(url());
        BOOST_TEST((attempt.phase == ConnectPhase::tls));
        BOOST_TEST(contains(attempt.message, "speaks no TLS"), attempt.message);
        BOOST_TEST(attempt.endpoint == "127.0.0.1:" + std::to_string(server.port()));
        co_await finished(answering);
    });
}

BOOST_AUTO_TEST_CASE(a_peer_that_hangs_up_is_suspected_of_no_tls)
{
    run([this]() -> asio::awaitable<void> {
        auto const answering = start(context.get_executor(), [](TcpPeer& peer) -> asio::awaitable<void> {
            co_await peer.accept();
            char byte;
            co_await peer.socket.async_read_some(asio::buffer(&byte, 1), asio::use_awaitable);
            peer.socket.close();
        }(server));
        auto const attempt = co_await fail_to_connect(url());
        BOOST_TEST((attempt.phase == ConnectPhase::tls));
        BOOST_TEST(contains(attempt.message, "may speak no TLS"), attempt.message);
        co_await finished(answering);
    });
}

BOOST_AUTO_TEST_CASE(a_client_certificate_is_shown)
{
    server_context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    auto const ours = authority.issue(request_for("client"));
    options.tls.certificate_file = ours.certificate_file;
    options.tls.private_key_file = ours.key_file;
    expect_success(url());
    BOOST_TEST(has_client_certificate);
}

BOOST_AUTO_TEST_CASE(certificate_and_key_may_be_in_one_file)
{
    auto const ours = authority.issue(request_for("client"));
    auto const both = authority.folder() / "both.pem";
    std::ofstream(both) << ours.certificate_pem << ours.key_pem;
    options.tls.certificate_file = both.string();
    expect_success(url());
}

BOOST_AUTO_TEST_CASE(an_encrypted_key_needs_its_passphrase)
{
    auto request = request_for("client");
    request.passphrase = "open sesame";
    auto const ours = authority.issue(request);
    options.tls.certificate_file = ours.certificate_file;
    options.tls.private_key_file = ours.key_file;
    options.tls.private_key_passphrase = request.passphrase;
    expect_success(url());

    options.tls.private_key_passphrase.clear();
    options.tls.ask_private_key_passphrase = [&] { return request.passphrase; };
    expect_success(url());

    run([this]() -> asio::awaitable<void> {
        options.tls.ask_private_key_passphrase = []() -> std::string { throw std::runtime_error("nobody knows"); };
        auto attempt = co_await fail_to_connect(url());
        BOOST_TEST(contains(attempt.message, "nobody knows"), attempt.message);
        options.tls.ask_private_key_passphrase = nullptr;
        attempt = co_await fail_to_connect(url());
        BOOST_TEST(contains(attempt.message, "private key"), attempt.message);
        options.tls.private_key_passphrase = "wrong";
        attempt = co_await fail_to_connect(url());
        BOOST_TEST((attempt.phase == ConnectPhase::tls));
        BOOST_TEST(attempt.code == transport_errc::unusable_setting);
        BOOST_TEST(contains(attempt.message, options.tls.private_key_file), attempt.message);
        BOOST_TEST(!contains(attempt.message, "wrong"), attempt.message);
    });
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_named)
{
    run([this]() -> asio::awaitable<void> {
        options.tls.ca_file = "/nowhere/ca.pem";
        auto attempt = co_await fail_to_connect(url());
        BOOST_TEST((attempt.phase == ConnectPhase::tls));
        BOOST_TEST(attempt.code == transport_errc::unusable_setting);
        BOOST_TEST(contains(attempt.message, "/nowhere/ca.pem"), attempt.message);
        options.tls.ca_file.clear();
        options.tls.certificate_file = "/nowhere/client.pem";
        attempt = co_await fail_to_connect(url());
        BOOST_TEST(contains(attempt.message, "/nowhere/client.pem"), attempt.message);
        options.tls.certificate_file = authority.issue(request_for("client")).certificate_file;
        options.tls.private_key_file = authority.issue(request_for("other")).key_file;
        attempt = co_await fail_to_connect(url());
        BOOST_TEST(contains(attempt.message, "belong to the certificate"), attempt.message);
    });
}

BOOST_AUTO_TEST_CASE(a_context_of_ones_own_says_who_is_trusted)
{
    options.tls = TlsOptions();
    options.tls.context = std::make_shared<ssl::context>(ssl::context::tls_client);
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "unknown authority"), message); // though the context itself checks nothing
    options.tls.context->load_verify_file(authority.ca_file());
    expect_success(url("localhost"));
    BOOST_TEST(asked_for == "localhost");
    use(authority.issue(request_for("elsewhere.test")));
    BOOST_TEST(contains(failure(url("localhost")), "host name mismatch"));
    options.tls.server_name = "elsewhere.test";
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(a_context_of_ones_own_may_be_stricter)
{
    options.tls = TlsOptions();
    options.tls.context = std::make_shared<ssl::context>(ssl::context::tls_client);
    options.tls.context->load_verify_file(authority.ca_file());
    int asked = 0;
    bool content = true;
    options.tls.context->set_verify_callback([&](bool passed, ssl::verify_context&) {
        ++asked;
        return passed && content;
    });
    expect_success(url("localhost"));
    BOOST_TEST(asked > 0);
    content = false;
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "not accepted"), message);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_cut_off_ends)
{
    run([this]() -> asio::awaitable<void> {
        auto const serving = start(context.get_executor(), serve());
        auto const transport = co_await connect(url());
        co_await write_frame(*transport, "x");
        co_await read_bytes(*transport, 1);
        server.socket.shutdown(tcp::socket::shutdown_send); // no close_notify
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        BOOST_TEST(failure.code() == asio::error::eof);
        transport->abort();
        transport->abort();
        co_await finished(serving);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(aborting_ends_what_is_under_way)
{
    run([this]() -> asio::awaitable<void> {
        auto const serving = start(context.get_executor(), serve());
        auto const transport = co_await connect(url());
        auto const reading = start(context.get_executor(), read_bytes(*transport, 1));
        auto const closing = start(context.get_executor(), transport->close(CloseReason::error));
        transport->abort();
        co_await finished(reading);
        co_await finished(closing);
        BOOST_TEST(static_cast<bool>(reading->failure));
        co_await finished(serving);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()
