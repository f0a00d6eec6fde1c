#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bench {

/// Counts how many latencies were how long, exactly up to 128 ns and to within one part in 64 above. Takes the same
/// memory for any number of them, so that they do not show in the peak of the program that is measured.
class Latencies
{
public:
    void add(std::chrono::nanoseconds latency) noexcept
    {
        ++counts_[bucket(static_cast<std::uint64_t>(latency.count()))];
        ++total_;
    }

    bool empty() const noexcept { return total_ == 0; }

    /// What that share of the latencies does not exceed, in microseconds; there must be some.
    double percentile(double share) const noexcept;

private:
    static constexpr unsigned exact_bits = 7;
    static constexpr std::size_t per_octave = std::size_t{1} << (exact_bits - 1);

    static std::size_t bucket(std::uint64_t nanoseconds) noexcept;
    static double middle(std::size_t bucket) noexcept;

    std::array<std::uint32_t, (64 - exact_bits + 2) * per_octave> counts_{};
    std::uint64_t total_ = 0;
};

} // namespace bench
