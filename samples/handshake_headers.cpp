// Headers of one's own in the handshake of a WebSocket, here a bearer token: once by StompConfig, and once on a
// WebSocket that the program opens itself with Boost.Beast, to speak STOMP on it afterwards.
// Usage: handshake_headers [URL]     for instance ws://guest:guest@localhost:15674/ws
// Without an URL it runs on a broker inside this program, which lets nobody in who has not the token.

#include "run_sample.hpp"
#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>
#include <arbalest/transport/over_websocket.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using WebSocket = websocket::stream<tcp::socket>;
using namespace std::chrono_literals;

std::string const token = "Bearer 4711";

// The simpler way: the client sends them along.
asio::awaitable<arbalest::StompSession> connect_with_headers(std::string url)
{
    arbalest::StompConfig config;
    config.auto_receipt = true;
    config.websocket.headers.emplace_back("Authorization", token);
    config.websocket.headers.emplace_back("X-Opened-By", "Arbalest");
    arbalest::StompClient const client(config);
    auto session = co_await client.connect(url);
    co_return session;
}

// The longer way: whatever Beast can do in a handshake can be done here.
asio::awaitable<WebSocket> open_websocket(boost::urls::url url)
{
    auto const executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    std::string const port = url.has_port() ? std::string(url.port()) : "80";
    auto const endpoints = co_await resolver.async_resolve(url.host_address(), port, asio::use_awaitable);

    WebSocket socket(executor);
    co_await asio::async_connect(socket.next_layer(), endpoints, asio::use_awaitable);

    auto const add_headers = [](websocket::request_type& request) {
        request.set(http::field::authorization, token);
        request.set(http::field::sec_websocket_protocol, "v12.stomp, v11.stomp, v10.stomp");
        request.set("X-Opened-By", "Beast");
    };
    socket.set_option(websocket::stream_base::timeout::suggested(boost::beast::role_type::client));
    socket.set_option(websocket::stream_base::decorator(add_headers));
    std::string const host(url.encoded_host_and_port());
    std::string const target = url.encoded_path().empty() ? "/" : std::string(url.encoded_target());
    co_await socket.async_handshake(host, target, asio::use_awaitable);
    co_return socket;
}

asio::awaitable<arbalest::StompSession> connect_by_hand(std::string text)
{
    boost::urls::url const url(boost::urls::parse_uri(text).value());
    auto socket = co_await open_websocket(url);

    arbalest::StompConfig config;
    config.auto_receipt = true;
    config.login = url.user();
    config.passcode = url.password();
    auto session = co_await arbalest::StompSession::over(std::move(socket), config);
    co_return session;
}

// That the session works, and that the broker saw who opened the WebSocket.
asio::awaitable<void> check(arbalest::StompSession session, std::string opened_by, arbalest::EmbeddedBroker* broker)
{
    if (broker) {
        auto const handshake = broker->last_handshake();
        auto const seen = handshake ? handshake->header("x-opened-by").value_or("nothing") : "nothing";
        std::cout << "the broker saw X-Opened-By: " << seen << '\n';
        if (seen != opened_by)
            throw std::runtime_error("the broker did not see the header of " + opened_by);
    }
    auto inbox = co_await session.subscribe("/topic/arbalest.handshake-headers");
    co_await session.send("/topic/arbalest.handshake-headers", opened_by);
    auto const message = co_await inbox.next_for(10s);
    if (!message || message->body() != opened_by)
        throw std::runtime_error("the message has not come back");
    std::cout << "sent and received through the WebSocket of " << opened_by << ", STOMP " << session.version() << '\n';
    co_await session.disconnect();
}

// What it looks like without them.
asio::awaitable<void> connect_without_headers(std::string url)
{
    arbalest::StompClient const client;
    auto const session = co_await arbalest::as_result(client.connect(url));
    if (session)
        throw std::runtime_error("the broker let somebody in without the token");
    std::cout << "without the token: " << session.error().what() << '\n';
}

asio::awaitable<void> handshake_headers(std::string url, arbalest::EmbeddedBroker* broker)
{
    auto simple = co_await connect_with_headers(url);
    co_await check(std::move(simple), "Arbalest", broker);
    auto by_hand = co_await connect_by_hand(url);
    co_await check(std::move(by_hand), "Beast", broker);
    if (broker)
        co_await connect_without_headers(url);
}

arbalest::WebSocketAnswer let_in(arbalest::WebSocketHandshake const& handshake)
{
    return handshake.header("authorization") == token ? 101 : 401;
}

int main(int argc, char** argv)
{
    arbalest::BrokerConfig config;
    config.websocket.on_handshake = let_in;
    return run_sample(argc, argv, handshake_headers, arbalest::Listen::websocket, config);
}
