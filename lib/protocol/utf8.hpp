#pragma once

#include <arbalest/export.hpp>

#include <cstddef>
#include <string_view>

// UTF-8 (RFC 3629): no overlong forms, no surrogates.
namespace arbalest::detail {

/// How many bytes the character has that the bytes begin with; zero when it is malformed or cut short, or when there
/// are none.
std::size_t character_size(std::string_view bytes) noexcept;

/// Whether a byte is one of a character's other than the first.
inline bool is_continuation(char byte) noexcept
{
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// Whether the bytes are well-formed.
ARBALEST_DECL bool is_utf8(std::string_view bytes) noexcept;

} // namespace arbalest::detail
