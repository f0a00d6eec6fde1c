#pragma once

#include "wait_queue.hpp"
#include <arbalest/protocol/error.hpp>

#include <memory>
#include <utility>

namespace arbalest::detail {

/// The end of a session: whether its user has asked for it, whether it has come, and why.
class SessionEnding
{
public:
    /// The user disconnects. Returns false when that was asked for before.
    bool request() noexcept { return !std::exchange(is_requested_, true); }
    bool is_requested() const noexcept { return is_requested_; }

    /// The session ends now.
    void come(std::shared_ptr<StompError> cause) noexcept
    {
        has_come_ = true;
        if (!cause_)
            cause_ = std::move(cause);
    }
    bool has_come() const noexcept { return has_come_; }
    /// What ended the session; nullptr as long as it has not ended.
    std::shared_ptr<StompError> const& cause() const noexcept { return cause_; }
    /// Throws that, if the session has ended.
    void check() const
    {
        if (has_come_)
            cause_->raise();
    }

    WaitQueue waiters; ///< Who waits for the end.

private:
    std::shared_ptr<StompError> cause_;
    bool is_requested_ = false;
    bool has_come_ = false;
};

} // namespace arbalest::detail
