#pragma once

#include <chrono>

#ifdef __linux__
#include <ctime>
#endif

namespace arbalest::detail {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// A time at which to begin a limit, for less than Clock::now() costs: not before now, and by a tick of the system
/// (some milliseconds) behind it at the most.
inline TimePoint now_or_soon() noexcept
{
#ifdef __linux__ // where the steady clock is CLOCK_MONOTONIC
    auto const to_duration = [](std::timespec const& time) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    };
    static auto const tick = [&] {
        std::timespec resolution{};
        clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
        return to_duration(resolution);
    }();
    std::timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return TimePoint(to_duration(now) + tick);
#else
    return Clock::now();
#endif
}

/// `from` plus a span of milliseconds, which may be larger than the clock can count: then it is never.
inline TimePoint later(TimePoint from, std::chrono::milliseconds span) noexcept
{
    auto const room = std::chrono::floor<std::chrono::milliseconds>(TimePoint::max() - from);
    return span >= room ? TimePoint::max() : from + span;
}

/// The same for a multiple of a span.
inline TimePoint later(TimePoint from, std::chrono::milliseconds span, double scale) noexcept
{
    auto const scaled = std::chrono::duration<double, std::milli>(span) * scale;
    // Numbers of this size are off by microseconds in a double: a second's distance keeps the sum from overflowing.
    auto const room = std::chrono::duration<double, std::milli>(TimePoint::max() - from) - std::chrono::seconds(1);
    return scaled >= room ? TimePoint::max() : from + std::chrono::duration_cast<Clock::duration>(scaled);
}

/// A deadline that many milliseconds from now; zero means no limit.
inline TimePoint deadline_after(TimePoint now, std::chrono::milliseconds limit) noexcept
{
    return limit.count() == 0 ? TimePoint::max() : later(now, limit);
}

} // namespace arbalest::detail
