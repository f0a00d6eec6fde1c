#pragma once

#include <arbalest/protocol/frame.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>

namespace arbalest::broker {

using WallClock = std::function<std::chrono::system_clock::time_point()>;

/// Milliseconds since 1970 after which a message is not delivered any more; zero means never.
using Expiry = std::int64_t;

/// What the `expires` header of a SEND says; nullopt when it is no number that is positive or zero.
inline std::optional<Expiry> expiry_of(Frame const& frame)
{
    auto const value = frame.header("expires");
    if (!value)
        return Expiry{0};
    Expiry expiry = 0;
    auto const* const last = value->data() + value->size();
    auto const [end, error] = std::from_chars(value->data(), last, expiry);
    bool const is_whole = !value->empty() && end == last && value->front() != '-';
    if (!is_whole || error == std::errc::invalid_argument)
        return std::nullopt;
    return error == std::errc() ? expiry : Expiry{0}; // a number too large is a time that never comes
}

} // namespace arbalest::broker
