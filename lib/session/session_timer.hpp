#pragma once

#include "../protocol/time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace arbalest::detail {

/// The one timer of a session. Where it is set to a later time than before it is left alone: then it expires early, and
/// is set anew.
class SessionTimer
{
public:
    explicit SessionTimer(boost::asio::any_io_executor const& executor) : timer_(std::in_place, executor) {}

    /// When it expires; TimePoint::max() when it is not set.
    TimePoint expiry() const noexcept { return expiry_; }

    /// Sets it, unless it expires earlier anyway. @param handler is called with an error code.
    template <class Handler>
    void set(TimePoint due, Handler handler)
    {
        auto const next = not_before_ ? std::max(due, *not_before_) : due;
        if (next >= expiry_ || !timer_)
            return;
        expiry_ = TimePoint::max(); // should setting it fail
        timer_->expires_at(next);
        timer_->async_wait(std::move(handler));
        expiry_ = next;
    }

    /// The handler is being called: the timer is not set any more.
    void expired() noexcept { expiry_ = TimePoint::max(); }

    /// What was due lacked memory: it is not tried again before that time.
    void postpone(TimePoint not_before) noexcept { not_before_ = not_before; }
    void end_postponement() noexcept { not_before_.reset(); }

    void cancel()
    {
        if (timer_)
            timer_->cancel();
    }
    /// The io_context goes down: the timer is destroyed, and never set again.
    void destroy() noexcept { timer_.reset(); }

private:
    std::optional<boost::asio::steady_timer> timer_;
    TimePoint expiry_ = TimePoint::max();
    std::optional<TimePoint> not_before_;
};

} // namespace arbalest::detail
