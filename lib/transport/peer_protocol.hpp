#pragma once

#include "url.hpp"

#include <string>
#include <string_view>

// Which protocol a peer speaks, by its first bytes. Most say so at once, or when they are greeted in another one.
namespace arbalest::detail {

/// How many bytes are worth keeping for that.
constexpr std::size_t most_first_bytes = 64;

/// Whether a STOMP broker cannot begin like that. @param first the first bytes of the peer, as many as have come.
bool is_not_stomp(std::string_view first) noexcept;

/// What such a peer speaks, in words.
std::string describe_peer(std::string_view first);

/// What to try instead; empty when nothing comes to mind.
/// @param transport_kind, tls how the peer was addressed.
std::string hint_for_peer(std::string_view first, TransportKind transport_kind, bool tls);

} // namespace arbalest::detail
