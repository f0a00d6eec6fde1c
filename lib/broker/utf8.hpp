#pragma once

#include <cstddef>
#include <string_view>

namespace arbalest::broker {

/// Whether these bytes are well-formed UTF-8 (Unicode, table 3-7: neither overlong forms nor surrogates).
inline bool is_utf8(std::string_view bytes) noexcept
{
    auto const at = [bytes](std::size_t index) {
        return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0U;
    };
    auto const continues = [&](std::size_t index) { return (at(index) & 0xC0U) == 0x80U; };
    for (std::size_t i = 0; i < bytes.size();) {
        auto const first = at(i);
        auto const second = at(i + 1);
        if (first < 0x80) {
            ++i;
        } else if (first >= 0xC2 && first <= 0xDF && continues(i + 1)) {
            i += 2;
        } else if (first >= 0xE0 && first <= 0xEF && continues(i + 1) && continues(i + 2)) {
            if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F))
                return false;
            i += 3;
        } else if (first >= 0xF0 && first <= 0xF4 && continues(i + 1) && continues(i + 2) && continues(i + 3)) {
            if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
                return false;
            i += 4;
        } else {
            return false;
        }
    }
    return true;
}

} // namespace arbalest::broker
