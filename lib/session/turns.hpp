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
    bool due() noexcept
    {
        if (++count_ % clock_every != 0)
            return false;
        auto const now = std::chrono::steady_clock::now();
        if (count_ == clock_every)
            since_ = now;
        if (count_ < longest && now - since_ < std::chrono::milliseconds(4))
            return false;
        count_ = 0;
        return true;
    }

    /// A completion went through the scheduler anyway.
    void taken() noexcept { count_ = 0; }

private:
    static constexpr std::uint32_t longest = 64;
    static constexpr std::uint32_t clock_every = 8; // reading the clock costs as much as half an operation

    std::uint32_t count_ = 0;
    std::chrono::steady_clock::time_point since_{};
};

} // namespace arbalest::detail
