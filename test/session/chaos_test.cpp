#include "reconnect_tools.hpp"
#include "support/chaos.hpp"
#include "support/random_round.hpp"
#include "support/rounds.hpp"

#include <random>

// Producers and consumers go on while connections are cut at random bytes and the broker comes and goes. Whatever was
// confirmed has arrived in the end, in order, and nobody is left hanging.
BOOST_FIXTURE_TEST_SUITE(chaos, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

void check(ChaosCounts const& counts)
{
    BOOST_TEST_MESSAGE(to_string(counts));
    BOOST_TEST(counts.confirmed > 0u);
    BOOST_TEST(counts.missing == 0u, to_string(counts));
    BOOST_TEST(counts.disordered == 0u, to_string(counts));
    BOOST_TEST(counts.hanging == 0u, to_string(counts));
    BOOST_TEST(counts.trouble == "", to_string(counts));
}

} // namespace

BOOST_AUTO_TEST_CASE(connections_are_cut_at_random_bytes)
{
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
        run([&]() -> asio::awaitable<void> {
            asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), broker.port());
            ChaosProxy proxy(context.get_executor(), endpoint, seed);
            ChaosRun::Options options;
            options.url = "stomp://127.0.0.1:" + std::to_string(proxy.port());
            options.config = reconnecting();
            options.queues = "/queue/cut-" + std::to_string(seed) + "-";
            ChaosRun chaos(options);
            co_await chaos.begin();
            proxy.cut_after(8000);
            broker.faults().reset_connections(); // so that everybody comes back under the new rule
            co_await until([&] { return proxy.cuts() >= rounds(60U); });
            proxy.cut_after(0);
            auto const counts = co_await chaos.end();
            check(counts);
            BOOST_TEST(counts.connections >= rounds(60U));
            proxy.stop();
        });
    }
}

// Every kind of operation, in half of the configurations over TCP and in the others over WebSocket; what was confirmed
// is looked for in the broker's queue. For longer runs: interop/chaos_client.cpp.
BOOST_AUTO_TEST_CASE(random_operations_in_every_configuration)
{
    broker.listen(Listen::websocket);
    for (std::uint32_t number = 0; number < RandomRound::configurations; ++number) {
        BOOST_TEST_CONTEXT(RandomRound::describe(number))
        {
            run([&]() -> asio::awaitable<void> {
                RandomRound round;
                round.url = broker.url(number % 2 == 0 ? Listen::tcp : Listen::websocket);
                round.queues = "/queue/random-" + std::to_string(number);
                round.number = number;
                round.seed = number + 1;
                round.cuts = rounds(60U);
                round.confirmed = rounds(40U);
                round.cut_within = 6000;
                auto const counts = co_await run_round(round);
                BOOST_TEST_MESSAGE(to_string(counts));
                BOOST_TEST(counts.good(), to_string(counts));
                BOOST_TEST(counts.confirmed >= rounds(40U));
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(the_broker_comes_and_goes)
{
    run([&]() -> asio::awaitable<void> {
        ChaosRun::Options options;
        options.url = broker.url();
        options.config = reconnecting();
        ChaosRun chaos(options);
        co_await chaos.begin();
        std::minstd_rand random(7);
        for (int i = 0; i < 40; ++i) {
            auto const before = chaos.confirmed();
            co_await until([&] { return chaos.confirmed() > before + random() % 50; });
            switch (i % 4) {
            case 0:
                broker.stop();
                co_await pause(std::chrono::milliseconds(random() % 20));
                broker.listen();
                break;
            case 1:
                broker.faults().cut_outgoing(1 + random() % 30, random() % 100, 4);
                break;
            case 2:
                broker.faults().cut_incoming(1 + random() % 30, random() % 100, 4);
                break;
            case 3:
                broker.faults().reset_connections();
                break;
            }
        }
        broker.faults().clear();
        auto const counts = co_await chaos.end();
        check(counts);
        BOOST_TEST(counts.connections >= 40u);
    });
}

BOOST_AUTO_TEST_SUITE_END()
