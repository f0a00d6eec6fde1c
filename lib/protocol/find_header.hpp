#pragma once

#include "equal_text.hpp"
#include <arbalest/protocol/frame.hpp>

#include <optional>
#include <string_view>

namespace arbalest::detail {

/// As Frame::header(), but with a comparison made for the one name that is known where this is called.
[[gnu::always_inline]] inline std::optional<std::string_view> find_header(Frame const& frame,
                                                                          std::string_view name) noexcept
{
    for (auto const header : frame.headers()) {
        if (equal_text(header.name, name))
            return header.value;
    }
    return std::nullopt;
}

} // namespace arbalest::detail
