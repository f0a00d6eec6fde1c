#include "latencies.hpp"

#include <bit>
#include <cmath>

namespace bench {

// The seven highest bits of a value and how far they are shifted make its bucket: values below 128 are their own.
std::size_t Latencies::bucket(std::uint64_t nanoseconds) noexcept
{
    auto const width = static_cast<unsigned>(std::bit_width(nanoseconds));
    auto const shift = width <= exact_bits ? 0U : width - exact_bits;
    return shift * per_octave + static_cast<std::size_t>(nanoseconds >> shift);
}

double Latencies::middle(std::size_t bucket) noexcept
{
    if (bucket < 2 * per_octave)
        return static_cast<double>(bucket);
    auto const shift = static_cast<int>(bucket / per_octave) - 1;
    auto const highest_bits = static_cast<double>(bucket - static_cast<std::size_t>(shift) * per_octave);
    return std::ldexp(highest_bits + 0.5, shift);
}

double Latencies::percentile(double share) const noexcept
{
    auto const wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_ - 1)) + 1;
    std::uint64_t seen = 0;
    std::size_t at = 0;
    while ((seen += counts_[at]) < wanted)
        ++at;
    return middle(at) / 1000.0;
}

} // namespace bench
