#pragma once

#include <chrono>
#include <cstdint>

namespace arbalest::detail {

/// Counts completions without a trip through the scheduler, and says when others must have their turn: after 64, or 4
/// ms.
class Turns
{
public:
    /// Counts one. True when this one must go through the scheduler.
    bool due() noexcept { return ++count_ == next_look_ && has_had_enough(); }

    /// A completion went through the scheduler anyway.
    void taken() noexcept
    {
        count_ = 0;
        next_look_ = first_look;
    }

private:
    // Reading the clock costs as much as half an operation; so that is done after 8, 16 and 32. What goes on as slowly
    // as it has begun is found out in time.
    static constexpr std::uint32_t first_look = 8;
    static constexpr std::uint32_t longest = 64;

    bool has_had_enough() noexcept
    {
        bool enough = count_ == longest;
        if (!enough) {
            auto const now = std::chrono::steady_clock::now();
            if (count_ == first_look)
                since_ = now;
            enough = now - since_ >= std::chrono::milliseconds(4);
            next_look_ *= 2;
        }
        if (enough)
            taken();
        return enough;
    }

    std::uint32_t count_ = 0;
    std::uint32_t next_look_ = first_look;
    std::chrono::steady_clock::time_point since_{};
};

} // namespace arbalest::detail
