#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

// Finding the bytes that give a head its structure, 64 at a time instead of one memchr for each.
namespace arbalest::detail {

/// One bit for each of 64 bytes, the lowest for the first.
using ByteMask = std::uint64_t;

/// Where 64 bytes have what matters in a head.
struct HeadBytes
{
    ByteMask line_feeds = 0;
    ByteMask colons = 0;
    ByteMask unusual = 0; // NUL, carriage return and backslash
};

inline constexpr std::size_t head_block = 64;

/// The bits below this one.
constexpr ByteMask below(int bit) noexcept
{
    return (ByteMask{1} << bit) - 1;
}

#ifdef __SSE2__

/// Looks at 64 bytes.
inline HeadBytes scan_head_block(char const* bytes) noexcept
{
    HeadBytes found;
    auto const equal = [](__m128i part, char byte) { return _mm_cmpeq_epi8(part, _mm_set1_epi8(byte)); };
    auto const bits = [](__m128i flags) {
        return static_cast<ByteMask>(static_cast<unsigned>(_mm_movemask_epi8(flags)));
    };
    for (int i = 0; i < 4; ++i) {
        auto const part = _mm_loadu_si128(reinterpret_cast<__m128i const*>(bytes + 16 * i));
        found.line_feeds |= bits(equal(part, '\n')) << (16 * i);
        found.colons |= bits(equal(part, ':')) << (16 * i);
        auto const unusual = _mm_or_si128(_mm_or_si128(equal(part, '\0'), equal(part, '\r')), equal(part, '\\'));
        found.unusual |= bits(unusual) << (16 * i);
    }
    return found;
}

#else

inline HeadBytes scan_head_block(char const* bytes) noexcept
{
    HeadBytes found;
    for (std::size_t i = 0; i < head_block; ++i) {
        auto const bit = ByteMask{1} << i;
        switch (bytes[i]) {
        case '\n':
            found.line_feeds |= bit;
            break;
        case ':':
            found.colons |= bit;
            break;
        case '\0':
        case '\r':
        case '\\':
            found.unusual |= bit;
            break;
        default:
            break;
        }
    }
    return found;
}

#endif

/// Copies what is there in front of as many NULs as are missing.
inline std::array<char, head_block> padded_block(char const* bytes, std::size_t size) noexcept
{
    std::array<char, head_block> padded{};
    std::memcpy(padded.data(), bytes, size);
    return padded;
}

/// How many bytes are compared at a time with a structure, which has no fewer. The last ones overlap with those before.
inline constexpr std::size_t head_piece = 32;

/// What stands in a structure for bytes that are none of it.
inline constexpr char no_structure = 'x';

/// Looks at heads.
struct ScanByBlock
{
    /// Looks at up to 64 bytes; what is missing counts as NULs.
    HeadBytes operator()(char const* bytes, std::size_t size) const noexcept
    {
        if (size >= head_block)
            return scan_head_block(bytes);
        auto const padded = padded_block(bytes, size);
        return scan_head_block(padded.data());
    }

    /// The structure of a head: those of its bytes that matter, each in its place.
    void keep_structure(char const* bytes, char* structure, std::size_t size) const noexcept
    {
        std::transform(bytes, bytes + size, structure, kept);
    }

    /// Whether so many bytes have this structure.
    bool has_structure(char const* bytes, char const* structure, std::size_t size) const noexcept
    {
        bool differ = differs(bytes + size - head_piece, structure + size - head_piece);
        for (std::size_t i = 0; i + head_piece < size; i += head_piece)
            differ |= differs(bytes + i, structure + i);
        return !differ;
    }

private:
    static char kept(char byte) noexcept
    {
        bool const matters = (byte == '\n') | (byte == ':') | (byte == '\0') | (byte == '\r') | (byte == '\\');
        return matters ? byte : no_structure;
    }

    static bool differs(char const* bytes, char const* structure) noexcept
    {
        bool differ = false;
        for (std::size_t i = 0; i < head_piece; ++i)
            differ |= kept(bytes[i]) != structure[i];
        return differ;
    }
};

#if defined(__x86_64__) && defined(__GNUC__)

/// The same in half the number of steps, where the processor has AVX2.
struct ScanByAvx2
{
    [[gnu::target("avx2,bmi,bmi2")]] HeadBytes operator()(char const* bytes, std::size_t size) const noexcept
    {
        return size >= head_block ? scan(bytes) : scan_padded(bytes, size);
    }

    [[gnu::target("avx2,bmi,bmi2")]] void keep_structure(char const* bytes, char* structure,
                                                         std::size_t size) const noexcept
    {
        for (std::size_t i = 0; i + head_piece < size; i += head_piece)
            keep(bytes + i, structure + i);
        keep(bytes + size - head_piece, structure + size - head_piece);
    }

    [[gnu::target("avx2,bmi,bmi2")]] bool has_structure(char const* bytes, char const* structure,
                                                        std::size_t size) const noexcept
    {
        auto differences = differs(bytes + size - head_piece, structure + size - head_piece);
        for (std::size_t i = 0; i + head_piece < size; i += head_piece)
            differences = _mm256_or_si256(differences, differs(bytes + i, structure + i));
        return _mm256_testz_si256(differences, differences) != 0;
    }

private:
    [[gnu::target("avx2,bmi,bmi2")]] static __m256i load(char const* bytes) noexcept
    {
        return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(bytes));
    }

    [[gnu::target("avx2,bmi,bmi2")]] static __m256i kept(__m256i part) noexcept
    {
        auto const matters = _mm256_or_si256(special(part), _mm256_cmpeq_epi8(part, _mm256_set1_epi8(':')));
        return _mm256_blendv_epi8(_mm256_set1_epi8(no_structure), part, matters);
    }

    [[gnu::target("avx2,bmi,bmi2")]] static void keep(char const* bytes, char* structure) noexcept
    {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(structure), kept(load(bytes)));
    }

    [[gnu::target("avx2,bmi,bmi2")]] static __m256i differs(char const* bytes, char const* structure) noexcept
    {
        return _mm256_xor_si256(kept(load(bytes)), load(structure));
    }

    [[gnu::target("avx2,bmi,bmi2"), gnu::noinline]] static HeadBytes scan_padded(char const* bytes,
                                                                                 std::size_t size) noexcept
    {
        auto const padded = padded_block(bytes, size);
        return scan(padded.data());
    }

    [[gnu::target("avx2,bmi,bmi2")]] static ByteMask bits(__m256i low, __m256i high) noexcept
    {
        return static_cast<ByteMask>(static_cast<unsigned>(_mm256_movemask_epi8(low))) |
               static_cast<ByteMask>(static_cast<unsigned>(_mm256_movemask_epi8(high))) << 32;
    }

    // Line feed, NUL, carriage return and backslash, no two of which have the same low four bits: those bits choose the
    // one byte that there may be. In places without one stands what has other low bits.
    [[gnu::target("avx2,bmi,bmi2")]] static __m256i special(__m256i part) noexcept
    {
        alignas(32) static constexpr std::array<char, 32> by_low_bits{
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\n', 0, '\\', '\r', 0, 0, //
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\n', 0, '\\', '\r', 0, 0,
        };
        auto const table = _mm256_load_si256(reinterpret_cast<__m256i const*>(by_low_bits.data()));
        return _mm256_cmpeq_epi8(part, _mm256_shuffle_epi8(table, part));
    }

    [[gnu::target("avx2,bmi,bmi2")]] static HeadBytes scan(char const* bytes) noexcept
    {
        auto const low = load(bytes);
        auto const high = load(bytes + 32);
        auto const line_feed = _mm256_set1_epi8('\n');
        auto const colon = _mm256_set1_epi8(':');
        HeadBytes found;
        found.line_feeds = bits(_mm256_cmpeq_epi8(low, line_feed), _mm256_cmpeq_epi8(high, line_feed));
        found.colons = bits(_mm256_cmpeq_epi8(low, colon), _mm256_cmpeq_epi8(high, colon));
        found.unusual = bits(special(low), special(high)) ^ found.line_feeds;
        return found;
    }
};

#endif

} // namespace arbalest::detail
