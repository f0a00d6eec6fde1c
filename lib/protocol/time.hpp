#pragma once

#include <chrono>

namespace arbalest::detail {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

/// A span of milliseconds as the clock counts; the largest that it can count when the span is larger. None is negative.
inline Clock::duration clock_span(std::chrono::milliseconds span) noexcept
{
    constexpr auto longest = std::chrono::floor<std::chrono::milliseconds>(Clock::duration::max());
    if (span.count() <= 0)
        return Clock::duration::zero();
    return span > longest ? Clock::duration::max() : Clock::duration(span);
}

/// `from` plus a span, which may be larger than the clock can count: then it is never. A negative span is over.
inline TimePoint later(TimePoint from, Clock::duration span) noexcept
{
    if (span.count() <= 0)
        return from;
    return span >= TimePoint::max() - from ? TimePoint::max() : from + span;
}

/// The same for milliseconds, of which the clock can count fewer.
inline TimePoint later(TimePoint from, std::chrono::milliseconds span) noexcept
{
    return later(from, clock_span(span));
}

/// The same for a multiple of a span.
inline TimePoint later(TimePoint from, std::chrono::milliseconds span, double scale) noexcept
{
    auto const scaled = std::chrono::duration<double, std::milli>(span) * scale;
    // Numbers of this size are off by microseconds in a double: a second's distance keeps the sum from overflowing.
    auto const room = std::chrono::duration<double, std::milli>(TimePoint::max() - from) - std::chrono::seconds(1);
    if (scaled.count() <= 0)
        return from;
    if (!(scaled < room)) // also what is not a number
        return TimePoint::max();
    return later(from, std::chrono::duration_cast<Clock::duration>(scaled));
}

/// A deadline that many milliseconds from now; zero means no limit.
inline TimePoint deadline_after(TimePoint now, std::chrono::milliseconds limit) noexcept
{
    return limit.count() == 0 ? TimePoint::max() : later(now, limit);
}

} // namespace arbalest::detail
