#pragma once

#include <bit>
#include <cstddef>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
#ifdef __SSE2__
    constexpr std::size_t step = 16;
    // Whether bytes lie in a range that begins with `first`: then what they are above it is saturated to nothing.
    auto const within = [](__m128i bytes, char first, char last) {
        auto const above = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
        auto const over = _mm_subs_epu8(above, _mm_set1_epi8(static_cast<char>(last - first)));
        return _mm_cmpeq_epi8(over, _mm_setzero_si128());
    };
    for (; text.size() - size >= step; size += step) {
        auto const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(text.data() + size));
        auto const letters = within(_mm_or_si128(bytes, _mm_set1_epi8('a' - 'A')), 'a', 'z');
        auto const others = _mm_or_si128(within(bytes, '0', '9'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
        auto const plain = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(letters, others)));
        if (plain != 0xffff)
            return size + static_cast<std::size_t>(std::countr_one(plain));
    }
#endif
    while (size < text.size() && is_plain(text[size]))
        ++size;
    return size;
}

} // namespace arbalest::detail
