#pragma once

#include "copy_text.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace arbalest::detail {

/// A hash of texts that are as short as ids are, in few steps. It tells them apart, but a table must mix it. Not for
/// texts that somebody else chooses.
inline std::size_t hash_text(std::string_view text) noexcept
{
    if (text.size() > piece)
        return std::hash<std::string_view>()(text);
    auto const part = copying::load_part(text.data(), text.size());
    auto const hash = (part.low ^ std::rotl(part.high, 31) ^ text.size()) * std::uint64_t{0x9e3779b97f4a7c15};
    return static_cast<std::size_t>(hash ^ hash >> 32);
}

} // namespace arbalest::detail
