#include "support/session_tools.hpp"

#include <stdexcept>

// Transactions: all of it, or nothing.
BOOST_FIXTURE_TEST_SUITE(transactions, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

// What stands in a queue, told by a sentinel behind it.
asio::awaitable<std::string> contents(StompSession session, std::string destination)
{
    auto inbox = co_await session.subscribe(destination);
    OutgoingMessage sentinel(destination, "|");
    sentinel.with_receipt();
    co_await session.send(std::move(sentinel));
    std::string text;
    for (;;) {
        auto const message = co_await inbox.next_for(10s);
        BOOST_REQUIRE(message.has_value());
        if (message->body() == "|")
            co_return text;
        text += message->body();
    }
}

class Unwanted : public std::runtime_error
{
public:
    Unwanted() : std::runtime_error("not wanted") {}
};

} // namespace

BOOST_AUTO_TEST_CASE(what_is_committed_takes_effect_and_not_before)
{
    for (bool const receipts : {false, true}) {
        run([&]() -> asio::awaitable<void> {
            StompConfig config;
            config.auto_receipt = receipts;
            auto session = co_await connect(config);
            auto const destination = queue();
            auto transaction = co_await session.begin();
            BOOST_TEST(!transaction.id().empty());
            co_await transaction.send(destination, "a");
            co_await transaction.send(OutgoingMessage(destination, "b"));
            auto const before = co_await contents(session, destination);
            BOOST_TEST(before == "");
            co_await transaction.commit();
            auto const after = co_await contents(session, destination);
            BOOST_TEST(after == "ab");
            co_await session.disconnect();
        });
    }
}

// A SEND may be confirmed before COMMIT has arrived, and is nothing without it.
BOOST_AUTO_TEST_CASE(commit_is_confirmed_if_anything_before_it_was_to_be)
{
    for (bool const receipt : {false, true}) {
        run([&]() -> asio::awaitable<void> {
            auto const log = std::make_shared<FrameLog>();
            StompConfig config;
            config.observer = log;
            auto session = co_await connect(config);
            auto const destination = queue();
            auto transaction = co_await session.begin();
            co_await transaction.send(destination, "a");
            OutgoingMessage message(destination, "b");
            if (receipt)
                message.with_receipt();
            co_await transaction.send(std::move(message));
            co_await transaction.commit();
            BOOST_TEST(log->sent.back().command() == "COMMIT");
            BOOST_TEST(log->confirmed(log->sent.back()) == receipt);
            auto const after = co_await contents(session, destination);
            BOOST_TEST(after == "ab");
            co_await session.disconnect();
        });
    }
}

BOOST_AUTO_TEST_CASE(what_is_aborted_does_not_and_the_transaction_is_over)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto transaction = co_await session.begin();
        co_await transaction.send(destination, "a");
        co_await transaction.abort();
        auto const after = co_await contents(session, destination);
        BOOST_TEST(after == "");
        auto const sending = co_await failure_of(transaction.send(destination, "late"));
        BOOST_TEST(is<SessionClosed>(sending), sending.what());
        auto const committing = co_await failure_of(transaction.commit());
        BOOST_TEST(is<SessionClosed>(committing), committing.what());
        auto const aborting = co_await failure_of(transaction.abort());
        BOOST_TEST(is<SessionClosed>(aborting), aborting.what());
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(one_that_is_destroyed_is_aborted)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto config = confirming();
        config.observer = log;
        auto session = co_await connect(config);
        auto const destination = queue();
        {
            auto transaction = co_await session.begin();
            co_await transaction.send(destination, "a");
            Transaction moved(std::move(transaction));
            co_await moved.send(destination, "b");
            BOOST_TEST(transaction.id() == "");
            auto const failure = co_await failure_of(transaction.send(destination, "c"));
            BOOST_TEST(is<SessionClosed>(failure), failure.what());
        }
        BOOST_TEST(log->count_sent("ABORT") == 1u);
        auto const after = co_await contents(session, destination);
        BOOST_TEST(after == "");
        // Assigning over one aborts it as well.
        auto transaction = co_await session.begin();
        co_await transaction.send(destination, "d");
        transaction = co_await session.begin();
        BOOST_TEST(log->count_sent("ABORT") == 2u);
        co_await transaction.send(destination, "e");
        co_await transaction.commit();
        auto const last = co_await contents(session, destination);
        BOOST_TEST(last == "e");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(acknowledgements_belong_to_the_transaction)
{
    run([this]() -> asio::awaitable<void> {
        auto const destination = queue();
        {
            auto session = co_await connect(confirming());
            auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
            co_await session.send(destination, "1");
            co_await session.send(destination, "2");
            auto const first = co_await inbox.receive();
            auto const second = co_await inbox.receive();
            auto committed = co_await session.begin();
            bool const accepted = co_await committed.ack(first);
            BOOST_TEST(accepted);
            co_await committed.commit();
            auto aborted = co_await session.begin();
            co_await aborted.ack(second);
            co_await aborted.abort();
            co_await session.disconnect();
        }
        auto session = co_await connect(confirming());
        auto const left = co_await contents(session, destination);
        BOOST_TEST(left == "2");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(several_may_be_open_at_once)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto one = co_await session.begin();
        auto two = co_await session.begin();
        BOOST_TEST(one.id() != two.id());
        co_await one.send(destination, "1");
        co_await two.send(destination, "2");
        co_await two.commit();
        co_await one.abort();
        auto const left = co_await contents(session, destination);
        BOOST_TEST(left == "2");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(with_transaction_commits_what_the_function_did)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto const work = [&](Transaction& transaction) -> asio::awaitable<int> {
            co_await transaction.send(destination, "a");
            co_await transaction.send(destination, "b");
            co_return 2;
        };
        auto const result = co_await session.with_transaction(work);
        BOOST_TEST(result == 2);
        auto const without_result = [&](Transaction& transaction) -> asio::awaitable<void> {
            co_await transaction.send(destination, "c");
        };
        co_await session.with_transaction(without_result);
        auto const left = co_await contents(session, destination);
        BOOST_TEST(left == "abc");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(with_transaction_aborts_and_rethrows)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto config = confirming();
        config.observer = log;
        auto session = co_await connect(config);
        auto const destination = queue();
        auto const work = [&](Transaction& transaction) -> asio::awaitable<int> {
            co_await transaction.send(destination, "a");
            throw Unwanted();
        };
        auto const failure = co_await failure_of(session.with_transaction(work));
        BOOST_TEST(is<Unwanted>(failure), failure.what());
        BOOST_TEST(log->count_sent("ABORT") == 1u);
        BOOST_TEST(log->count_sent("COMMIT") == 0u);
        auto const left = co_await contents(session, destination);
        BOOST_TEST(left == "");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_session_that_ends_takes_its_open_transaction_back)
{
    run([this]() -> asio::awaitable<void> {
        auto const destination = queue();
        Transaction left_behind;
        {
            auto session = co_await connect(confirming());
            left_behind = co_await session.begin();
            co_await left_behind.send(destination, "a");
            co_await session.disconnect();
        }
        auto session = co_await connect(confirming());
        auto const left = co_await contents(session, destination);
        BOOST_TEST(left == "");
        auto const failure = co_await failure_of(left_behind.commit());
        BOOST_TEST(is<SessionClosed>(failure), failure.what());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_explicit_transaction_header_wins)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        auto inner = co_await session.begin();
        auto outer = co_await session.begin();
        OutgoingMessage message(destination, "in the outer one");
        message.header("transaction", std::string(outer.id()));
        co_await inner.send(std::move(message));
        co_await inner.abort();
        co_await outer.commit();
        auto const received = co_await inbox.next_for(10s);
        BOOST_TEST(received.value().body() == "in the outer one");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_failure_of_abort_does_not_hide_the_first)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const fails = [&](Transaction&) -> asio::awaitable<void> {
            // Ends the session, so that ABORT cannot be sent.
            co_await session.disconnect();
            throw std::runtime_error("the first");
        };
        auto const failure = co_await failure_of(session.with_transaction(fails));
        BOOST_TEST(is<std::runtime_error>(failure));
        BOOST_TEST(std::string(failure.what()) == "the first");
    });
}

BOOST_AUTO_TEST_SUITE_END()
