#pragma once

#include <cstddef>
#include <string_view>

// Text of letters, digits and hyphens only, as ids usually are: nothing in it is ever escaped.
namespace arbalest::detail {

inline bool is_plain(char byte) noexcept
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-';
}

/// How many plain bytes there are at the front.
inline std::size_t plain_size(std::string_view text) noexcept
{
    std::size_t size = 0;
    while (size < text.size() && is_plain(text[size]))
        ++size;
    return size;
}

} // namespace arbalest::detail
