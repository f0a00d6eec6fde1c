#pragma once

#include "../transport/peer_protocol.hpp"
#include "wait_queue.hpp"
#include <arbalest/protocol/error.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace arbalest::detail {

/// The wait for CONNECTED, by one coroutine, which takes the failure.
class HandshakeWait
{
public:
    void begin() noexcept
    {
        in_progress_ = true;
        failure_ = nullptr;
        first_bytes_.clear();
    }
    /// Returns whether it was in progress.
    bool end(std::shared_ptr<StompError> failure = nullptr) noexcept
    {
        if (!std::exchange(in_progress_, false))
            return false;
        failure_ = std::move(failure);
        return true;
    }
    bool in_progress() const noexcept { return in_progress_; }
    /// What the last handshake has failed with; nullptr when it has not.
    std::shared_ptr<StompError> const& failure() const noexcept { return failure_; }

    /// Keeps the beginning of what the peer sends. Returns false when nothing was added.
    bool add_first_bytes(std::string_view bytes)
    {
        auto const added = bytes.substr(0, most_first_bytes - std::min(first_bytes_.size(), most_first_bytes));
        first_bytes_ += added;
        return !added.empty();
    }
    /// What the peer of the last connection sent before CONNECTED, or the beginning of that.
    std::string const& first_bytes() const noexcept { return first_bytes_; }

    WaitQueue waiters;

private:
    bool in_progress_ = false;
    std::shared_ptr<StompError> failure_;
    std::string first_bytes_;
};

} // namespace arbalest::detail
