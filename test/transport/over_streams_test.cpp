#include "support/certificates.hpp"
#include "transport_fixture.hpp"
#include "websocket_peer.hpp"
#include <arbalest/transport/over_tls.hpp>
#include <arbalest/transport/over_websocket.hpp>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>

// Sessions over streams whose handshakes the application has made.
namespace {

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_literals;
using asio::ip::tcp;
namespace ssl = asio::ssl;
namespace websocket = boost::beast::websocket;

std::string const connected = "CONNECTED\nversion:1.2\nserver:by hand\n\n\0"s;

asio::awaitable<tcp::socket> connect_to(std::uint16_t port)
{
    tcp::socket socket(co_await asio::this_coro::executor);
    tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), port);
    co_await socket.async_connect(endpoint, asio::use_awaitable);
    co_return socket;
}

/// Answers CONNECT and DISCONNECT, and waits for the client to close.
asio::awaitable<void> play_broker(WebSocketPeer& peer, bool& orderly)
{
    co_await peer.accept();
    auto const connect = co_await peer.receive();
    BOOST_TEST(connect.bytes.starts_with("CONNECT\n"));
    BOOST_TEST(connect.binary);
    co_await peer.send(connected);
    auto const sent = co_await peer.receive();
    BOOST_TEST(sent.bytes.starts_with("SEND\n"));
    auto const disconnect = co_await peer.receive();
    BOOST_TEST(disconnect.bytes.starts_with("DISCONNECT\n"));
    auto const id = disconnect.bytes.substr(disconnect.bytes.find("receipt:") + 8);
    co_await peer.send("RECEIPT\nreceipt-id:" + id.substr(0, id.find('\n')) + "\n\n\0"s);
    auto const why = co_await peer.wait_for_close();
    BOOST_TEST(why.first == 1000);
    orderly = true;
}

template <class Next>
asio::awaitable<void> speak_over_websocket(Next next, std::uint16_t& port)
{
    websocket::stream<Next, false> stream(std::move(next));
    co_await stream.async_handshake("broker.test", "/own/path", asio::use_awaitable);
    StompConfig config;
    config.websocket.payload = WebSocketPayload::binary;
    auto session = co_await StompSession::over(std::move(stream), config);
    BOOST_TEST(session.server() == "by hand");
    co_await session.send("/queue/q", "hello");
    co_await session.disconnect();
    port = 0;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(over_streams, ContextFixture)

BOOST_AUTO_TEST_CASE(a_websocket)
{
    WebSocketPeer peer(context);
    bool orderly = false;
    run([&, this]() -> asio::awaitable<void> {
        auto const playing = start(context.get_executor(), play_broker(peer, orderly));
        auto port = peer.port();
        auto socket = co_await connect_to(port);
        co_await speak_over_websocket(std::move(socket), port);
        co_await finished(playing);
        BOOST_TEST(!playing->failure, playing->failure.what());
    });
    BOOST_TEST(orderly);
    BOOST_TEST(peer.target == "/own/path");
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_websocket_over_a_beast_stream)
{
    WebSocketPeer peer(context);
    bool orderly = false;
    run([&, this]() -> asio::awaitable<void> {
        auto const playing = start(context.get_executor(), play_broker(peer, orderly));
        auto port = peer.port();
        boost::beast::tcp_stream stream(co_await asio::this_coro::executor);
        tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), port);
        co_await stream.async_connect(endpoint, asio::use_awaitable);
        co_await speak_over_websocket(std::move(stream), port);
        co_await finished(playing);
        BOOST_TEST(!playing->failure, playing->failure.what());
    });
    BOOST_TEST(orderly);
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_tls_stream)
{
    TestAuthority authority;
    CertificateRequest request;
    request.dns_names.push_back("localhost");
    auto const certificate = authority.issue(request);
    ssl::context server_context(ssl::context::tls_server);
    server_context.use_certificate_chain_file(certificate.certificate_file);
    server_context.use_private_key_file(certificate.key_file, ssl::context::pem);
    TcpPeer peer(context);
    boost::system::error_code end;
    auto const play = [&]() -> asio::awaitable<void> {
        co_await peer.accept();
        ssl::stream<tcp::socket&> stream(peer.socket, server_context);
        co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
        std::string read;
        co_await asio::async_read_until(stream, asio::dynamic_buffer(read), '\0', asio::use_awaitable);
        BOOST_TEST(read.starts_with("CONNECT\n"));
        co_await asio::async_write(stream, asio::buffer(connected), asio::use_awaitable);
        char bytes[1000];
        while (!end)
            co_await stream.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, end));
        co_await stream.async_shutdown(asio::use_awaitable);
    };
    run([&, this]() -> asio::awaitable<void> {
        auto const playing = start(context.get_executor(), play());
        ssl::context client_context(ssl::context::tls_client);
        client_context.load_verify_file(authority.ca_file());
        auto socket = co_await connect_to(peer.port());
        ssl::stream<tcp::socket> stream(std::move(socket), client_context);
        stream.set_verify_mode(ssl::verify_peer);
        co_await stream.async_handshake(ssl::stream_base::client, asio::use_awaitable);
        StompConfig config;
        config.graceful_disconnect = false;
        auto session = co_await StompSession::over(std::move(stream), config);
        BOOST_TEST(session.server() == "by hand");
        co_await session.disconnect();
        co_await finished(playing);
        BOOST_TEST(!playing->failure, playing->failure.what());
        BOOST_TEST(end == asio::error::eof); // close_notify has come
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()
