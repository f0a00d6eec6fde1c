#include "scripted_session.hpp"

// Messages are settled once and transactions ended once, also where frames wait for room in the write buffer.
BOOST_FIXTURE_TEST_SUITE(settling, arbalest::test::ScriptedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

constexpr auto some_broker = "some broker";
constexpr auto rabbitmq = "RabbitMQ/3.10.8";

SubscribeOptions named(AckMode mode)
{
    SubscribeOptions how(mode);
    how.id("s");
    return how;
}

// A subscription with so many messages, which were taken.
class Inbox
{
public:
    Inbox() = default;

    Subscription subscription;
    std::vector<Message> messages;
};

asio::awaitable<Inbox> take_messages(ScriptedFixture& fixture, StompSession session, AckMode mode, int count)
{
    fixture.script.expect_frame("SUBSCRIBE", {{"id", "s"}});
    for (int i = 1; i <= count; ++i)
        fixture.deliver(std::to_string(i));
    auto how = named(mode);
    Inbox inbox;
    inbox.subscription = co_await session.subscribe("/queue/q", std::move(how));
    for (int i = 1; i <= count; ++i) {
        auto message = co_await inbox.subscription.receive();
        inbox.messages.push_back(std::move(message));
    }
    co_return inbox;
}

asio::awaitable<Transaction> begin(ScriptedFixture& fixture, StompSession session, std::string id = "tx-1")
{
    fixture.script.expect_frame("BEGIN", {{"transaction", id}});
    return session.begin();
}

} // namespace

BOOST_AUTO_TEST_CASE(a_message_is_acknowledged_once)
{
    for (bool const strict : {false, true}) {
        ScriptedFixture fixture;
        fixture.run([&]() -> asio::awaitable<void> {
            auto config = fixture.quiet();
            config.strict_acks = strict;
            auto session = co_await fixture.open(some_broker, config);
            auto inbox = co_await take_messages(fixture, session, AckMode::client_individual, 2);
            auto const copy = inbox.messages[0];
            fixture.script.expect_frame("ACK", {{"id", "1"}});
            bool const first = co_await session.ack(inbox.messages[0]);
            BOOST_TEST(first);
            for (auto const& again : {inbox.messages[0], copy}) {
                auto const acknowledged = co_await as_result(session.ack(again));
                BOOST_TEST(acknowledged.has_value() == !strict);
                auto const rejected = co_await as_result(again.nack());
                BOOST_TEST(rejected.has_value() == !strict);
                BOOST_TEST((strict || (!*acknowledged && !*rejected)));
                BOOST_TEST((!strict || is<StaleMessage>(acknowledged.error())));
            }
            fixture.script.expect_frame("NACK", {{"id", "2"}});
            bool const second = co_await session.nack(inbox.messages[1]);
            BOOST_TEST(second);
            co_await fixture.finish(session);
        });
    }
}

BOOST_AUTO_TEST_CASE(a_message_is_acknowledged_once_also_without_room)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(some_broker);
        auto inbox = co_await take_messages(*this, session, AckMode::client_individual, 1);
        auto const executor = co_await asio::this_coro::executor;
        co_await fill(session);
        auto const first = start(executor, session.ack(inbox.messages[0]));
        auto const second = start(executor, inbox.messages[0].nack());
        auto const third = start(executor, session.ack(inbox.messages[0]));
        co_await others_go_on();
        BOOST_TEST(!first->done);
        script.expect_frame("ACK", {{"id", "1"}});
        gate->open();
        co_await finished(third);
        BOOST_TEST(first->value.value());
        BOOST_TEST(!second->value.value());
        BOOST_TEST(!third->value.value());
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(what_is_withdrawn_settles_nothing)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(some_broker);
        auto inbox = co_await take_messages(*this, session, AckMode::client_individual, 1);
        auto const executor = co_await asio::this_coro::executor;
        co_await fill(session);
        auto const first = start(executor, session.ack(inbox.messages[0]));
        auto const second = start(executor, session.nack(inbox.messages[0]));
        co_await others_go_on();
        first->cancel();
        co_await finished(first);
        BOOST_TEST(is_aborted(first->failure));
        script.expect_frame("NACK", {{"id", "1"}});
        gate->open();
        co_await finished(second);
        BOOST_TEST(second->value.value());
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(a_cumulative_acknowledgement_settles_what_came_before)
{
    for (auto const mode : {AckMode::client, AckMode::client_individual}) {
        bool const cumulative = mode == AckMode::client;
        ScriptedFixture fixture;
        fixture.run([&]() -> asio::awaitable<void> {
            auto session = co_await fixture.open(some_broker);
            auto inbox = co_await take_messages(fixture, session, mode, 4);
            fixture.script.expect_frame("ACK", {{"id", "3"}});
            co_await session.ack(inbox.messages[2]);
            if (!cumulative)
                fixture.script.expect_frame("ACK", {{"id", "1"}});
            bool const earlier = co_await session.ack(inbox.messages[0]);
            BOOST_TEST(earlier == !cumulative);
            fixture.script.expect_frame("ACK", {{"id", "4"}});
            bool const later = co_await session.ack(inbox.messages[3]);
            BOOST_TEST(later);
            co_await fixture.finish(session);
        });
    }
}

BOOST_AUTO_TEST_CASE(an_aborted_transaction_opens_its_messages_again)
{
    for (bool const dropped : {false, true}) {
        ScriptedFixture fixture;
        fixture.run([&]() -> asio::awaitable<void> {
            auto session = co_await fixture.open(some_broker);
            auto inbox = co_await take_messages(fixture, session, AckMode::client, 4);
            fixture.script.expect_frame("ACK", {{"id", "1"}});
            co_await session.ack(inbox.messages[0]);
            auto transaction = co_await begin(fixture, session);
            fixture.script.expect_frame("ACK", {{"id", "3"}, {"transaction", "tx-1"}});
            bool const in_it = co_await transaction.ack(inbox.messages[2]);
            BOOST_TEST(in_it);
            bool const meanwhile = co_await session.ack(inbox.messages[1]);
            BOOST_TEST(!meanwhile);
            bool const twice = co_await transaction.nack(inbox.messages[2]);
            BOOST_TEST(!twice);
            fixture.script.expect_frame("ABORT", {{"transaction", "tx-1"}});
            if (dropped)
                transaction = Transaction();
            else
                co_await transaction.abort();
            fixture.script.expect_frame("ACK", {{"id", "2"}});
            bool const afterwards = co_await session.ack(inbox.messages[1]);
            BOOST_TEST(afterwards);
            bool const before = co_await session.ack(inbox.messages[0]);
            BOOST_TEST(!before);
            fixture.script.expect_frame("ACK", {{"id", "3"}});
            bool const the_rest = co_await session.ack(inbox.messages[2]);
            BOOST_TEST(the_rest);
            co_await fixture.finish(session);
        });
    }
}

BOOST_AUTO_TEST_CASE(a_committed_transaction_does_not)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(some_broker);
        auto inbox = co_await take_messages(*this, session, AckMode::client_individual, 1);
        auto transaction = co_await begin(*this, session);
        script.expect_frame("ACK", {{"id", "1"}, {"transaction", "tx-1"}});
        co_await transaction.ack(inbox.messages[0]);
        script.expect_frame("COMMIT");
        co_await transaction.commit();
        bool const again = co_await session.ack(inbox.messages[0]);
        BOOST_TEST(!again);
        co_await finish(session);
    });
}

// The broker has read ABORT before it reads what is sent next.
BOOST_AUTO_TEST_CASE(messages_are_open_as_soon_as_abort_is_encoded)
{
    run([this]() -> asio::awaitable<void> {
        auto const receipt = "RECEIPT\nreceipt-id:{receipt}";
        auto config = quiet();
        config.auto_receipt = true;
        auto session = co_await open(some_broker, config);
        script.expect_frame("SUBSCRIBE").reply_frame(receipt);
        deliver("1");
        auto how = named(AckMode::client_individual);
        auto inbox = co_await session.subscribe("/queue/q", std::move(how));
        auto const message = co_await inbox.receive();
        script.expect_frame("BEGIN").reply_frame(receipt);
        auto transaction = co_await session.begin();
        script.expect_frame("ACK", {{"transaction", "tx-1"}});
        co_await transaction.ack(message);
        auto const executor = co_await asio::this_coro::executor;
        script.expect_frame("ABORT"); // whose RECEIPT does not come
        auto const aborting = start(executor, transaction.abort());
        co_await until([&] { return script.done(); });
        script.expect_frame("ACK", {{"id", "1"}}).reply_frame(receipt);
        bool const again = co_await session.ack(message);
        BOOST_TEST(again);
        aborting->cancel();
        co_await finished(aborting);
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(a_transaction_ends_once_also_without_room)
{
    for (bool const commits : {true, false}) {
        ScriptedFixture fixture;
        fixture.run([&]() -> asio::awaitable<void> {
            auto session = co_await fixture.open(some_broker);
            auto transaction = co_await begin(fixture, session);
            auto const executor = co_await asio::this_coro::executor;
            co_await fixture.fill(session);
            auto const before = start(executor, transaction.send("/queue/a", "before"));
            auto const first = start(executor, commits ? transaction.commit() : transaction.abort());
            auto const second = start(executor, transaction.commit());
            auto const third = start(executor, transaction.abort());
            auto const behind = start(executor, transaction.send("/queue/a", "behind"));
            co_await others_go_on();
            fixture.script.expect_frame("SEND", {{"transaction", "tx-1"}});
            fixture.script.expect_frame(commits ? "COMMIT" : "ABORT");
            fixture.gate->open();
            co_await finished(behind);
            BOOST_TEST(!before->failure);
            BOOST_TEST(first->done);
            BOOST_TEST(!first->failure);
            for (auto const& late : {second, third, behind}) {
                BOOST_REQUIRE(late->done);
                BOOST_TEST(is<SessionClosed>(late->failure), late->failure.what());
                BOOST_TEST(late->failure.outcome() == Outcome::not_sent);
            }
            BOOST_TEST(session.is_open());
            co_await fixture.finish(session);
        });
    }
}

BOOST_AUTO_TEST_CASE(whoever_drops_a_transaction_while_it_is_committed_does_not_abort_it)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(some_broker);
        auto transaction = co_await begin(*this, session);
        auto const executor = co_await asio::this_coro::executor;
        co_await fill(session);
        auto const committing = start(executor, transaction.commit());
        co_await others_go_on();
        transaction = Transaction();
        script.expect_frame("COMMIT");
        gate->open();
        co_await finished(committing);
        BOOST_TEST(!committing->failure);
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(a_dropped_transaction_is_aborted_when_its_commit_is_withdrawn)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(some_broker);
        auto transaction = co_await begin(*this, session);
        auto const executor = co_await asio::this_coro::executor;
        co_await fill(session);
        auto const committing = start(executor, transaction.commit());
        co_await others_go_on();
        transaction = Transaction();
        committing->cancel();
        co_await finished(committing);
        BOOST_TEST(is_aborted(committing->failure));
        script.expect_frame("ABORT");
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(commit_fails_as_the_first_of_its_confirmations)
{
    run([this]() -> asio::awaitable<void> {
        auto config = quiet();
        config.error_frames_are_fatal = false;
        auto session = co_await open(some_broker, config);
        auto transaction = co_await begin(*this, session);
        for (auto const* const id : {"r1", "r2", "r3"}) {
            script.expect_frame("SEND", {{"receipt", id}});
            OutgoingMessage message("/queue/a", id);
            message.receipt(id);
            co_await transaction.send(std::move(message));
        }
        script.expect_frame("COMMIT");
        script.reply_frame("RECEIPT\nreceipt-id:{receipt}");
        for (auto const* const id : {"r3", "r2"})
            script.reply_frame("ERROR\nmessage:no\nreceipt-id:" + std::string(id));
        script.reply_frame("RECEIPT\nreceipt-id:r1");
        auto const failure = co_await failure_of(transaction.commit());
        BOOST_REQUIRE(is<ErrorFrameReceived>(failure));
        BOOST_TEST(as<ErrorFrameReceived>(failure).frame().header("receipt-id").value_or("") == "r2");
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(unsubscribe_does_not_overtake_an_acknowledgement_that_waits_for_room)
{
    for (auto const* const broker : {rabbitmq, some_broker}) {
        for (bool const dropped : {false, true}) {
            BOOST_TEST_CONTEXT(broker << ", dropped: " << dropped)
            {
                ScriptedFixture fixture;
                fixture.run([&]() -> asio::awaitable<void> {
                    auto session = co_await fixture.open(broker);
                    auto inbox = co_await take_messages(fixture, session, AckMode::client_individual, 3);
                    auto const executor = co_await asio::this_coro::executor;
                    co_await fixture.fill(session);
                    auto const first = start(executor, session.ack(inbox.messages[0]));
                    auto const twice = start(executor, session.ack(inbox.messages[0]));
                    auto const third = start(executor, session.nack(inbox.messages[2]));
                    co_await others_go_on();
                    fixture.script.expect_frame("ACK", {{"id", "1"}});
                    fixture.script.expect_frame("NACK", {{"id", "3"}});
                    if (broker == std::string(rabbitmq)) {
                        fixture.script.expect_frame("BEGIN");
                        fixture.script.expect_frame("NACK", {{"id", "2"}, {"transaction", ""}});
                    }
                    fixture.script.expect_frame("UNSUBSCRIBE", {{"id", "s"}});
                    fixture.script.reply_frame("RECEIPT\nreceipt-id:{receipt}");
                    if (broker == std::string(rabbitmq))
                        fixture.script.expect_frame("COMMIT");
                    if (dropped)
                        inbox.subscription = Subscription();
                    else
                        co_await inbox.subscription.unsubscribe();
                    co_await finished(third);
                    BOOST_TEST(first->value.value());
                    BOOST_TEST(!twice->value.value());
                    BOOST_TEST(third->value.value());
                    bool const afterwards = co_await session.ack(inbox.messages[1]);
                    BOOST_TEST(!afterwards);
                    co_await fixture.finish(session);
                });
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_waits_for_room_when_the_session_disconnects_is_acknowledged)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(some_broker);
        auto inbox = co_await take_messages(*this, session, AckMode::client_individual, 1);
        auto const executor = co_await asio::this_coro::executor;
        co_await fill(session);
        auto const acknowledging = start(executor, session.ack(inbox.messages[0]));
        co_await others_go_on();
        script.expect_frame("ACK", {{"id", "1"}});
        script.expect_frame("DISCONNECT").reply_frame("RECEIPT\nreceipt-id:{receipt}");
        auto const disconnecting = start(executor, session.disconnect());
        co_await others_go_on();
        inbox.subscription = Subscription();
        gate->open();
        co_await finished(disconnecting);
        co_await finished(acknowledging);
        BOOST_TEST(acknowledging->value.value());
        BOOST_CHECK_NO_THROW(script.verify());
    });
}

BOOST_AUTO_TEST_SUITE_END()
