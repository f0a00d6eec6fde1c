#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// How much of what a peer says goes into a message.
constexpr std::size_t longest_peer_text = 200;

/// What a peer says, made fit for an error message, a log and a terminal: cut to a length; control characters, what
/// changes the direction of writing, and bytes that are not UTF-8 are escaped, so that nothing in it can pass for
/// another line.
/// @param longest in bytes, before escaping.
std::string peer_text(std::string_view text, std::size_t longest = longest_peer_text);

} // namespace arbalest::detail
