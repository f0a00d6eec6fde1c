#pragma once

#include <arbalest/transport/transport.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// The target of the WebSocket of a new SockJS session: "/endpoint/123/abcdefgh/websocket" for "/endpoint".
std::string sockjs_target(std::string_view endpoint);

/// Puts SockJS's framing around what a WebSocket moves (sockjs-protocol 0.3.3): "o" opens, "h" is a heart-beat, "a" an
/// array of strings, "c" closes; what is sent is an array of strings. A heart-beat is read as a line end, which STOMP
/// takes for a sign of life. Writing bytes that are not UTF-8 fails with transport_errc::not_utf8.
/// @param websocket whose messages are text, and each as long as it needs to be.
/// @param split cuts STOMP frames so that no message is longer than that many bytes, where that is possible; zero:
/// never.
std::unique_ptr<Transport> make_sockjs_transport(std::unique_ptr<Transport> websocket, std::size_t split);

} // namespace arbalest::detail
