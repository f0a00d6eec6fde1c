#pragma once

#include "equal_text.hpp"
#include <arbalest/protocol/frame.hpp>

#include <string_view>

namespace arbalest::detail {

/// As Frame::header(), but with a comparison made for the one name that is known where this is called, and in
/// registers: where there is none, the view has no data. An optional view would be stored in two halves and loaded in
/// one, and such a load waits until both are in the cache.
[[gnu::always_inline]] inline std::string_view find_header(Frame const& frame, std::string_view name) noexcept
{
    for (auto const header : frame.headers()) {
        if (equal_text(header.name, name))
            return header.value;
    }
    return {};
}

} // namespace arbalest::detail
