#pragma once

#include "latencies.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

/// What one scenario cost: time, CPU time of this process, memory, allocations and latencies. Prints itself as one line
/// of JSON, the record that bench/conduct collects.
class Measurement
{
public:
    /// Begins. What was measured before is forgotten.
    void start();

    /// Ends it. @param count how many messages it was about.
    void stop(std::size_t count);

    /// Whether the latency of the message at this position is worth a look at the clock: for one in 67, which costs
    /// nothing that can be measured and does not keep step with what happens once in 64 messages.
    static bool sampled(std::size_t position) noexcept { return position % 67 == 0; }

    /// How long one message took.
    void took(Clock::duration latency) noexcept { latencies_.add(latency); }

    /// Whether stop() was called.
    bool stopped() const noexcept { return count_.has_value(); }

    /// Further figures for the record.
    void note(std::string name, double value) { notes_.emplace_back(std::move(name), value); }

    /// One line on standard output. @throws std::logic_error when nothing was measured.
    void print();

private:
    Clock::time_point began_{};
    double cpu_began_ = 0;
    std::uint64_t allocations_began_ = 0;
    std::optional<std::size_t> count_;
    double seconds_ = 0;
    double cpu_seconds_ = 0;
    std::uint64_t allocations_ = 0;
    Latencies latencies_;
    std::vector<std::pair<std::string, double>> notes_;
};

/// CPU time of this process so far, in seconds.
double cpu_seconds();

/// A line of /proc/self/status in KiB: "VmHWM" is the peak of the resident memory, "VmRSS" what is resident now,
/// "RssAnon" the part of it that is the process's own.
/// @throws std::runtime_error when there is no such line.
std::size_t memory_kib(std::string const& name);

} // namespace bench
