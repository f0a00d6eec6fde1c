// The least that a client can do against bench-sink: the same bytes moved without a STOMP library.
//
//   bench-floor fire|confirm|pipeline|deliver --with sockets|asio --transport tcp|tls|ws|wss --port N
//               [--count N] [--body BYTES] [--window N] [--subscriptions N] [--ca FILE]

#include "floor.hpp"

#include <cstdio>
#include <exception>
#include <stdexcept>

namespace bench {
namespace {

void run(Options const& options)
{
    FloorJob const job(options);
    Measurement measurement;
    auto const with = options.text("with", "sockets");
    auto const transport = options.text("transport", "tcp");
    if (with == "sockets" && transport == "tcp")
        over_sockets(job, measurement);
    else if (with == "asio" && transport == "tcp")
        over_asio(job, measurement);
    else if (with == "asio" && transport == "tls")
        over_asio_tls(job, measurement);
    else if (with == "asio" && transport == "ws")
        over_beast(job, measurement);
    else if (with == "asio" && transport == "wss")
        over_beast_tls(job, measurement);
    else
        throw std::invalid_argument("there is no floor over " + transport + " with " + with);
    measurement.print();
}

} // namespace
} // namespace bench

int main(int argc, char** argv)
{
    try {
        bench::run(bench::Options(argc, argv));
        return 0;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench-floor: %s\n", error.what());
        return 1;
    }
}
