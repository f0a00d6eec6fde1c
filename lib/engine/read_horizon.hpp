#pragma once

#include "../protocol/time.hpp"

#include <algorithm>
#include <chrono>

namespace arbalest::detail {

/// Up to when everything that the peer had sent has been read. The peer's silence is judged by that and not by the
/// clock alone: after the process stood still, what is missing often lies unread in the socket.
///
/// It owns no clock and no timer. When a deadline has passed that only the peer's silence makes true, a check begins:
/// the owner's timer rings `steps` more times. A timer of Asio's that is set now rings only after the reactor has
/// polled the sockets again, and what it finds to be readable is handed out before that. So every step lets the
/// transport complete at least one operation: one is enough for TCP; TLS and WebSocket take one for each record or
/// control frame that comes first. What had come by the beginning of the check and is still unread at its end lies
/// behind more of these than there are steps, with handlers in between that take longer than a step.
class ReadHorizon
{
public:
    static constexpr int steps = 8;

    /// Everything that had come by then has been read.
    TimePoint reached() const noexcept { return reached_; }
    bool is_checking() const noexcept { return left_ != 0; }
    /// When the timer has to ring for the check that goes on; TimePoint::max() when none does.
    TimePoint next_step() const noexcept { return next_; }

    /// @param step how long to wait for the timer to ring again, each time.
    void begin(TimePoint now, Clock::duration step) noexcept
    {
        begun_ = now;
        step_ = step;
        left_ = steps;
        next_ = later(now, step);
    }

    /// The timer has rung.
    void ring(TimePoint now) noexcept
    {
        if (!is_checking() || now < next_)
            return;
        if (--left_ != 0) {
            next_ = later(now, step_);
            return;
        }
        reached_ = begun_;
        next_ = TimePoint::max();
    }

    /// What was to be judged is no longer due.
    void stop() noexcept
    {
        left_ = 0;
        next_ = TimePoint::max();
    }

    /// How long a step of a check for heart-beats of that period lasts: short beside the period, but not too short for
    /// thousands of other sockets to be read first.
    static Clock::duration step_for(std::chrono::milliseconds period) noexcept
    {
        using std::chrono::milliseconds;
        return std::clamp(period / 64, milliseconds(1), milliseconds(25));
    }

private:
    TimePoint reached_ = TimePoint::min();
    TimePoint begun_{};
    TimePoint next_ = TimePoint::max();
    Clock::duration step_{};
    int left_ = 0;
};

} // namespace arbalest::detail
