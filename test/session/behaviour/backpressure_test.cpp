#include "support/session_tools.hpp"

// What a consumer that does not keep up does to itself, to its neighbours and to the broker.
BOOST_FIXTURE_TEST_SUITE(backpressure, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

SubscribeOptions with_buffer(OverflowPolicy policy, std::size_t messages, std::size_t bytes,
                             std::size_t hard_limit = std::size_t{64} << 20)
{
    SubscriptionBuffer buffer;
    buffer.policy = policy;
    buffer.messages = messages;
    buffer.bytes = std::min(bytes, hard_limit);
    buffer.hard_limit = hard_limit;
    SubscribeOptions options;
    options.buffer(buffer).with_receipt();
    return options;
}

constexpr std::size_t unlimited = std::size_t{1} << 40;

// Sends numbered bodies of that size; returns when all of them have been confirmed.
asio::awaitable<void> publish(StompSession session, std::string destination, int count, std::size_t size)
{
    std::vector<PendingReceipt> pending;
    for (int i = 0; i < count; ++i) {
        std::string body = std::to_string(i) + ' ';
        body.resize(std::max(body.size(), size), 'x');
        auto one = co_await session.submit(destination, body);
        pending.push_back(std::move(one));
    }
    for (auto& one : pending)
        co_await one.confirmed();
}

int number_of(Message const& message)
{
    return std::stoi(std::string(message.body()));
}

// Waits until nothing has come for a while.
asio::awaitable<void> quiet(StompSession session)
{
    auto last = session.stats().bytes_received;
    for (;;) {
        co_await pause(400ms);
        auto const now = session.stats().bytes_received;
        if (now == last)
            co_return;
        last = now;
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(alone_on_its_session_it_stops_the_broker_by_tcp)
{
    run(
        [this]() -> asio::awaitable<void> {
            // More than the buffers of both sockets take by default.
            constexpr int count = 1200;
            constexpr std::size_t size = 10'000;
            auto session = co_await connect();
            auto publisher = co_await connect();
            auto const destination = queue();
            auto const how = with_buffer(OverflowPolicy::suspend, 100, unlimited);
            auto inbox = co_await session.subscribe(destination, how);
            co_await publish(publisher, destination, count, size);
            co_await quiet(session);
            // The soft limit, and what one read may bring on top of it.
            BOOST_TEST(inbox.buffered() >= 100u);
            BOOST_TEST(inbox.buffered() <= 100 + (std::size_t{512} << 10) / size);
            BOOST_TEST(session.stats().bytes_received < std::size_t{2} << 20);
            BOOST_TEST(session.is_open());
            // Then it catches up, and nothing is lost.
            for (int i = 0; i < count; ++i) {
                auto const message = co_await inbox.next_for(20s);
                BOOST_REQUIRE(message.has_value());
                BOOST_REQUIRE(number_of(*message) == i);
            }
            co_await session.disconnect();
            co_await publisher.disconnect();
        },
        100s);
}

BOOST_AUTO_TEST_CASE(a_limit_in_bytes_stops_the_broker_as_well)
{
    run(
        [this]() -> asio::awaitable<void> {
            constexpr int count = 120;
            constexpr std::size_t size = 100'000;
            auto session = co_await connect();
            auto publisher = co_await connect();
            auto const destination = queue();
            auto const how = with_buffer(OverflowPolicy::suspend, unlimited, 1'000'000);
            auto inbox = co_await session.subscribe(destination, how);
            co_await publish(publisher, destination, count, size);
            co_await quiet(session);
            BOOST_TEST(inbox.buffered() >= 9u);
            BOOST_TEST(inbox.buffered() <= 10 + (std::size_t{512} << 10) / size);
            for (int i = 0; i < count; ++i) {
                auto const message = co_await inbox.next_for(20s);
                BOOST_REQUIRE(message.has_value());
                BOOST_REQUIRE(number_of(*message) == i);
            }
            co_await session.disconnect();
            co_await publisher.disconnect();
        },
        100s);
}

namespace {

// What a neighbour of the slow consumer waits for.
using Neighbour =
    std::function<asio::awaitable<void>(StompSession& session, StompSession& publisher, std::string destination)>;

asio::awaitable<void> waits_for_a_message(StompSession& session, StompSession& publisher, std::string destination)
{
    auto inbox = co_await session.subscribe(destination);
    auto const executor = co_await asio::this_coro::executor;
    auto const next = start(executor, inbox.receive());
    co_await others_go_on();
    co_await publisher.send(destination, "for the neighbour");
    co_await finished(next);
    BOOST_REQUIRE_MESSAGE(!next->failure, next->failure.what());
    BOOST_TEST(next->value.value().body() == "for the neighbour");
}

asio::awaitable<void> waits_for_a_receipt(StompSession& session, StompSession&, std::string destination)
{
    OutgoingMessage message(destination, "x");
    message.with_receipt();
    auto const receipt = co_await session.send(std::move(message));
    BOOST_TEST(receipt.has_value());
}

asio::awaitable<void> waits_for_a_subscription(StompSession& session, StompSession&, std::string destination)
{
    SubscribeOptions how;
    how.with_receipt();
    auto const inbox = co_await session.subscribe(destination, how);
}

asio::awaitable<void> waits_for_ready(StompSession& session, StompSession& publisher, std::string destination)
{
    auto inbox = co_await session.subscribe(destination);
    auto const executor = co_await asio::this_coro::executor;
    auto const ready = start(executor, inbox.ready());
    co_await others_go_on();
    co_await publisher.send(destination, "x");
    co_await finished(ready);
    BOOST_REQUIRE_MESSAGE(!ready->failure, ready->failure.what());
    BOOST_TEST(ready->value.value());
}

} // namespace

BOOST_AUTO_TEST_CASE(neighbours_get_what_they_wait_for_and_it_ends_alone_at_its_hard_limit)
{
    Neighbour const neighbours[] = {waits_for_a_message, waits_for_a_receipt, waits_for_a_subscription,
                                    waits_for_ready};
    for (auto const& neighbour : neighbours) {
        run(
            [&]() -> asio::awaitable<void> {
                constexpr int count = 300;
                constexpr std::size_t size = 10'000;
                StompConfig config;
                config.receipt_timeout = 20s;
                auto session = co_await connect(config);
                auto publisher = co_await connect();
                auto const destination = queue("slow");
                auto const how = with_buffer(OverflowPolicy::suspend, 10, unlimited, 2'000'000);
                auto slow = co_await session.subscribe(destination, how);
                co_await publish(publisher, destination, count, size);
                co_await quiet(session);
                BOOST_TEST(slow.buffered() < 80u); // the soft limit, and a read
                auto const other = queue("neighbour");
                co_await neighbour(session, publisher, other);
                // As many of the others wait, the rest comes in, until it is too much.
                OutgoingMessage last(other, "behind all that");
                last.with_receipt();
                co_await session.send(std::move(last));
                int delivered = 0;
                Failure failure;
                while (!failure) {
                    auto const next = start(session.get_executor(), slow.next());
                    co_await finished(next);
                    failure = next->failure;
                    if (!failure) {
                        BOOST_REQUIRE(next->value.value().has_value());
                        BOOST_REQUIRE(number_of(next->value.value().value()) == delivered);
                        ++delivered;
                    }
                }
                // What was buffered is delivered first, and no more of it than the hard limit allows.
                BOOST_REQUIRE(is<SlowConsumer>(failure));
                auto const& error = as<SlowConsumer>(failure);
                BOOST_TEST(error.messages() == static_cast<std::size_t>(delivered));
                BOOST_TEST(error.bytes() > static_cast<std::size_t>(delivered) * size);
                BOOST_TEST(error.bytes() <= 2'000'000u);
                BOOST_TEST(delivered > 150);
                BOOST_TEST(delivered <= 200);
                BOOST_TEST(session.is_open());
                auto const again = co_await failure_of(slow.next());
                BOOST_TEST(is<SlowConsumer>(again));
                co_await waits_for_a_message(session, publisher, queue("later"));
                co_await session.disconnect();
                co_await publisher.disconnect();
            },
            60s);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_buffer_takes_a_message_above_its_hard_limit)
{
    constexpr std::size_t hard_limit = 100'000;
    constexpr std::size_t size = 3 * hard_limit;
    for (auto const policy :
         {OverflowPolicy::suspend, OverflowPolicy::fail, OverflowPolicy::drop_newest, OverflowPolicy::drop_oldest}) {
        run([&]() -> asio::awaitable<void> {
            auto session = co_await connect();
            auto publisher = co_await connect();
            auto const destination = queue();
            auto const how = with_buffer(policy, 10, hard_limit / 2, hard_limit);
            auto inbox = co_await session.subscribe(destination, how);
            // One comes to a consumer that waits, and one to nobody.
            auto const waiting = start(session.get_executor(), inbox.receive());
            co_await others_go_on();
            co_await publish(publisher, destination, 1, size);
            co_await finished(waiting);
            BOOST_REQUIRE_MESSAGE(!waiting->failure, waiting->failure.what());
            BOOST_TEST(waiting->value.value().body().size() == size);
            co_await publish(publisher, destination, 1, size);
            co_await until([&] { return inbox.buffered() == 1; });
            auto const second = co_await inbox.receive();
            BOOST_TEST(second.body().size() == size);
            // And what comes afterwards is as before.
            co_await publish(publisher, destination, 3, 100);
            for (int i = 0; i < 3; ++i) {
                auto const message = co_await inbox.next_for(10s);
                BOOST_REQUIRE(message.has_value());
                BOOST_TEST(number_of(*message) == i);
            }
            co_await session.disconnect();
            co_await publisher.disconnect();
        });
    }
}

BOOST_AUTO_TEST_CASE(one_that_awaits_a_confirmed_send_for_each_message_does_not_deadlock)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto session = co_await connect();
            auto publisher = co_await connect();
            auto const destination = queue();
            auto const results = queue("results");
            auto const how = with_buffer(OverflowPolicy::suspend, 1, unlimited);
            auto inbox = co_await session.subscribe(destination, how);
            auto const executor = co_await asio::this_coro::executor;
            auto const publishing = start(executor, publish(publisher, destination, 300, 5000));
            for (int i = 0; i < 300; ++i) {
                auto const message = co_await inbox.receive();
                BOOST_REQUIRE(number_of(message) == i);
                OutgoingMessage result(results, "done");
                result.with_receipt();
                co_await session.send(std::move(result));
            }
            co_await finished(publishing);
            co_await session.disconnect();
            co_await publisher.disconnect();
        },
        60s);
}

namespace {

struct PolicyCase
{
    OverflowPolicy policy;
    std::size_t messages;
    std::size_t bytes;
};

constexpr std::size_t body_size = 10'000;

// Ten messages fit, be it by number or by size.
PolicyCase const policies[] = {
    {OverflowPolicy::fail, 10, unlimited},        {OverflowPolicy::fail, unlimited, 10 * body_size},
    {OverflowPolicy::drop_newest, 10, unlimited}, {OverflowPolicy::drop_newest, unlimited, 10 * body_size},
    {OverflowPolicy::drop_oldest, 10, unlimited}, {OverflowPolicy::drop_oldest, unlimited, 10 * body_size},
};

} // namespace

BOOST_AUTO_TEST_CASE(the_other_policies_fail_or_drop)
{
    for (auto const& row : policies) {
        BOOST_TEST_CONTEXT("policy " << static_cast<int>(row.policy) << ", messages " << row.messages)
        {
            run([&]() -> asio::awaitable<void> {
                auto session = co_await connect();
                auto publisher = co_await connect();
                auto const destination = queue();
                auto const how = with_buffer(row.policy, row.messages, row.bytes);
                auto inbox = co_await session.subscribe(destination, how);
                co_await publish(publisher, destination, 30, body_size);
                if (row.policy == OverflowPolicy::fail)
                    co_await until([&] { return session.stats().messages_received >= 11; });
                else
                    co_await until([&] { return session.stats().messages_received == 30; });
                std::vector<int> numbers;
                Failure failure;
                while (auto const message = inbox.try_receive())
                    numbers.push_back(number_of(*message));
                // A message takes a little more than its body.
                BOOST_TEST(numbers.size() >= 9u);
                BOOST_TEST(numbers.size() <= 10u);
                if (row.policy == OverflowPolicy::fail) {
                    failure = co_await failure_of(inbox.next());
                    BOOST_TEST(is<SlowConsumer>(failure), failure.what());
                    BOOST_TEST(numbers.front() == 0);
                } else {
                    auto const first =
                        row.policy == OverflowPolicy::drop_newest ? 0 : 30 - static_cast<int>(numbers.size());
                    for (std::size_t i = 0; i < numbers.size(); ++i)
                        BOOST_TEST(numbers[i] == first + static_cast<int>(i));
                    // And so it goes on.
                    co_await publisher.send(destination, "77");
                    auto const message = co_await inbox.next_for(10s);
                    BOOST_TEST(number_of(message.value()) == 77);
                }
                BOOST_TEST(session.is_open());
                co_await session.disconnect();
                co_await publisher.disconnect();
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(what_must_be_acknowledged_is_not_dropped)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        for (auto const policy : {OverflowPolicy::drop_newest, OverflowPolicy::drop_oldest}) {
            SubscriptionBuffer buffer;
            buffer.policy = policy;
            SubscribeOptions how(AckMode::client);
            how.buffer(buffer);
            auto const failure = co_await failure_of(session.subscribe(queue(), how));
            BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(with_acknowledgement_the_broker_sends_no_more_than_fits)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto publisher = co_await connect();
        auto const destination = queue();
        SubscriptionBuffer buffer;
        buffer.messages = 5;
        SubscribeOptions how(AckMode::client_individual);
        how.buffer(buffer);
        auto inbox = co_await session.subscribe(destination, how);
        co_await publish(publisher, destination, 50, 100);
        co_await quiet(session);
        BOOST_TEST(inbox.buffered() == 5u);
        for (int i = 0; i < 50; ++i) {
            auto const message = co_await inbox.next_for(10s);
            BOOST_REQUIRE(message.has_value());
            BOOST_TEST(number_of(*message) == i);
            co_await session.ack(*message);
            BOOST_TEST(inbox.buffered() <= 5u);
        }
        co_await session.disconnect();
        co_await publisher.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
