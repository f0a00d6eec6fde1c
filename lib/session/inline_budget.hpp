#pragma once

#include <chrono>
#include <cstdint>

namespace arbalest::detail {

/// Counts inline completions, and says when one must be posted so that other work runs: after 64 of them, or 4 ms.
class InlineBudget
{
public:
    /// Counts one. True when this one must be posted.
    bool spend() noexcept { return ++count_ == next_clock_read_ && has_had_enough(); }

    /// A completion was posted anyway.
    void reset() noexcept
    {
        count_ = 0;
        next_clock_read_ = first_clock_read;
    }

private:
    // Reading the clock costs as much as half an operation; so that is done after 8, 16 and 32. What goes on as slowly
    // as it has begun is found out in time.
    static constexpr std::uint32_t first_clock_read = 8;
    static constexpr std::uint32_t longest = 64;

    bool has_had_enough() noexcept
    {
        bool enough = count_ == longest;
        if (!enough) {
            auto const now = std::chrono::steady_clock::now();
            if (count_ == first_clock_read)
                since_ = now;
            enough = now - since_ >= std::chrono::milliseconds(4);
            next_clock_read_ *= 2;
        }
        if (enough)
            reset();
        return enough;
    }

    std::uint32_t count_ = 0;
    std::uint32_t next_clock_read_ = first_clock_read;
    std::chrono::steady_clock::time_point since_{};
};

} // namespace arbalest::detail
