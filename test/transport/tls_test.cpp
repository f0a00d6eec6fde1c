#include "tls_fixture.hpp"

#include <boost/asio/error.hpp>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

using namespace arbalest;
using namespace arbalest::test;

BOOST_FIXTURE_TEST_SUITE(tls, TlsFixture)

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
        BOOST_TEST(contains(attempt.hint, "use stomp://"), attempt.hint);
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
        BOOST_TEST(contains(attempt.hint, "use stomp://"), attempt.hint);
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

BOOST_AUTO_TEST_CASE(closes_while_it_reads)
{
    run([this]() -> asio::awaitable<void> {
        auto const serving = start(context.get_executor(), serve());
        auto const transport = co_await connect(url());
        auto const reading = start(context.get_executor(), read_bytes(*transport, 1));
        co_await others_go_on();
        co_await transport->close(CloseReason::missing_heart_beat);
        co_await finished(reading);
        BOOST_TEST(static_cast<bool>(reading->failure));
        transport->abort();
        co_await finished(serving);
        BOOST_TEST(end == asio::error::eof); // close_notify has come
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
