#pragma once

#include "../protocol/time.hpp"

#include <chrono>

namespace arbalest::detail {

/// Counts the attempts of a session to connect. An attempt whose connection was lost before it had held for a while
/// counts as failed, so that a broker which closes every connection is not tried for ever.
class ReconnectSchedule
{
public:
    /// @param most_attempts in a row. @param stable_after how long a connection must hold to count as a success.
    ReconnectSchedule(unsigned most_attempts, std::chrono::milliseconds stable_after) noexcept
        : most_attempts_(most_attempts), stable_after_(stable_after)
    {
    }

    void attempt_begins() noexcept { ++attempts_; }
    void connected(TimePoint now) noexcept { connected_at_ = now; }
    /// The attempts so far count no more.
    void reset() noexcept { attempts_ = 0; }

    /// In a row, none of which led to a connection that held.
    unsigned attempts() const noexcept { return attempts_; }
    /// Whether the last connection has held for long enough.
    bool has_held(TimePoint now) const noexcept { return now >= later(connected_at_, stable_after_); }
    /// Whether another attempt may be made when a connection is lost now.
    bool may_reconnect(TimePoint now) const noexcept
    {
        return most_attempts_ > 0 && (has_held(now) || attempts_ < most_attempts_);
    }
    /// Whether another attempt may be made after one that has failed.
    bool has_attempts_left() const noexcept { return attempts_ < most_attempts_; }

private:
    unsigned const most_attempts_;
    std::chrono::milliseconds const stable_after_;
    unsigned attempts_ = 0;
    TimePoint connected_at_{};
};

} // namespace arbalest::detail
