#include "support/session_elsewhere.hpp"

// Cancellations that cross to another executor while the completion comes back.
namespace {

namespace asio = boost::asio;
using namespace arbalest;
using namespace arbalest::test;

constexpr int times = 3000;

} // namespace

BOOST_FIXTURE_TEST_SUITE(hop_cancellation, Elsewhere)

BOOST_AUTO_TEST_CASE(of_next_loses_no_message)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto session = co_await connect();
            auto const executor = co_await asio::this_coro::executor;
            auto inbox = co_await session.subscribe("/queue/in");
            int received = 0;
            int aborted = 0;
            for (int i = 0; i < times; ++i) {
                auto const task = start(executor, inbox.next());
                co_await others_go_on(1);
                broker.publish("/queue/in", std::to_string(i));
                co_await others_go_on(i % 64);
                task->cancel();
                while (!task->done)
                    co_await asio::post(executor, asio::use_awaitable);
                if (task->failure) {
                    BOOST_REQUIRE(is_aborted(task->failure));
                    ++aborted;
                } else {
                    BOOST_REQUIRE(task->value.value().value().body() == std::to_string(received));
                    ++received;
                }
            }
            BOOST_TEST_MESSAGE(aborted << " of " << times << " were cancelled in time");
            while (received < times) {
                auto const message = co_await inbox.next_for(10s);
                BOOST_REQUIRE(message.value().body() == std::to_string(received));
                ++received;
            }
            co_await session.disconnect();
        },
        60s);
}

BOOST_AUTO_TEST_CASE(of_a_confirmed_send_leaves_the_session_usable)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto session = co_await connect(confirming());
            auto const executor = co_await asio::this_coro::executor;
            std::size_t confirmed = 0;
            for (int i = 0; i < times; ++i) {
                auto const task = start(executor, session.send("/queue/a", "x"));
                co_await others_go_on(i % 64);
                task->cancel();
                while (!task->done)
                    co_await asio::post(executor, asio::use_awaitable);
                BOOST_REQUIRE((!task->failure || is_aborted(task->failure)));
                confirmed += !task->failure;
            }
            BOOST_TEST_MESSAGE(confirmed << " of " << times << " were confirmed before");
            auto const receipt = co_await session.send("/queue/a", "last");
            BOOST_TEST(receipt.has_value());
            BOOST_TEST(broker.stats("/queue/a").sent > confirmed);
            co_await session.disconnect();
        },
        60s);
}

BOOST_AUTO_TEST_CASE(of_subscribe_leaves_nothing_behind)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto session = co_await connect(confirming());
            auto const executor = co_await asio::this_coro::executor;
            for (int i = 0; i < 500; ++i) {
                auto const task = start(executor, session.subscribe("/queue/a"));
                co_await others_go_on(i % 64);
                task->cancel();
                while (!task->done)
                    co_await asio::post(executor, asio::use_awaitable);
                BOOST_REQUIRE((!task->failure || is_aborted(task->failure)));
            }
            co_await until([this] { return broker.subscriptions() == 0; });
            co_await session.disconnect();
        },
        60s);
}

BOOST_AUTO_TEST_CASE(by_a_timeout)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto inbox = co_await session.subscribe("/queue/in");
        int received = 0;
        for (int i = 0; i < 500; ++i) {
            broker.publish("/queue/in", std::to_string(i));
            auto const limit = std::chrono::microseconds(1 + i % 200);
            auto result = co_await as_result(with_timeout(limit, inbox.next()));
            if (result)
                BOOST_REQUIRE((*result)->body() == std::to_string(received++));
            else
                BOOST_REQUIRE(is<Timeout>(result.error()));
        }
        while (received < 500) {
            auto const message = co_await inbox.next_for(10s);
            BOOST_REQUIRE(message.value().body() == std::to_string(received));
            ++received;
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(of_connect_leaves_no_connection)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto const executor = co_await asio::this_coro::executor;
            for (int i = 0; i < 200; ++i) {
                auto const task = start(executor, connect());
                co_await others_go_on(i);
                task->cancel();
                while (!task->done)
                    co_await asio::post(executor, asio::use_awaitable);
                BOOST_REQUIRE((!task->failure || is_aborted(task->failure)));
            }
            co_await until([this] { return broker.connections() == 0; });
        },
        60s);
}

BOOST_AUTO_TEST_CASE(of_disconnect_and_closed)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto const executor = co_await asio::this_coro::executor;
            for (int i = 0; i < 100; ++i) {
                auto session = co_await connect();
                auto const closed = start(executor, session.closed());
                auto const task = start(executor, session.disconnect());
                co_await others_go_on(i % 50);
                task->cancel();
                closed->cancel();
                co_await finished(task);
                co_await finished(closed);
                BOOST_REQUIRE((!task->failure || is_aborted(task->failure)));
                BOOST_REQUIRE((!closed->failure || is_aborted(closed->failure)));
                co_await session.disconnect();
            }
            co_await until([this] { return broker.connections() == 0; });
        },
        60s);
}

BOOST_AUTO_TEST_SUITE_END()
