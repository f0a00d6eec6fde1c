#include "session/stage.hpp"

// Every operation is cancelled at every point at which it can be: after no, one, two, … steps of the io_context.
BOOST_FIXTURE_TEST_SUITE(cancel_everywhere, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

asio::awaitable<void> check_usable(Stage& stage)
{
    BOOST_TEST(stage.session.is_open());
    auto inbox = co_await stage.session.subscribe("/queue/usable");
    OutgoingMessage message("/queue/usable", "still here");
    message.with_receipt();
    auto const receipt = co_await stage.session.send(std::move(message));
    BOOST_TEST(receipt.has_value());
    auto const received = co_await inbox.receive();
    BOOST_TEST(received.body() == "still here");
    co_await inbox.unsubscribe();
}

class Cancelled
{
public:
    bool was_done = false; // before it came to that
    bool was_aborted = false;
};

} // namespace

class Steps : public EmbeddedFixture
{
public:
    // Runs one step at a time, so that the operation is caught at each of its suspensions.
    Cancelled cancel_after(int steps, StagedOperation const& operation, StompConfig const& config, bool expects_message)
    {
        Cancelled result;
        Stage stage(broker);
        run([&]() -> asio::awaitable<void> { co_await stage.set_up(config); });
        context.restart();
        context.poll(); // so that the session is at rest and has not read the message when the operation begins
        if (expects_message)
            broker.publish(stage.queue, "kept");
        auto const task = start(context.get_executor(), operation.run(stage));
        context.restart();
        // Where nobody ends the session there is nothing to come.
        std::chrono::milliseconds const wait_limit = operation.waits_for == WaitsFor::end ? 1ms : 5s;
        for (int i = 0; i < steps && !task->done; ++i)
            context.run_one_for(wait_limit);
        result.was_done = task->done;
        // From inside, as Asio wants it: from outside it would post, and meet the end of the coroutine on the way.
        asio::post(context, [task] {
            if (!task->done)
                task->cancel();
        });
        auto const end = std::chrono::steady_clock::now() + 20s;
        while (!task->done && std::chrono::steady_clock::now() < end)
            context.run_one_for(1s);
        BOOST_REQUIRE(task->done);
        result.was_aborted = is_aborted(task->failure);
        if (!result.was_aborted)
            BOOST_TEST(!task->failure, task->failure.what());
        run([&]() -> asio::awaitable<void> {
            if (operation.waits_for != WaitsFor::orderly_end) {
                co_await check_usable(stage);
                if (expects_message && result.was_aborted) {
                    // It was not taken, so it is still there.
                    auto const kept = co_await stage.inbox.next_for(10s);
                    BOOST_TEST(kept.value().body() == "kept");
                }
            }
            stage.strike_down();
            co_await until([&] { return broker.connections() == 0; });
        });
        BOOST_TEST(broker.subscriptions() == 0u);
        return result;
    }

    void try_all(StompConfig const& config)
    {
        for (auto const& operation : all_operations()) {
            bool const expects_message = operation.waits_for == WaitsFor::message;
            int aborted = 0;
            for (int steps = 0;; ++steps) {
                BOOST_TEST_CONTEXT(operation.name << " after " << steps << " steps")
                {
                    auto const cancelled = cancel_after(steps, operation, config, expects_message);
                    aborted += cancelled.was_aborted;
                    if (cancelled.was_done || (operation.waits_for == WaitsFor::end && steps == 10))
                        break;
                    BOOST_REQUIRE(steps < 1000);
                }
            }
            if (config.auto_receipt && operation.waits_for != WaitsFor::nothing)
                BOOST_TEST(aborted > 0, operation.name);
        }
        broker.stop();
        BOOST_TEST(run_dry());
    }
};

BOOST_FIXTURE_TEST_CASE(with_receipts, Steps)
{
    auto config = confirming(20s);
    config.heart_beat = HeartBeat(0ms, 0ms);
    try_all(config);
}

BOOST_FIXTURE_TEST_CASE(without_a_write_buffer, Steps)
{
    StompConfig config;
    config.write_buffer.limit = 0;
    config.heart_beat = HeartBeat(0ms, 0ms);
    try_all(config);
}

BOOST_AUTO_TEST_SUITE_END()
