#pragma once

#include <arbalest/export.hpp>
#include <arbalest/transport/transport.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What the WebSocket transports do with bytes, without any stream. No interface for applications: it is installed
// because WebSocketTransport needs it, a template that over_websocket.hpp instantiates for streams of the application.
namespace arbalest::detail {

/// Whether a frame goes out as a binary message.
ARBALEST_DECL bool is_sent_as_binary(std::string_view frame, WebSocketPayload payload) noexcept;

/// How many bytes of the rest of a frame go into the next message. Text is not cut inside a character.
/// @param limit zero for none.
ARBALEST_DECL std::size_t next_part(std::string_view rest, std::size_t limit, bool binary) noexcept;

/// The close code of RFC 6455 for a reason to close, and what to say with it.
ARBALEST_DECL std::uint16_t close_code(CloseReason reason) noexcept;
ARBALEST_DECL std::string_view close_text(CloseReason reason) noexcept;

/// Throws the PeerClosed that reading ends with when the peer has closed with that code (zero for none) and reason.
[[noreturn]] ARBALEST_DECL void throw_peer_closed(std::uint16_t code, std::string_view reason);

/// Whether a TLS stream ended without close_notify.
ARBALEST_DECL bool is_truncation(boost::system::error_code const& code) noexcept;

/// Finds out which messages lack their NUL.
class ARBALEST_DECL NulAppender
{
public:
    /// Bytes of the current message.
    void take(std::string_view bytes) noexcept;
    /// The message is over. Returns whether it lacks a NUL.
    bool ends_without() noexcept;

private:
    bool has_frame_ = false;
    bool ends_in_nul_ = false;
};

} // namespace arbalest::detail
