#pragma once

#include "../protocol/time.hpp"
#include <arbalest/classic/connection_options.hpp>

#include <chrono>

// Limits as users give them, made such that they can be added to a clock.
namespace arbalest::classic::detail {

/// Stands for no limit: 30 years, which a clock that counts nanoseconds can still go beyond.
inline constexpr std::chrono::nanoseconds no_limit = std::chrono::hours(24 * 365 * 30);

/// @param seconds zero means no limit.
inline std::chrono::nanoseconds limit_of(Seconds seconds) noexcept
{
    bool const is_countable = seconds.count() > 0 && seconds < Seconds(no_limit);
    return is_countable ? std::chrono::duration_cast<std::chrono::nanoseconds>(seconds) : no_limit;
}

/// When a limit is over that begins now. @param limit zero or less means no limit.
inline std::chrono::steady_clock::time_point end_of(std::chrono::nanoseconds limit) noexcept
{
    using Clock = std::chrono::steady_clock;
    return limit.count() <= 0 ? Clock::time_point::max() : arbalest::detail::later(Clock::now(), limit);
}

} // namespace arbalest::classic::detail
