#pragma once

#include <cstddef>
#include <cstring>

namespace arbalest::detail {

namespace copying {

// Two copies of a fixed size that may overlap cover every size between that one and its double.
template <std::size_t Size>
inline void both_ends(char* to, char const* from, std::size_t size) noexcept
{
    struct Piece
    {
        char bytes[Size];
    } first, last;
    std::memcpy(&first, from, Size);
    std::memcpy(&last, from + size - Size, Size);
    std::memcpy(to, &first, Size);
    std::memcpy(to + size - Size, &last, Size);
}

} // namespace copying

/// As std::memmove, but without a call for what is as short as names and values of headers are. Source and target may
/// overlap; with a size of 0 both may be null.
inline void copy_text(char* to, char const* from, std::size_t size) noexcept
{
    if (size > 32)
        std::memmove(to, from, size);
    else if (size >= 16)
        copying::both_ends<16>(to, from, size);
    else if (size >= 8)
        copying::both_ends<8>(to, from, size);
    else if (size >= 4)
        copying::both_ends<4>(to, from, size);
    else if (size >= 2)
        copying::both_ends<2>(to, from, size);
    else if (size == 1)
        *to = *from;
}

} // namespace arbalest::detail
