#include "support/rounds.hpp"
#include "support/session_tools.hpp"

#include <set>

// Sends whose confirmation is awaited later, and sends from many sides at once.
BOOST_FIXTURE_TEST_SUITE(pipelined_sends, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

constexpr int many = rounds(1000);

asio::awaitable<std::vector<PendingReceipt>> submit_many(StompSession session, std::string destination)
{
    std::vector<PendingReceipt> pending;
    for (int i = 0; i < many; ++i) {
        auto one = co_await session.submit(destination, std::to_string(i));
        pending.push_back(std::move(one));
    }
    co_return pending;
}

asio::awaitable<int> send_confirmed(StompSession session, std::string destination, int count)
{
    int confirmed = 0;
    for (int i = 0; i < count; ++i) {
        auto const receipt = co_await session.send(destination, std::to_string(i));
        confirmed += receipt.has_value();
    }
    co_return confirmed;
}

// Takes that many messages, and checks that the bodies count upwards.
asio::awaitable<void> check_sequence(StompSession session, std::string destination, int count)
{
    auto inbox = co_await session.subscribe(destination);
    for (int i = 0; i < count; ++i) {
        auto const message = co_await inbox.next_for(10s);
        BOOST_REQUIRE(message.has_value());
        if (message->body() != std::to_string(i))
            BOOST_TEST(message->body() == std::to_string(i));
    }
    BOOST_TEST(inbox.buffered() == 0u);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_thousand_in_flight_are_confirmed_one_by_one)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const destination = queue();
        auto pending = co_await submit_many(session, destination);
        std::set<std::string> ids;
        for (auto& one : pending) {
            auto const receipt = co_await one.confirmed();
            ids.insert(receipt.id());
            BOOST_TEST(!one.valid());
        }
        BOOST_TEST(ids.size() == pending.size());
        co_await check_sequence(session, destination, many);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(they_may_be_confirmed_in_reverse)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const destination = queue();
        auto pending = co_await submit_many(session, destination);
        while (!pending.empty()) {
            co_await pending.back().confirmed();
            pending.pop_back();
        }
        co_await check_sequence(session, destination, many);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(dropping_the_confirmation_takes_nothing_back)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const destination = queue();
        {
            auto const dropped = co_await submit_many(session, destination);
            BOOST_TEST(dropped.size() == std::size_t(many));
        }
        co_await check_sequence(session, destination, many);
        // Receipts that come late do no harm.
        auto pending = co_await session.submit(destination, "last");
        co_await pending.confirmed();
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_pending_receipt_moves_and_is_awaited_once)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        auto const destination = queue();
        auto first = co_await session.submit(destination, "1");
        BOOST_TEST(first.valid());
        PendingReceipt moved(std::move(first));
        BOOST_TEST(moved.valid());
        auto const of_moved_from = co_await failure_of(first.confirmed());
        BOOST_TEST(is<OperationInProgress>(of_moved_from), of_moved_from.what());

        auto const waiting = start(executor, moved.confirmed());
        auto const again = co_await failure_of(moved.confirmed());
        BOOST_TEST(is<OperationInProgress>(again), again.what());
        co_await finished(waiting);
        BOOST_TEST(!waiting->failure);
        BOOST_TEST(!waiting->value.value().id().empty());
        auto const afterwards = co_await failure_of(moved.confirmed());
        BOOST_TEST(is<OperationInProgress>(afterwards), afterwards.what());

        // Assigning over one that is outstanding lets go of that one only.
        auto replaced = co_await session.submit(destination, "2");
        auto const replacement = co_await session.submit(destination, "3");
        replaced = co_await session.submit(destination, "4");
        co_await replaced.confirmed();
        BOOST_TEST(replacement.valid());
        PendingReceipt const none;
        BOOST_TEST(!none.valid());
        BOOST_TEST(!none.is_ready());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(ready_tells_when_the_confirmation_is_there)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto pending = co_await session.submit(queue(), "x");
        BOOST_TEST(!pending.is_ready());
        co_await until([&] { return pending.is_ready(); });
        co_await pending.confirmed();
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(copies_of_the_handle_send_from_several_coroutines_at_once)
{
    run([this]() -> asio::awaitable<void> {
        auto config = confirming();
        auto session = co_await connect(config);
        auto const other = session;
        auto const executor = co_await asio::this_coro::executor;
        auto const destination = queue();
        std::vector<std::shared_ptr<Task<int>>> tasks;
        for (int i = 0; i < 10; ++i)
            tasks.push_back(start(executor, send_confirmed(i % 2 ? session : other, destination, many / 5)));
        int confirmed = 0;
        for (auto const& task : tasks) {
            co_await finished(task);
            BOOST_TEST(!task->failure, task->failure.what());
            confirmed += task->value.value_or(0);
        }
        BOOST_TEST(confirmed == 2 * many);
        auto inbox = co_await session.subscribe(destination);
        for (int i = 0; i < 2 * many; ++i) {
            auto const message = co_await inbox.next_for(10s);
            BOOST_REQUIRE(message.has_value());
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(two_thousand_sends_wait_for_their_receipts_together)
{
    run([this]() -> asio::awaitable<void> {
        auto config = confirming();
        auto session = co_await connect(config);
        auto const other = session;
        auto const executor = co_await asio::this_coro::executor;
        auto const destination = queue();
        std::vector<std::shared_ptr<Task<std::optional<Receipt>>>> tasks;
        for (int i = 0; i < 2 * many; ++i)
            tasks.push_back(start(executor, (i % 2 ? session : other).send(destination, std::to_string(i))));
        for (auto const& task : tasks) {
            co_await finished(task);
            BOOST_REQUIRE(!task->failure);
            BOOST_REQUIRE(task->value.value().has_value());
        }
        // Each is a sender of its own, so their order is open; but every one is there, once.
        auto inbox = co_await session.subscribe(destination);
        std::set<std::string> bodies;
        for (int i = 0; i < 2 * many; ++i) {
            auto const message = co_await inbox.next_for(10s);
            BOOST_REQUIRE(message.has_value());
            bodies.emplace(message->body());
        }
        BOOST_TEST(bodies.size() == std::size_t(2 * many));
        BOOST_TEST(inbox.buffered() == 0u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_consumer_may_await_a_confirmed_send_in_its_loop)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto config = confirming();
            auto session = co_await connect(config);
            auto const incoming = queue("in");
            auto const outgoing = queue("out");
            auto inbox = co_await session.subscribe(incoming, AckMode::client_individual);
            auto pending = co_await submit_many(session, incoming);
            for (int i = 0; i < many; ++i) {
                auto const message = co_await inbox.next_for(10s);
                BOOST_REQUIRE(message.has_value());
                auto const receipt = co_await session.send(outgoing, message->body());
                BOOST_REQUIRE(receipt.has_value());
                co_await session.ack(*message);
            }
            co_await check_sequence(session, outgoing, many);
            co_await session.disconnect();
        },
        60s);
}

BOOST_AUTO_TEST_SUITE_END()
