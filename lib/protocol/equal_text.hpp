#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace arbalest::detail {

namespace comparing {

// Two loads of a fixed size that may overlap cover every size between that one and its double.
template <class Word>
inline bool both_ends(char const* a, char const* b, std::size_t size) noexcept
{
    struct Ends
    {
        Word first, last;
    } left, right;
    std::memcpy(&left.first, a, sizeof(Word));
    std::memcpy(&right.first, b, sizeof(Word));
    std::memcpy(&left.last, a + size - sizeof(Word), sizeof(Word));
    std::memcpy(&right.last, b + size - sizeof(Word), sizeof(Word));
    return ((left.first ^ right.first) | (left.last ^ right.last)) == 0;
}

} // namespace comparing

/// As operator==, but without a call for what is as short as names of headers and ids are.
inline bool equal_text(std::string_view a, std::string_view b) noexcept
{
    auto const size = a.size();
    if (size != b.size())
        return false;
    if (size > 16)
        return std::memcmp(a.data(), b.data(), size) == 0;
    if (size >= 8)
        return comparing::both_ends<std::uint64_t>(a.data(), b.data(), size);
    if (size >= 4)
        return comparing::both_ends<std::uint32_t>(a.data(), b.data(), size);
    for (std::size_t i = 0; i < size; ++i) {
        if (a[i] != b[i])
            return false;
    }
    return true;
}

} // namespace arbalest::detail
