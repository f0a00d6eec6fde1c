#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

// The sink writes into each message when it was given to be written, and the client finds out how long it was under
// way. Both are on one machine, where steady_clock is the same for all processes.
namespace bench {

/// Decimal digits of a time stamp: nanoseconds, which begin anew every 10 s.
inline constexpr std::size_t stamp_width = 10;
inline constexpr std::uint64_t stamp_period = 10'000'000'000;

/// Now. @returns nanoseconds, less than stamp_period.
inline std::uint64_t time_stamp()
{
    auto const now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()) % stamp_period;
}

/// The time since a stamp, which must be less than 10 s old.
inline std::chrono::nanoseconds since(std::uint64_t stamp)
{
    return std::chrono::nanoseconds((time_stamp() + stamp_period - stamp) % stamp_period);
}

} // namespace bench
