#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

// Finds the bytes that structure a head, 64 at a time, with AVX2. Included on x86-64 by g++ and clang only.
namespace arbalest::detail {

/// One bit for each of 64 bytes, the lowest for the first.
using ByteMask = std::uint64_t;

/// Where 64 bytes have what matters in a head.
struct HeadBytes
{
    ByteMask line_feeds = 0;
    ByteMask colons = 0;
    ByteMask special = 0; // NUL, carriage return and backslash
};

inline constexpr std::size_t head_block = 64;

/// The bits below this one.
constexpr ByteMask below(int bit) noexcept
{
    return (ByteMask{1} << bit) - 1;
}

/// Copies what is there in front of as many NULs as are missing.
inline std::array<char, head_block> padded_block(char const* bytes, std::size_t size) noexcept
{
    std::array<char, head_block> padded{};
    std::memcpy(padded.data(), bytes, size);
    return padded;
}

/// How many bytes are compared at a time. A structure has at least as many; the last piece may overlap the one before.
inline constexpr std::size_t head_piece = 32;

/// Stands in a structure for bytes that do not belong to it.
inline constexpr char no_structure = 'x';

/// Needs a processor with AVX2, BMI and BMI2.
struct ScanByAvx2
{
    /// Looks at up to 64 bytes; missing ones count as NULs.
    [[gnu::target("avx2,bmi,bmi2")]] HeadBytes operator()(char const* bytes, std::size_t size) const noexcept
    {
        return size >= head_block ? scan(bytes) : scan_padded(bytes, size);
    }

    /// The structure of a head: those of its bytes that matter, each in its place.
    [[gnu::target("avx2,bmi,bmi2")]] void keep_structure(char const* bytes, char* structure,
                                                         std::size_t size) const noexcept
    {
        for (std::size_t i = 0; i + head_piece < size; i += head_piece)
            keep(bytes + i, structure + i);
        keep(bytes + size - head_piece, structure + size - head_piece);
    }

    /// Whether so many bytes have this structure.
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
        found.special = bits(special(low), special(high)) ^ found.line_feeds;
        return found;
    }
};

} // namespace arbalest::detail
