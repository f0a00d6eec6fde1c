#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/// The size of the pieces in which copy_in_pieces() copies.
inline constexpr std::size_t piece = 16;

/// Up to how many bytes that is worth it: beyond, copying itself is what takes its time.
inline constexpr std::size_t worth_pieces = 512;

namespace copying {

struct Piece
{
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

template <class Word>
inline std::uint64_t load(char const* from) noexcept
{
    Word word;
    std::memcpy(&word, from, sizeof(word));
    return word;
}

// Fewer bytes than a piece, without reading any behind them.
inline Piece load_part(char const* from, std::size_t size) noexcept
{
    auto const bits = [](std::size_t bytes) { return 8 * static_cast<unsigned>(bytes); };
    if (size > 8)
        return {load<std::uint64_t>(from), load<std::uint64_t>(from + size - 8) >> bits(16 - size)};
    if (size == 8)
        return {load<std::uint64_t>(from), 0};
    if (size >= 4)
        return {load<std::uint32_t>(from) | load<std::uint32_t>(from + size - 4) << bits(size - 4), 0};
    if (size == 0)
        return {};
    auto const last = size - 1; // one to three bytes: the first, the one in the middle and the last
    return {load<std::uint8_t>(from) | load<std::uint8_t>(from + size / 2) << bits(size / 2) |
                load<std::uint8_t>(from + last) << bits(last),
            0};
}

// In one store.
inline void store(char* to, Piece part) noexcept
{
#ifdef __SSE2__
    auto const both = _mm_set_epi64x(static_cast<long long>(part.high), static_cast<long long>(part.low));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), both);
#else
    std::memcpy(to, &part, piece);
#endif
}

} // namespace copying

/// Copies texts that do not overlap. May write up to the next multiple of `piece` bytes. What was stored in pieces can
/// be loaded in the same pieces at once, while the processor has not yet brought the stores to its cache; across their
/// borders it could not, and copies for any size store across.
inline void copy_in_pieces(char* to, char const* from, std::size_t size) noexcept
{
    if constexpr (std::endian::native == std::endian::little) {
        for (; size >= piece; size -= piece, from += piece, to += piece)
            std::memcpy(to, from, piece);
        if (size != 0)
            copying::store(to, copying::load_part(from, size));
    } else {
        copy_text(to, from, size);
    }
}

} // namespace arbalest::detail
