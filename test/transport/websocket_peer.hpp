#pragma once

#include "support/certificates.hpp"
#include "support/session_fixture.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arbalest::test {

/// A WebSocket server for one client at a time, played by hand.
class WebSocketPeer
{
public:
    /// A message as it was received.
    class Message
    {
    public:
        Message() = default;

        std::string bytes;
        bool binary = false;
    };

    explicit WebSocketPeer(asio::io_context& context);
    /// Over TLS.
    WebSocketPeer(asio::io_context& context, IssuedCertificate const& certificate);
    ~WebSocketPeer();

    std::uint16_t port() const;
    std::string at(std::string_view scheme, std::string_view rest = {}) const
    {
        return std::string(scheme) + "://127.0.0.1:" + std::to_string(port()) + std::string(rest);
    }

    /// What is chosen in the handshake; empty for none.
    std::string subprotocol;
    bool compresses = false;
    /// Kept for the test: what the client has asked for.
    std::string target;
    std::vector<std::pair<std::string, std::string>> fields;
    /// The field's value; empty when there is none, values joined by " | " when it came several times.
    std::string field(std::string_view name) const;
    /// How many pings and pongs have come.
    int pings = 0;
    int pongs = 0;

    /// Accepts a client, as far as TCP. @param handshake and TLS and the WebSocket handshake.
    asio::awaitable<void> accept(bool handshake = true);
    asio::awaitable<Message> receive();
    asio::awaitable<void> send(std::string bytes, bool binary = false);
    /// Sends one message, in so many fragments.
    asio::awaitable<void> send_fragments(std::vector<std::string> fragments);
    /// Sends bytes below the WebSocket, frames or not, in one piece.
    asio::awaitable<void> send_raw(std::string bytes);
    asio::awaitable<void> ping();
    asio::awaitable<void> close(std::uint16_t code, std::string reason);
    /// Reads until the client has closed; returns code and reason.
    asio::awaitable<std::pair<std::uint16_t, std::string>> wait_for_close();
    /// Reads bytes below the WebSocket, until the client has ended its side of TCP.
    asio::awaitable<void> wait_for_end();
    /// Ends the TCP connection without a word.
    void cut();
    /// Keeps this client's TCP connection open, and reads nothing from it any more; another may be accepted.
    void keep();

    class Server;

private:
    std::unique_ptr<Server> server_;
    std::vector<asio::ip::tcp::socket> kept_;
};

} // namespace arbalest::test
