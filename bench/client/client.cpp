// A session of Arbalest's at work against bench-sink, or against a broker.
//
//   bench-client fire|confirm|pipeline|deliver|deliver-try|deliver-hook|deliver-listener|fan --url URL
//                [--count N] [--body BYTES] [--window N] [--others N] [--subscriptions N]
//                [--ca FILE] [--destination NAME] [--preload 1]

#include "job.hpp"
#include <arbalest/session/stomp_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace bench {
namespace {

namespace asio = boost::asio;

using Scenario = asio::awaitable<void> (*)(arbalest::StompSession, ClientJob const&, Measurement&);

struct NamedScenario
{
    char const* name;
    Scenario run;
};

constexpr std::array scenarios{
    NamedScenario{"fire", fire},
    NamedScenario{"confirm", confirm},
    NamedScenario{"pipeline", pipeline},
    NamedScenario{"deliver", deliver},
    NamedScenario{"deliver-try", deliver_try},
    NamedScenario{"deliver-hook", deliver_hook},
    NamedScenario{"deliver-listener", deliver_listener},
    NamedScenario{"fan", fan},
};

Scenario find_scenario(std::string const& name)
{
    for (auto const& scenario : scenarios) {
        if (scenario.name == name)
            return scenario.run;
    }
    throw std::invalid_argument("there is no scenario '" + name + "'");
}

asio::awaitable<void> run(ClientJob const& job, Measurement& measurement)
{
    auto const scenario = find_scenario(job.scenario);
    // The defaults, as a user gets them.
    arbalest::StompConfig config;
    config.tls.ca_file = job.ca_file;
    arbalest::StompClient client(config);
    auto session = co_await client.connect(job.url);
    co_await scenario(session, job, measurement);
    co_await session.disconnect();
}

} // namespace
} // namespace bench

int main(int argc, char** argv)
{
    try {
        bench::ClientJob const job(bench::Options(argc, argv));
        bench::Measurement measurement;
        boost::asio::io_context context(1);
        boost::asio::co_spawn(context, bench::run(job, measurement), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
        context.run();
        measurement.print();
        return 0;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench-client: %s\n", error.what());
        return 1;
    }
}
