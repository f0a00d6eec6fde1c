#pragma once

#include <arbalest/broker/broker_stats.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace arbalest::broker {

/// The last frames received.
class FrameLog
{
public:
    explicit FrameLog(std::size_t capacity) noexcept : capacity_(capacity) {}

    void add(std::uint64_t connection, Frame const& frame)
    {
        if (capacity_ == 0)
            return;
        frames_.emplace_back(connection, frame);
        if (frame.has_header("passcode"))
            frames_.back().frame.set_header("passcode", "***");
        trim();
    }
    void set_capacity(std::size_t capacity)
    {
        capacity_ = capacity;
        trim();
    }
    std::vector<ReceivedFrame> frames() const { return {frames_.begin(), frames_.end()}; }

private:
    void trim()
    {
        while (frames_.size() > capacity_)
            frames_.pop_front();
    }

    std::size_t capacity_;
    std::deque<ReceivedFrame> frames_;
};

} // namespace arbalest::broker
