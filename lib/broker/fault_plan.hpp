#pragma once

#include <arbalest/broker/faults.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace arbalest::broker {

/// How many more times something happens.
class Countdown
{
public:
    void set(std::size_t times) noexcept { left_ = times; }
    /// Whether it happens now.
    bool take() noexcept
    {
        if (left_ == 0)
            return false;
        if (left_ != Faults::all)
            --left_;
        return true;
    }
    explicit operator bool() const noexcept { return left_ != 0; }

private:
    std::size_t left_ = 0;
};

/// Where a connection is to be cut, and how often. Each connection counts its frames from when the cut was set.
class Cut
{
public:
    class Counter
    {
        friend class Cut;
        std::uint64_t generation_ = 0;
        std::size_t frames_ = 0;
    };

    void set(std::size_t frame, std::size_t byte, std::size_t times) noexcept
    {
        ++generation_;
        frame_ = frame;
        byte_ = byte;
        times_.set(times);
    }
    /// How many bytes of the next frame are let through; nullopt when it is not to be cut.
    std::optional<std::size_t> next(Counter& counter) const noexcept
    {
        if (counter.generation_ != generation_) {
            counter.generation_ = generation_;
            counter.frames_ = 0;
        }
        if (times_ && counter.frames_ + 1 == frame_)
            return byte_;
        return std::nullopt;
    }
    /// A frame has passed.
    static void pass(Counter& counter) noexcept { ++counter.frames_; }
    /// A connection was cut.
    void done() noexcept { times_.take(); }

private:
    std::uint64_t generation_ = 0;
    std::size_t frame_ = 0;
    std::size_t byte_ = 0;
    Countdown times_;
};

/// The faults that are switched on.
struct FaultPlan
{
    using TimePoint = std::chrono::steady_clock::time_point;
    struct RefusedCommand
    {
        Countdown times;
        bool with_receipt_id = true;
    };

    Countdown drop_receipts;
    std::chrono::milliseconds receipt_delay{0};
    bool silent = false;
    Cut cut_outgoing;
    Cut cut_incoming;
    Countdown connect_answers;
    std::string connect_answer;
    std::string version;
    bool refuse_login = false;
    bool ignore_connect = false;
    std::chrono::milliseconds accept_delay{0};
    bool no_disconnect_receipt = false;
    /// Until when nothing is read; the past: reading goes on.
    TimePoint reading_resumes = TimePoint::min();
    std::map<std::string, RefusedCommand, std::less<>> refused;

    /// Whether the frame is to be refused; if so, whether the ERROR names its receipt.
    std::optional<bool> take_refusal(std::string_view command)
    {
        if (refused.empty())
            return std::nullopt;
        auto const place = refused.find(command);
        if (place == refused.end() || !place->second.times.take())
            return std::nullopt;
        return place->second.with_receipt_id;
    }
};

} // namespace arbalest::broker
