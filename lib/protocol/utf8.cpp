#include "utf8.hpp"

#include <cstdint>
#include <cstring>

namespace arbalest::detail {

namespace {

template <std::size_t count>
bool is_ascii(char const* words) noexcept
{
    std::uint64_t word[count];
    std::memcpy(word, words, sizeof word);
    std::uint64_t all = 0;
    for (auto const one : word)
        all |= one;
    return (all & 0x8080808080808080u) == 0;
}

} // namespace

std::size_t character_size(std::string_view bytes) noexcept
{
    if (bytes.empty())
        return 0;
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    unsigned const first = byte(0);
    if (first < 0x80)
        return 1;
    auto const size = first >= 0xc2 && first <= 0xdf   ? std::size_t{2}
                      : first >= 0xe0 && first <= 0xef ? std::size_t{3}
                      : first >= 0xf0 && first <= 0xf4 ? std::size_t{4}
                                                       : std::size_t{0};
    if (size == 0 || bytes.size() < size)
        return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if (!is_continuation(bytes[i]))
            return 0;
    }
    // Overlong forms, surrogates, and what lies beyond Unicode show in the second byte.
    unsigned const second = byte(1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f))
        return 0;
    return size;
}

bool is_utf8(std::string_view bytes) noexcept
{
    while (!bytes.empty()) {
        // Nearly everything is ASCII.
        if (bytes.size() >= 64 && is_ascii<8>(bytes.data())) {
            bytes.remove_prefix(64);
            continue;
        }
        if (bytes.size() >= 8 && is_ascii<1>(bytes.data())) {
            bytes.remove_prefix(8);
            continue;
        }
        auto const size = character_size(bytes);
        if (size == 0)
            return false;
        bytes.remove_prefix(size);
    }
    return true;
}

} // namespace arbalest::detail
