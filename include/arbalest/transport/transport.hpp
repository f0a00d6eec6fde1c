#pragma once

#include <arbalest/export.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace arbalest {

/// Why a connection is closed, for transports that can tell their peer (RFC 6455, "Status Codes").
enum class CloseReason : std::uint8_t {
    normal,             ///< WebSocket code 1000.
    error,              ///< After an ERROR or malformed bytes: WebSocket code 3001.
    missing_heart_beat, ///< WebSocket code 3002.
};

/// Moves bytes, and message boundaries where there are any, between a session and its peer. It knows no STOMP.
///
/// All members are called on the transport's executor, one read and one write at a time. The operations complete there
/// as well. They need not support cancellation: a session that no longer wants them calls abort(). Implement it to run
/// STOMP over something of your own, and hand it to StompSession::over(); for any Asio stream there is StreamTransport
/// already.
class ARBALEST_DECL Transport
{
public:
    Transport() = default;
    Transport(Transport const&) = delete;
    Transport& operator=(Transport const&) = delete;
    virtual ~Transport();

    /// The executor on which operations complete; the session lives on it.
    virtual boost::asio::any_io_executor get_executor() = 0;

    /// Reads at least one byte into the buffer, which outlives the operation, and returns how many.
    /// @throws boost::system::system_error, with `asio::error::eof` when the peer has closed in order. Nothing is read
    /// after a failure.
    virtual boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer) = 0;

    /// Writes bytes from the front of the buffer, which outlives the operation, and returns how many of them the
    /// transport has accepted, at least one.
    /// @param frame_ends where each STOMP frame or heart-beat ends in the buffer, in ascending order. Given only to
    /// transports that ask for them; such a transport writes each as a message of its own and only whole ones.
    /// @throws boost::system::system_error; then nothing was accepted.
    virtual boost::asio::awaitable<std::size_t> write_some(boost::asio::const_buffer buffer,
                                                           std::span<std::size_t const> frame_ends) = 0;

    /// Whether write_some() wants to know where frames end. Default: no.
    virtual bool wants_frame_ends() const noexcept { return false; }

    /// Closes in order, telling the peer why where that is possible. Reading and writing have ended by then, unless
    /// may_close_while_busy() says that they need not. The session calls abort() afterwards; also when closing takes
    /// more than a second, and instead of it when reading and writing do not end in that time.
    virtual boost::asio::awaitable<void> close(CloseReason reason) = 0;

    /// Whether close() may be called while a read and a write are under way. What they come to is not used any more.
    /// Default: no.
    virtual bool may_close_while_busy() const noexcept { return false; }

    /// Closes at once, without waiting for anything. Pending operations complete with an error. May be called twice.
    virtual void abort() noexcept = 0;

    /// The peer's address for messages to people, for instance "127.0.0.1:61613"; empty when there is none.
    virtual std::string remote_endpoint() const { return {}; }

    /// The WebSocket subprotocol that the server chose, for instance "v12.stomp"; empty when there is none.
    virtual std::string subprotocol() const { return {}; }
};

} // namespace arbalest
