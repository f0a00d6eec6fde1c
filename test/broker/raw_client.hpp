#pragma once

#include "client_link.hpp"
#include <arbalest/broker/embedded_broker.hpp>
#include <arbalest/protocol/frame_decoder.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace arbalest::broker::test {

/// Lets the io_context work until the condition holds; fails the test when that takes more than ten seconds.
void run_until(boost::asio::io_context& io, std::string_view what, std::function<bool()> const& condition);

/// Lets the io_context do all that it can without waiting. On the loopback interface what one side has written the
/// other can read, so behind this all conversations have come to rest, but for what waits for a timer.
void settle(boost::asio::io_context& io);

/// A socket and a decoder on the io_context of the broker under test. What it waits for, it waits ten seconds.
class RawClient
{
public:
    enum class End : std::uint8_t { none, orderly, reset };

    /// By plain TCP.
    RawClient(boost::asio::io_context& io, std::uint16_t port);
    /// By another link, which shakes hands before this returns.
    RawClient(boost::asio::io_context& io, std::unique_ptr<ClientLink> link);
    ~RawClient();
    RawClient(RawClient const&) = delete;
    RawClient& operator=(RawClient const&) = delete;

    /// CONNECT, and the CONNECTED that it must give. @param headers lines, each with its line feed.
    Frame connect(std::string_view headers = "accept-version:1.2\n");

    /// Everything is written before this returns, if the broker reads it.
    void send(std::string_view bytes);
    /// A frame: its lines, divided by `;`, then its body. A NUL is added.
    void send_frame(std::string_view lines, std::string_view body = {});
    /// Starts writing without waiting for it.
    void start_sending(std::string bytes);

    /// The next frame.
    Frame frame();
    /// Waits for the next frame, and checks its command.
    Frame frame(std::string_view command);
    /// Sends a frame with a receipt, and takes all frames up to its RECEIPT for what was asked for.
    void confirmed(std::string_view lines, std::string_view body = {});
    /// How the connection ended.
    End end();
    bool ended() const noexcept;
    /// How the handshake failed, if it did.
    boost::system::error_code handshake() const noexcept;
    /// All bytes that came so far, frames that were taken included.
    std::string const& received() const noexcept;
    /// Waits until that many bytes came.
    void wait_for_bytes(std::size_t size);

    /// Stops reading, so that the connection fills up, and starts again.
    void stop_reading();
    void resume_reading();
    /// The broker reads an end, but may go on sending.
    void shut_down();
    void close();
    void reset();

private:
    struct State;
    boost::asio::io_context& io_;
    std::shared_ptr<State> state_;
};

/// A broker that listens, and clients.
class Fixture
{
public:
    explicit Fixture(BrokerConfig const& config = BrokerConfig());
    /// @param config has a certificate, if it is needed.
    Fixture(Listen kind, BrokerConfig const& config);

    boost::asio::io_context io;
    EmbeddedBroker broker;

    /// A socket that is connected, without CONNECT.
    RawClient socket() { return RawClient(io, broker.port()); }
    /// One that has shaken hands, if there are any to shake.
    RawClient client(Listen kind) { return RawClient(io, make_link(kind, io, broker.port(kind))); }
};

} // namespace arbalest::broker::test
