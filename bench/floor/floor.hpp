#pragma once

#include "../support/measurement.hpp"
#include "../support/options.hpp"

#include <cstddef>
#include <string>

namespace bench {

/// What all of the floor's programs are asked for.
struct FloorJob
{
    explicit FloorJob(Options const& options)
        : scenario(options.scenario()), port(static_cast<unsigned short>(options.number("port", 0))),
          count(options.number("count", 100'000)), body(options.number("body", 100)),
          window(options.number("window", 1000)), subscriptions(options.number("subscriptions", 1)),
          ca_file(options.text("ca", ""))
    {
    }

    std::string scenario; // fire, confirm, pipeline or deliver
    unsigned short port;
    std::size_t count;
    std::size_t body;
    std::size_t window;
    std::size_t subscriptions;
    std::string ca_file;
};

/// Enough to fill what a client may have waiting to be written.
inline constexpr std::size_t write_size = std::size_t{64} << 10;

// Each runs a scenario with nothing but what its name says.
void over_sockets(FloorJob const& job, Measurement& measurement);
void over_asio(FloorJob const& job, Measurement& measurement);
void over_asio_tls(FloorJob const& job, Measurement& measurement);
void over_beast(FloorJob const& job, Measurement& measurement);
void over_beast_tls(FloorJob const& job, Measurement& measurement);

} // namespace bench
