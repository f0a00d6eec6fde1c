#include "support/certificates.hpp"
#include "transport/proxy.hpp"
#include "transport_fixture.hpp"
#include "websocket_peer.hpp"

#include <boost/asio/redirect_error.hpp>

#include <stdexcept>

namespace {

using namespace arbalest;
using namespace arbalest::test;
using asio::ip::tcp;

/// Passes bytes on in one direction.
asio::awaitable<void> pass_on(tcp::socket& from, tcp::socket& to)
{
    boost::system::error_code code;
    for (;;) {
        char bytes[4096];
        auto const size =
            co_await from.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, code));
        if (code)
            break;
        co_await asio::async_write(to, asio::buffer(bytes, size), asio::use_awaitable);
    }
    to.shutdown(tcp::socket::shutdown_send, code);
}

class ProxyFixture : public TransportFixture
{
public:
    ProxyFixture() : proxy(context), beyond(context) { options.proxy = proxy.at("http"); }

    /// Accepts one client, and connects it to where the test wants.
    asio::awaitable<void> serve(std::uint16_t port)
    {
        co_await proxy.accept();
        proxy.request = co_await proxy.read_head();
        tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), port);
        co_await beyond.async_connect(endpoint, asio::use_awaitable);
        co_await proxy.send(interim + "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n");
        auto const there = start(context.get_executor(), pass_on(proxy.socket, beyond));
        auto const back = start(context.get_executor(), pass_on(beyond, proxy.socket));
        co_await finished(there);
        co_await finished(back);
        proxy.socket.close();
        beyond.close();
    }

    ConnectAttempt refused_with(std::string answer)
    {
        ConnectAttempt attempt;
        run([&, this]() -> asio::awaitable<void> {
            auto const answering = start(context.get_executor(), proxy.answer(answer));
            attempt = co_await fail_to_connect("stomp://broker.test:61613");
            co_await finished(answering);
            co_await proxy.wait_for_end();
            BOOST_TEST((attempt.phase == ConnectPhase::http));
            BOOST_TEST(attempt.endpoint == "127.0.0.1:" + std::to_string(proxy.port()));
        });
        return attempt;
    }

    /// Sent before the answer.
    std::string interim;
    TcpPeer proxy;
    tcp::socket beyond;
};

std::string complaint_about(std::string_view text)
{
    try {
        detail::parse_proxy(text);
    } catch (std::invalid_argument const& error) {
        return error.what();
    }
    return {};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(proxy, ProxyFixture)

BOOST_AUTO_TEST_CASE(an_interim_answer_is_skipped)
{
    interim = "HTTP/1.1 100 Continue\r\n\r\n";
    run([this]() -> asio::awaitable<void> {
        TcpPeer server(context);
        auto const serving = start(context.get_executor(), serve(server.port()));
        auto const accepting = start(context.get_executor(), server.accept());
        auto const transport = co_await connect("stomp://broker.test:61613/vhost");
        co_await finished(accepting);
        transport->abort();
        server.socket.close();
        co_await finished(serving);
    });
}

BOOST_AUTO_TEST_CASE(a_refusal_that_does_not_end_comes_with_its_status)
{
    for (std::string const answer : {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 9\r\n\r\n",
                                     "HTTP/1.1 407 Proxy Authentication Required\n\n"}) {
        auto const attempt = refused_with(answer);
        BOOST_TEST(attempt.code == transport_errc::proxy_refused);
        BOOST_TEST(attempt.http_status == 407u);
    }
}

BOOST_AUTO_TEST_CASE(makes_a_tunnel)
{
    run([this]() -> asio::awaitable<void> {
        TcpPeer server(context);
        auto const serving = start(context.get_executor(), serve(server.port()));
        auto const accepting = start(context.get_executor(), server.accept());
        // The proxy resolves the name.
        auto const transport = co_await connect("stomp://broker.test:61613/vhost");
        BOOST_TEST(proxy.request == "CONNECT broker.test:61613 HTTP/1.1\r\nHost: broker.test:61613\r\n\r\n");
        co_await finished(accepting);
        co_await write_frame(*transport, "hello\r\n\r\n");
        auto const heard = co_await server.read_head();
        BOOST_TEST(heard == "hello\r\n\r\n");
        co_await server.send("world");
        auto const answer = co_await read_bytes(*transport, 5);
        BOOST_TEST(answer == "world");
        transport->abort();
        server.socket.close();
        co_await finished(serving);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(an_ipv6_host_keeps_its_brackets)
{
    refused_with("HTTP/1.1 403 Forbidden\r\n\r\n");
    run([this]() -> asio::awaitable<void> {
        auto const answering =
            start(context.get_executor(), proxy.answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
        co_await fail_to_connect("stomp://[2001:db8::7%25eth0]");
        co_await finished(answering);
    });
    BOOST_TEST(proxy.request.starts_with("CONNECT [2001:db8::7]:61613 HTTP/1.1\r\n"), proxy.request);
}

BOOST_AUTO_TEST_CASE(sends_its_credentials)
{
    options.proxy = "http://Aladdin:open%20sesame@127.0.0.1:" + std::to_string(proxy.port());
    auto const attempt = refused_with("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    BOOST_TEST(contains(proxy.request, "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    BOOST_TEST(attempt.code == transport_errc::proxy_refused);
    BOOST_TEST(attempt.http_status == 407u);
    BOOST_TEST(contains(attempt.message, "407 Proxy Authentication Required"), attempt.message);
    BOOST_TEST(contains(attempt.hint, "credentials"), attempt.hint);
    for (auto const secret : {"Aladdin", "sesame", "QWxh"}) {
        BOOST_TEST(!contains(attempt.message, secret));
        BOOST_TEST(!contains(attempt.hint, secret));
    }
}

BOOST_AUTO_TEST_CASE(a_refusal_comes_with_its_status)
{
    auto const attempt = refused_with("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nsigh");
    BOOST_TEST(attempt.code == transport_errc::proxy_refused);
    BOOST_TEST(attempt.http_status == 502u);
    BOOST_TEST(contains(attempt.hint, "proxy"), attempt.hint);
}

BOOST_AUTO_TEST_CASE(a_wrong_answer_is_no_proxys)
{
    std::string const answers[] = {
        "CONNECTED\nversion:1.2\r\n\r\n", "HTTP/1.1\r\n\r\n",       "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 2xx OK\r\n\r\n",        std::string(20'000, 'x'), "HTTP/1.1 200 OK\r\n\r\nand more"};
    for (auto const& answer : answers) {
        auto const attempt = refused_with(answer);
        BOOST_TEST(attempt.code == transport_errc::not_http, answer.substr(0, 100));
        BOOST_TEST(contains(attempt.message, "proxy"), attempt.message);
    }
}

BOOST_AUTO_TEST_CASE(a_proxy_that_hangs_up_is_an_error)
{
    run([this]() -> asio::awaitable<void> {
        auto const hanging_up = start(context.get_executor(), [](TcpPeer& peer) -> asio::awaitable<void> {
            co_await peer.accept();
            co_await peer.read_head();
            peer.socket.close();
        }(proxy));
        auto const attempt = co_await fail_to_connect("stomp://broker.test");
        BOOST_TEST((attempt.phase == ConnectPhase::http));
        BOOST_TEST(contains(attempt.message, "proxy"), attempt.message);
        co_await finished(hanging_up);
    });
}

BOOST_AUTO_TEST_CASE(a_websocket_over_tls_goes_through)
{
    TestAuthority authority;
    CertificateRequest request;
    request.dns_names.push_back("broker.test");
    WebSocketPeer server(context, authority.issue(request));
    options.tls.ca_file = authority.ca_file();
    run([&, this]() -> asio::awaitable<void> {
        auto const serving = start(context.get_executor(), serve(server.port()));
        auto const accepting = start(context.get_executor(), server.accept());
        auto const transport = co_await connect("wss://broker.test/ws");
        co_await finished(accepting);
        BOOST_TEST(server.field("Host") == "broker.test");
        co_await write_frame(*transport, "hello");
        auto const message = co_await server.receive();
        BOOST_TEST(message.bytes == "hello");
        transport->abort();
        server.cut();
        co_await finished(serving);
    });
    BOOST_TEST(contains(proxy.request, "CONNECT broker.test:443 "), proxy.request);
}

BOOST_AUTO_TEST_CASE(a_gateway_error_behind_it_blames_the_proxy)
{
    TcpPeer server(context);
    run([&, this]() -> asio::awaitable<void> {
        auto const serving = start(context.get_executor(), serve(server.port()));
        auto const answering =
            start(context.get_executor(), server.answer("HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"));
        auto const attempt = co_await fail_to_connect("ws://broker.test/ws");
        BOOST_TEST(attempt.http_status == 503u);
        BOOST_TEST(contains(attempt.hint, "proxy"), attempt.hint);
        co_await finished(answering);
        server.socket.close();
        co_await finished(serving);
    });
}

BOOST_AUTO_TEST_CASE(an_unusable_one_is_refused_without_its_credentials)
{
    std::string_view const unusable[] = {"s3cret",
                                         "ftp://user:s3cret@host:1",
                                         "http://user:s3cret@host:0",
                                         "http://user:s3cret@host:65536",
                                         "http://user:s3cret@host/path",
                                         "http://user:s3/cret@host",
                                         "http://user:s3cret@host?x",
                                         "http://user:s3cret@",
                                         "http://user:s3cret@ho%0Ast"};
    for (auto const text : unusable) {
        auto const complaint = complaint_about(text);
        BOOST_TEST(!complaint.empty(), text);
        BOOST_TEST(!contains(complaint, "s3"), complaint);
    }
    options.proxy = "http://user:s3cret@host:0";
    run([this]() -> asio::awaitable<void> {
        auto const attempt = co_await fail_to_connect("stomp://localhost");
        BOOST_TEST(attempt.code == transport_errc::unusable_setting);
        BOOST_TEST(contains(attempt.message, "port"), attempt.message);
    });
}

BOOST_AUTO_TEST_CASE(its_url_is_read)
{
    auto const plain = detail::parse_proxy("http://proxy.test");
    BOOST_TEST(plain.host == "proxy.test");
    BOOST_TEST(plain.port == 80);
    BOOST_TEST(plain.authorization == "");
    auto const full = detail::parse_proxy("HTTP://:@[::1]:3128/");
    BOOST_TEST(full.host == "::1");
    BOOST_TEST(full.port == 3128);
    BOOST_TEST(full.authorization == "Basic Og==");
    BOOST_TEST(detail::parse_proxy("http://[fe80::1%25eth0]:3128").host == "fe80::1%eth0");
}

BOOST_AUTO_TEST_SUITE_END()
