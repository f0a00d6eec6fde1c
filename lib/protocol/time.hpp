#pragma once

#include <chrono>

namespace arbalest::detail {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

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
