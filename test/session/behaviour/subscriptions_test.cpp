#include "support/session_tools.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <set>

// Subscriptions as channels: taking, waiting, ending, and many of them on one session.
BOOST_FIXTURE_TEST_SUITE(subscriptions, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;
using namespace boost::asio::experimental::awaitable_operators;

namespace {

asio::awaitable<void> send_numbers(StompSession session, std::string destination, int count)
{
    for (int i = 0; i < count; ++i)
        co_await session.send(destination, std::to_string(i));
}

} // namespace

BOOST_AUTO_TEST_CASE(what_was_buffered_before_unsubscribe_is_still_delivered_then_nullopt)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        co_await send_numbers(session, destination, 5);
        co_await until([&] { return inbox.buffered() == 5; });
        co_await inbox.unsubscribe();
        for (int i = 0; i < 5; ++i) {
            auto const message = co_await inbox.next();
            BOOST_REQUIRE(message.has_value());
            BOOST_TEST(message->body() == std::to_string(i));
        }
        for (int i = 0; i < 3; ++i) {
            auto const nothing = co_await inbox.next();
            BOOST_TEST(!nothing.has_value());
        }
        bool const ready = co_await inbox.ready();
        BOOST_TEST(!ready);
        auto const failure = co_await failure_of(inbox.receive());
        BOOST_TEST(is<SessionClosed>(failure), failure.what());
        co_await inbox.unsubscribe(); // a second time: nothing to do
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(after_unsubscribe_the_broker_sends_nothing_more)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto first = co_await session.subscribe(destination);
        co_await first.unsubscribe();
        {
            auto const by_destructor = co_await session.subscribe(destination);
        }
        co_await send_numbers(session, destination, 3);
        auto last = co_await session.subscribe(destination);
        for (int i = 0; i < 3; ++i) {
            auto const message = co_await last.next_for(10s);
            BOOST_REQUIRE(message.has_value());
            BOOST_TEST(message->body() == std::to_string(i));
        }
        BOOST_TEST(first.buffered() == 0u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_waiting_consumer_is_told_of_unsubscribe)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe(queue());
        auto const waiting = start(executor, inbox.next());
        co_await others_go_on();
        BOOST_TEST(!waiting->done);
        co_await inbox.unsubscribe();
        co_await finished(waiting);
        BOOST_TEST(!waiting->failure);
        BOOST_TEST(!waiting->value.value().has_value());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(one_operation_waits_at_a_time)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        auto const waiting = start(executor, inbox.receive());
        co_await others_go_on();
        auto const next = co_await failure_of(inbox.next());
        BOOST_TEST(is<OperationInProgress>(next), next.what());
        auto const ready = co_await failure_of(inbox.ready());
        BOOST_TEST(is<OperationInProgress>(ready), ready.what());
        auto const timed = co_await failure_of(inbox.next_for(1s));
        BOOST_TEST(is<OperationInProgress>(timed), timed.what());
        co_await session.send(destination, "x");
        co_await finished(waiting);
        BOOST_TEST(waiting->value.value().body() == "x");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(next_for_times_out_and_loses_no_message)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        auto const early = co_await failure_of(inbox.next_for(10ms));
        BOOST_TEST(is<Timeout>(early), early.what());
        BOOST_TEST((early.code() == errc::timeout));
        // Limits of about the time that a message takes: whichever wins, every message comes once, in order.
        int received = 0;
        auto const executor = co_await asio::this_coro::executor;
        auto const sending = start(executor, send_numbers(session, destination, 200));
        int timeouts = 0;
        while (received < 200) {
            auto const limit = std::chrono::microseconds(1 + (received * 7 + timeouts) % 400);
            auto result = co_await as_result(inbox.next_for(limit));
            if (!result) {
                BOOST_REQUIRE(is<Timeout>(result.error()));
                ++timeouts;
                continue;
            }
            BOOST_REQUIRE(result->has_value());
            BOOST_REQUIRE((*result)->body() == std::to_string(received));
            ++received;
        }
        co_await finished(sending);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(several_are_waited_for_by_ready_and_nothing_is_lost)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        auto const one = queue("a");
        auto const two = queue("b");
        auto a = co_await session.subscribe(one);
        auto b = co_await session.subscribe(two);
        auto const sending_a = start(executor, send_numbers(session, one, 300));
        auto const sending_b = start(executor, send_numbers(session, two, 300));
        int from_a = 0;
        int from_b = 0;
        while (from_a + from_b < 600) {
            co_await (a.ready() || b.ready());
            while (auto const message = a.try_receive())
                BOOST_REQUIRE(message->body() == std::to_string(from_a++));
            while (auto const message = b.try_receive())
                BOOST_REQUIRE(message->body() == std::to_string(from_b++));
        }
        BOOST_TEST(from_a == 300);
        BOOST_TEST(from_b == 300);
        BOOST_TEST(!a.try_receive().has_value());
        co_await finished(sending_a);
        co_await finished(sending_b);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_topic_reaches_every_subscriber_of_the_session)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = topic();
        std::vector<Subscription> subscribers;
        for (int i = 0; i < 4; ++i) {
            auto one = co_await session.subscribe(destination);
            subscribers.push_back(std::move(one));
        }
        co_await send_numbers(session, destination, 10);
        for (auto& subscriber : subscribers) {
            for (int i = 0; i < 10; ++i) {
                auto const message = co_await subscriber.next_for(10s);
                BOOST_REQUIRE(message.has_value());
                BOOST_TEST(message->body() == std::to_string(i));
                BOOST_TEST(message->subscription() == subscriber.id());
            }
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(two_hundred_subscriptions_get_each_its_own)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto session = co_await connect(confirming());
            auto const prefix = topic();
            std::vector<Subscription> all;
            std::set<std::string> ids;
            for (int i = 0; i < 200; ++i) {
                auto one = co_await session.subscribe(prefix + "-" + std::to_string(i));
                ids.insert(one.id());
                all.push_back(std::move(one));
            }
            BOOST_TEST(ids.size() == 200u);
            for (int round = 0; round < 3; ++round) {
                for (int i = 199; i >= 0; --i)
                    co_await session.send(prefix + "-" + std::to_string(i), std::to_string(1000 * round + i));
            }
            for (int i = 0; i < 200; ++i) {
                auto& one = all[static_cast<std::size_t>(i)];
                BOOST_TEST(one.destination() == prefix + "-" + std::to_string(i));
                for (int round = 0; round < 3; ++round) {
                    auto const message = co_await one.next_for(10s);
                    BOOST_REQUIRE(message.has_value());
                    BOOST_REQUIRE(message->body() == std::to_string(1000 * round + i));
                }
                BOOST_REQUIRE(one.buffered() == 0u);
            }
            co_await session.disconnect();
        },
        60s);
}

BOOST_AUTO_TEST_CASE(an_id_of_ones_own_is_used_and_may_not_be_taken_twice)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        SubscribeOptions how(AckMode::automatic);
        how.id("mine-1");
        auto inbox = co_await session.subscribe(destination, how);
        BOOST_TEST(inbox.id() == "mine-1");
        BOOST_TEST((inbox.ack_mode() == AckMode::automatic));
        auto const failure = co_await failure_of(session.subscribe(queue(), how));
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        co_await session.send(destination, "x");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.subscription() == "mine-1");
        co_await inbox.unsubscribe();
        auto again = co_await session.subscribe(destination, how);
        co_await session.send(destination, "y");
        auto const second = co_await again.receive();
        BOOST_TEST(second.body() == "y");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_handle_moves_and_an_empty_one_says_so)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto first = co_await session.subscribe(destination);
        Subscription moved(std::move(first));
        BOOST_TEST(!first.valid());
        BOOST_TEST(moved.valid());
        BOOST_TEST(first.id() == "");
        BOOST_TEST(!first.try_receive().has_value());
        auto const failure = co_await failure_of(first.next());
        BOOST_TEST(is<SessionClosed>(failure), failure.what());
        auto const unsubscribing = co_await failure_of(first.unsubscribe());
        BOOST_TEST(is<SessionClosed>(unsubscribing), unsubscribing.what());
        co_await session.send(destination, "x");
        auto const message = co_await moved.receive();
        BOOST_TEST(message.body() == "x");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
