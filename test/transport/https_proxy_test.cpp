#include "support/certificates.hpp"
#include "transport_fixture.hpp"
#include "websocket_peer.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <optional>
#include <string>

// Connections through a proxy that is reached over TLS.
namespace arbalest::test {

namespace ssl = asio::ssl;

/// Moves bytes until there is an error; then the socket is closed.
template <class From, class To>
asio::awaitable<void> pump(From& from, To& to, asio::ip::tcp::socket& closed_then)
{
    boost::system::error_code code;
    while (!code) {
        char bytes[20'000];
        auto const size =
            co_await from.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, code));
        if (!code)
            co_await asio::async_write(to, asio::buffer(bytes, size), asio::redirect_error(asio::use_awaitable, code));
    }
    closed_then.close();
}

class HttpsProxyFixture : public TransportFixture
{
public:
    HttpsProxyFixture() : proxy(context), beyond(context), proxy_context(ssl::context::tls_server)
    {
        options.proxy = proxy.at("https");
        options.proxy_tls.ca_file = authority.ca_file();
        options.proxy_tls.use_system_trust_store = false;
        options.proxy_tls.server_name = "proxy.test";
        options.tls.ca_file = authority.ca_file();
        options.tls.use_system_trust_store = false;
        auto const certificate = issue("proxy.test");
        proxy_context.use_certificate_chain_file(certificate.certificate_file);
        proxy_context.use_private_key_file(certificate.key_file, ssl::context::pem);
    }

    IssuedCertificate issue(std::string name)
    {
        CertificateRequest request;
        request.dns_names.push_back(std::move(name));
        return authority.issue(request);
    }

    /// Accepts one client, answers it, and connects it to where the test wants.
    asio::awaitable<void> serve(std::uint16_t port, std::string answer = "HTTP/1.1 200 OK\r\n\r\n")
    {
        co_await proxy.accept();
        ssl::stream<asio::ip::tcp::socket&> stream(proxy.socket, proxy_context);
        co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
        std::string head;
        co_await asio::async_read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n", asio::use_awaitable);
        proxy.request = head;
        co_await asio::async_write(stream, asio::buffer(answer), asio::use_awaitable);
        if (port != 0) {
            asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), port);
            co_await beyond.async_connect(endpoint, asio::use_awaitable);
            auto const back = start(context.get_executor(), pump(beyond, stream, proxy.socket));
            co_await pump(stream, beyond, beyond);
            co_await finished(back);
        }
        proxy.socket.close();
    }

    TestAuthority authority;
    TcpPeer proxy;
    asio::ip::tcp::socket beyond;
    ssl::context proxy_context;
};

} // namespace arbalest::test

using namespace arbalest;
using namespace arbalest::test;

BOOST_FIXTURE_TEST_SUITE(https_proxy, HttpsProxyFixture)

BOOST_AUTO_TEST_CASE(makes_a_tunnel)
{
    options.proxy = "https://user:s3cret@127.0.0.1:" + std::to_string(proxy.port());
    run([this]() -> asio::awaitable<void> {
        TcpPeer server(context);
        auto const serving = start(context.get_executor(), serve(server.port()));
        auto const accepting = start(context.get_executor(), server.accept());
        auto const transport = co_await connect("stomp://broker.test:61613");
        co_await finished(accepting);
        BOOST_TEST(proxy.request.starts_with("CONNECT broker.test:61613 HTTP/1.1\r\n"), proxy.request);
        BOOST_TEST(contains(proxy.request, "\r\nProxy-Authorization: Basic "), proxy.request);
        BOOST_TEST(transport->remote_endpoint() == "127.0.0.1:" + std::to_string(proxy.port()));
        co_await write_frame(*transport, "hello\r\n\r\n");
        auto const heard = co_await server.read_head();
        BOOST_TEST(heard == "hello\r\n\r\n");
        co_await server.send("world");
        auto const answer = co_await read_bytes(*transport, 5);
        BOOST_TEST(answer == "world");
        co_await transport->close(CloseReason::normal);
        transport->abort();
        co_await finished(serving);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(tls_goes_through_tls)
{
    auto const certificate = issue("broker.test");
    ssl::context server_context(ssl::context::tls_server);
    server_context.use_certificate_chain_file(certificate.certificate_file);
    server_context.use_private_key_file(certificate.key_file, ssl::context::pem);
    run([&, this]() -> asio::awaitable<void> {
        TcpPeer server(context);
        auto const serving = start(context.get_executor(), serve(server.port()));
        auto const connecting = start(context.get_executor(), connect("stomp+tls://broker.test"));
        co_await server.accept();
        ssl::stream<asio::ip::tcp::socket&> stream(server.socket, server_context);
        co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
        co_await finished(connecting);
        BOOST_REQUIRE(connecting->value.has_value());
        auto const transport = std::move(*connecting->value);
        co_await write_frame(*transport, "hello");
        char heard[5];
        co_await asio::async_read(stream, asio::buffer(heard), asio::use_awaitable);
        BOOST_TEST(std::string(heard, 5) == "hello");
        server.socket.close(); // no close_notify
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        BOOST_TEST(failure.code() == asio::error::eof);
        transport->abort();
        co_await finished(serving);
    });
    BOOST_TEST(run_dry());
}

BOOST_DATA_TEST_CASE_F(HttpsProxyFixture, web_sockets_go_through, boost::unit_test::data::make({false, true}), secure)
{
    std::optional<WebSocketPeer> server;
    if (secure)
        server.emplace(context, issue("broker.test"));
    else
        server.emplace(context);
    run([&, this]() -> asio::awaitable<void> {
        auto const serving = start(context.get_executor(), serve(server->port()));
        auto const accepting = start(context.get_executor(), server->accept());
        auto const transport = co_await connect(secure ? "wss://broker.test/ws" : "ws://broker.test/ws");
        co_await finished(accepting);
        std::string const much(1'000'000, 'x');
        auto const writing = start(context.get_executor(), write_frame(*transport, much));
        auto const message = co_await server->receive();
        BOOST_TEST((message.bytes == much));
        co_await finished(writing);
        auto const sending = start(context.get_executor(), server->send(much));
        auto const bytes = co_await read_bytes(*transport, much.size());
        BOOST_TEST((bytes == much));
        co_await finished(sending);
        transport->abort();
        server->cut();
        co_await finished(serving);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(the_certificate_of_the_proxy_is_checked)
{
    options.proxy_tls.server_name.clear(); // then it must be for 127.0.0.1
    run([this]() -> asio::awaitable<void> {
        auto const serving = start(context.get_executor(), serve(0));
        auto const attempt = co_await fail_to_connect("stomp://broker.test");
        BOOST_TEST((attempt.phase == ConnectPhase::tls));
        BOOST_TEST(attempt.certificate_refused);
        BOOST_TEST(attempt.message.starts_with("TLS to the proxy: host name mismatch"), attempt.message);
        co_await finished(serving);
        proxy.socket.close();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_refusal_comes_with_its_status)
{
    run([this]() -> asio::awaitable<void> {
        auto const serving = start(context.get_executor(), serve(0, "HTTP/1.1 407 Who are you?\r\n\r\n"));
        auto const attempt = co_await fail_to_connect("wss://broker.test");
        BOOST_TEST((attempt.phase == ConnectPhase::http));
        BOOST_TEST(attempt.code == transport_errc::proxy_refused);
        BOOST_TEST(attempt.http_status == 407u);
        co_await finished(serving);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_file_for_the_proxys_tls_that_cannot_be_used_is_named)
{
    options.proxy_tls.ca_file = "/nowhere/ca.pem";
    run([this]() -> asio::awaitable<void> {
        auto const attempt = co_await fail_to_connect("stomp://broker.test");
        BOOST_TEST(attempt.code == transport_errc::unusable_setting);
        BOOST_TEST(contains(attempt.message, "/nowhere/ca.pem"), attempt.message);
    });
}

BOOST_AUTO_TEST_CASE(can_be_cancelled_at_every_point)
{
    WebSocketPeer server(context, issue("broker.test"));
    auto const files = open_files();
    int aborted = 0;
    run([&, this]() -> asio::awaitable<void> {
        for (int rounds = 0; rounds < 60; ++rounds) {
            auto const accepting = start(context.get_executor(), server.accept());
            auto const serving = start(context.get_executor(), serve(server.port()));
            auto const connecting = start(context.get_executor(), connect("wss://broker.test/ws"));
            co_await others_go_on(rounds);
            connecting->cancel();
            co_await finished(connecting);
            if (connecting->failure) {
                BOOST_TEST(is_aborted(connecting->failure), connecting->failure.what());
                ++aborted;
            }
            connecting->value.reset();
            accepting->cancel();
            server.cut();
            serving->cancel();
            co_await finished(accepting);
            co_await finished(serving);
            proxy.socket.close();
            beyond.close();
        }
    });
    BOOST_TEST(aborted > 0);
    BOOST_TEST(run_dry());
    BOOST_TEST(open_files() == files);
}

BOOST_AUTO_TEST_CASE(an_io_context_may_end_at_every_point)
{
    for (int rounds = 0; rounds < 40; ++rounds) {
        HttpsProxyFixture other;
        WebSocketPeer server(other.context, other.issue("broker.test"));
        other.run([&]() -> asio::awaitable<void> {
            start(other.context.get_executor(), server.accept());
            start(other.context.get_executor(), other.serve(server.port()));
            start(other.context.get_executor(), other.connect("wss://broker.test/ws"));
            co_await others_go_on(rounds);
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
