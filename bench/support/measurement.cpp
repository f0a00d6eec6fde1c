#include "measurement.hpp"

#include "allocations.hpp"

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <sys/resource.h>

namespace bench {

namespace {

double seconds_of(timeval const& time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

} // namespace

double cpu_seconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

std::size_t memory_kib(std::string const& name)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":"))
            return std::stoul(line.substr(name.size() + 1));
    }
    throw std::runtime_error("/proc/self/status has no line " + name);
}

void Measurement::start()
{
    latencies_ = Latencies();
    count_.reset();
    allocations_began_ = allocations();
    cpu_began_ = cpu_seconds();
    began_ = Clock::now();
}

void Measurement::stop(std::size_t count)
{
    seconds_ = std::chrono::duration<double>(Clock::now() - began_).count();
    cpu_seconds_ = cpu_seconds() - cpu_began_;
    allocations_ = allocations() - allocations_began_;
    count_ = count;
}

void Measurement::print()
{
    if (!count_ || *count_ == 0)
        throw std::logic_error("nothing was measured");
    std::printf(R"({"count":%zu,"seconds":%.6f,"cpu_seconds":%.6f,"peak_kib":%zu)", *count_, seconds_, cpu_seconds_,
                memory_kib("VmHWM"));
    if (counts_allocations())
        std::printf(R"(,"allocations":%llu)", static_cast<unsigned long long>(allocations_));
    if (!latencies_.empty()) {
        std::printf(R"(,"p50_us":%.2f,"p99_us":%.2f,"p999_us":%.2f)", latencies_.percentile(0.5),
                    latencies_.percentile(0.99), latencies_.percentile(0.999));
    }
    for (auto const& [name, value] : notes_)
        std::printf(R"(,"%s":%.6g)", name.c_str(), value);
    std::puts("}");
    std::fflush(stdout);
}

} // namespace bench
