#pragma once

#include "transport_fixture.hpp"
#include "websocket_peer.hpp"

#include <boost/asio/error.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace arbalest::test {

using namespace std::string_literals;

/// A WebSocket server, and a client of it.
class WebSocketFixture : public TransportFixture
{
public:
    explicit WebSocketFixture(bool tls = false)
    {
        if (tls) {
            authority.emplace();
            CertificateRequest request;
            request.ip_addresses.push_back("127.0.0.1");
            server.emplace(context, authority->issue(request));
            options.tls.ca_file = authority->ca_file();
        } else {
            server.emplace(context);
        }
        scheme = tls ? "wss" : "ws";
        options.websocket.ping_interval = {};
    }

    /// Connects server and client.
    asio::awaitable<void> open()
    {
        auto const accepting = start(context.get_executor(), server->accept());
        transport = co_await connect(server->at(scheme, "/ws"));
        co_await finished(accepting);
        BOOST_TEST(!accepting->failure, accepting->failure.what());
    }

    std::optional<TestAuthority> authority;
    std::optional<WebSocketPeer> server;
    std::string scheme;
    std::unique_ptr<Transport> transport;
};

class SecureWebSocketFixture : public WebSocketFixture
{
public:
    SecureWebSocketFixture() : WebSocketFixture(true) {}
};

inline asio::awaitable<void> check_both_ways(WebSocketFixture& test)
{
    co_await test.open();
    BOOST_TEST(test.transport->wants_frame_ends());
    BOOST_TEST(test.transport->remote_endpoint() == "127.0.0.1:" + std::to_string(test.server->port()));
    // Every frame is a message of its own, however many are written at a time.
    std::vector<std::string> frames;
    for (int i = 0; i < 100; ++i)
        frames.push_back("SEND\n\n" + std::to_string(i) + "\0"s);
    frames.push_back("\n");
    auto const writing = start(test.context.get_executor(), write_frames(*test.transport, frames));
    for (auto const& frame : frames) {
        auto const message = co_await test.server->receive();
        BOOST_TEST(message.bytes == frame);
        BOOST_TEST(!message.binary);
    }
    co_await finished(writing);
    // Messages are just bytes: several frames in one, one in several, of either kind.
    co_await test.server->send("A\n\n\0B\n\n\0C"s);
    co_await test.server->send("\n\n\0\n"s, true);
    auto const bytes = co_await read_bytes(*test.transport, 13);
    BOOST_TEST(bytes == "A\n\n\0B\n\n\0C\n\n\0\n"s);
}

inline asio::awaitable<void> check_large(WebSocketFixture& test)
{
    co_await test.open();
    std::string large;
    for (int i = 0; large.size() < 3'000'000; ++i)
        large += std::to_string(i) + ' ';
    auto const sending = start(test.context.get_executor(), test.server->send(large));
    auto const read = co_await read_bytes(*test.transport, large.size());
    BOOST_TEST((read == large));
    co_await finished(sending);
    auto const writing = start(test.context.get_executor(), write_frame(*test.transport, large));
    auto const message = co_await test.server->receive();
    BOOST_TEST((message.bytes == large));
    co_await finished(writing);
}

inline asio::awaitable<void> check_close(WebSocketFixture& test, CloseReason reason, std::uint16_t code,
                                         std::string text)
{
    co_await test.open();
    auto const waiting = start(test.context.get_executor(), test.server->wait_for_close());
    co_await test.transport->close(reason);
    test.transport->abort();
    co_await finished(waiting);
    BOOST_REQUIRE(waiting->value.has_value());
    BOOST_TEST(waiting->value->first == code);
    BOOST_TEST(waiting->value->second == text);
}

/// How reading ends when the server closes.
inline asio::awaitable<Failure> end_after_close(WebSocketFixture& test, std::uint16_t code, std::string reason)
{
    co_await test.open();
    auto const closing = start(test.context.get_executor(), test.server->close(code, reason));
    auto const failure = co_await failure_of(read_bytes(*test.transport, 1));
    test.transport->abort();
    co_await finished(closing);
    co_return failure;
}

inline asio::awaitable<void> check_abort(WebSocketFixture& test)
{
    co_await test.open();
    auto const reading = start(test.context.get_executor(), read_bytes(*test.transport, 1));
    std::string const much(40'000'000, 'x');
    auto const writing = start(test.context.get_executor(), write_frame(*test.transport, much));
    co_await others_go_on();
    BOOST_TEST(!writing->done); // the server does not read
    auto const closing = start(test.context.get_executor(), test.transport->close(CloseReason::error));
    co_await others_go_on();
    test.transport->abort();
    test.transport->abort();
    co_await finished(reading);
    co_await finished(writing);
    co_await finished(closing);
    BOOST_TEST(static_cast<bool>(reading->failure));
    BOOST_TEST(static_cast<bool>(writing->failure));
    test.transport.reset();
    test.server->cut();
}

} // namespace arbalest::test
