#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace arbalest::broker {

// What SockJS, protocol 0.3.3, says inside of a WebSocket. It is made of text: JSON strings.

/// Whether a path is that of a session: the prefix, a server, a session, "websocket".
bool is_sockjs_session(std::string_view prefix, std::string_view path);

/// What a server sends first.
inline constexpr std::string_view sockjs_open = "o";
/// What a server sends last.
inline constexpr std::string_view sockjs_close = R"(c[1000,"Go away!"])";

/// One message to the client. Bytes that are not UTF-8 cannot be said: each becomes U+FFFD.
std::string sockjs_message(std::string_view bytes);

/// What the client said, several strings being put together; nullopt when it is neither a JSON array of strings nor a
/// single string.
std::optional<std::string> read_sockjs(std::string_view message);

} // namespace arbalest::broker
