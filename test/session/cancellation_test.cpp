#include "support/session_tools.hpp"

// Every operation can be cancelled, by a signal and by a timeout, and the session is as good as before.
BOOST_FIXTURE_TEST_SUITE(cancellation, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

asio::awaitable<void> check_usable(StompSession session)
{
    BOOST_TEST(session.is_open());
    auto inbox = co_await session.subscribe("/queue/usable");
    OutgoingMessage message("/queue/usable", "still here");
    message.with_receipt();
    auto const receipt = co_await session.send(std::move(message));
    BOOST_TEST(receipt.has_value());
    auto const received = co_await inbox.receive();
    BOOST_TEST(received.body() == "still here");
}

// The operation waits; it is cancelled; it ends with operation_aborted.
template <class T>
asio::awaitable<void> cancel_waiting(asio::awaitable<T> operation)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const task = start(executor, std::move(operation));
    co_await others_go_on();
    BOOST_TEST(!task->done);
    task->cancel();
    co_await finished(task);
    BOOST_TEST(is_aborted(task->failure), task->failure.what());
}

template <class T>
asio::awaitable<void> time_out(asio::awaitable<T> operation)
{
    auto const failure = co_await failure_of(with_timeout(5ms, std::move(operation)));
    BOOST_TEST(is<Timeout>(failure), failure.what());
}

OutgoingMessage with_receipt(std::string_view destination, std::string_view body)
{
    OutgoingMessage message(destination, body);
    message.with_receipt();
    return message;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_send_that_waits_for_room_is_withdrawn)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.write_buffer = 1000;
        auto session = co_await connect(config);
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().stop_reading();
        auto const filler = start(executor, session.send("/queue/f", std::string(std::size_t{32} << 20, 'x')));
        co_await others_go_on();
        std::string const large(2000, 'y');
        auto const fits = start(executor, session.send("/queue/f", large));
        co_await others_go_on();
        auto const before = start(executor, session.send("/queue/before", large));
        auto const sending = start(executor, session.send("/queue/cancelled", large));
        auto const confirmed = start(executor, session.send(with_receipt("/queue/cancelled", large)));
        auto const submitting = start(executor, session.submit("/queue/cancelled", large));
        auto const subscribing = start(executor, session.subscribe("/queue/cancelled"));
        auto const after = start(executor, session.send("/queue/after", large));
        co_await others_go_on();
        auto const timed = co_await failure_of(with_timeout(5ms, session.send("/queue/cancelled", large)));
        BOOST_TEST(is<Timeout>(timed), timed.what());
        sending->cancel();
        confirmed->cancel();
        submitting->cancel();
        subscribing->cancel();
        co_await finished(sending);
        co_await finished(confirmed);
        co_await finished(submitting);
        co_await finished(subscribing);
        BOOST_TEST(is_aborted(sending->failure), sending->failure.what());
        BOOST_TEST(is_aborted(confirmed->failure), confirmed->failure.what());
        BOOST_TEST(is_aborted(submitting->failure), submitting->failure.what());
        BOOST_TEST(is_aborted(subscribing->failure), subscribing->failure.what());
        BOOST_TEST(!before->done);
        BOOST_TEST(!after->done);
        broker.faults().resume_reading();
        co_await finished(filler);
        co_await finished(fits);
        co_await finished(before);
        co_await finished(after);
        co_await check_usable(session);
        BOOST_TEST(broker.stats("/queue/before").sent == 1u);
        BOOST_TEST(broker.stats("/queue/after").sent == 1u);
        BOOST_TEST(broker.stats("/queue/cancelled").sent == 0u);
        BOOST_TEST(broker.subscriptions() <= 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_waits_for_a_receipt)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        auto inbox = co_await session.subscribe("/queue/in", AckMode::client_individual);
        for (int i = 0; i < 2; ++i)
            broker.publish("/queue/in", "x");
        auto const first = co_await inbox.receive();
        auto const second = co_await inbox.receive();
        broker.faults().delay_receipts(60ms);

        co_await cancel_waiting(session.send(with_receipt("/queue/a", "1")));
        co_await time_out(session.send(with_receipt("/queue/a", "2")));
        auto one = co_await session.submit("/queue/a", "3");
        co_await cancel_waiting(one.confirmed());
        auto two = co_await session.submit("/queue/a", "4");
        co_await time_out(two.confirmed());
        FrameOptions asking;
        asking.with_receipt();
        co_await cancel_waiting(session.ack(first, asking));
        co_await time_out(session.nack(second, asking));
        co_await cancel_waiting(session.begin(asking));
        co_await time_out(session.begin(asking));
        auto transaction = co_await session.begin();
        co_await transaction.send(with_receipt("/queue/t", "5"));
        co_await cancel_waiting(transaction.commit());
        auto other = co_await session.begin();
        co_await other.send(with_receipt("/queue/t", "6"));
        co_await time_out(other.commit());
        co_await cancel_waiting(inbox.unsubscribe(asking));

        // Now all the late receipts come.
        co_await pause(80ms);
        broker.faults().clear();
        co_await check_usable(session);
        BOOST_TEST(broker.stats("/queue/a").sent == 4u); // they went out all the same
        BOOST_TEST(broker.stats("/queue/t").sent == 2u);
        BOOST_TEST(broker.stats("/queue/in").subscriptions == 0u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_subscribe_leaves_nothing_at_the_broker)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        broker.faults().delay_receipts(50ms);
        co_await cancel_waiting(session.subscribe("/queue/a"));
        co_await time_out(session.subscribe("/queue/b"));
        SubscribeOptions how;
        how.receipt_timeout(1ms);
        auto const lost = co_await failure_of(session.subscribe("/queue/c", how));
        BOOST_TEST(is<LostReceipt>(lost), lost.what());
        co_await until([&] { return broker.subscriptions() == 0; });
        broker.faults().clear();
        co_await check_usable(session);
        for (auto const name : {"/queue/a", "/queue/b", "/queue/c"})
            BOOST_TEST(broker.stats(name).subscriptions == 0u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_waits_for_a_message)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        auto inbox = co_await session.subscribe("/queue/in");
        co_await cancel_waiting(inbox.next());
        co_await cancel_waiting(inbox.receive());
        co_await cancel_waiting(inbox.next_for(20s));
        co_await cancel_waiting(inbox.ready());
        co_await time_out(inbox.next());
        co_await time_out(inbox.receive());
        co_await time_out(inbox.next_for(20s));
        co_await time_out(inbox.ready());
        broker.publish("/queue/in", "kept");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "kept");
        co_await check_usable(session);
        co_await session.disconnect();
    });
}

// The message and the cancellation come at about the same time: the message is taken, or is still there.
BOOST_AUTO_TEST_CASE(a_cancellation_that_meets_the_message_loses_nothing)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/in");
        int received = 0;
        int aborted = 0;
        for (int i = 0; i < 1000; ++i) {
            auto const task = start(executor, inbox.next());
            co_await others_go_on(2);
            broker.publish("/queue/in", std::to_string(i));
            co_await others_go_on(i % 12);
            task->cancel();
            co_await finished(task);
            if (task->failure) {
                BOOST_REQUIRE(is_aborted(task->failure));
                ++aborted;
            } else {
                BOOST_REQUIRE(task->value.value().value().body() == std::to_string(received));
                ++received;
            }
        }
        while (received < 1000) {
            auto const message = co_await inbox.next_for(10s);
            BOOST_REQUIRE(message.value().body() == std::to_string(received));
            ++received;
        }
        BOOST_TEST(inbox.buffered() == 0u);
        BOOST_TEST_MESSAGE(aborted << " of them were cancelled in time");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(flush)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().stop_reading();
        auto const filler = start(executor, session.send("/queue/f", std::string(std::size_t{32} << 20, 'x')));
        co_await finished(filler); // it is in the write buffer
        co_await cancel_waiting(session.flush());
        co_await time_out(session.flush());
        broker.faults().resume_reading();
        co_await session.flush();
        co_await check_usable(session);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(closed)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        auto const executor = co_await asio::this_coro::executor;
        auto const other = start(executor, session.closed());
        co_await cancel_waiting(session.closed());
        co_await time_out(session.closed());
        BOOST_TEST(!other->done);
        co_await check_usable(session);
        co_await session.disconnect();
        co_await finished(other);
        BOOST_TEST((other->value.value().code() == errc::session_closed));
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_disconnect_closes_at_once)
{
    for (bool const by_timeout : {false, true}) {
        run([&]() -> asio::awaitable<void> {
            StompConfig config;
            config.disconnect_timeout = 20s;
            auto session = co_await connect(config);
            auto const executor = co_await asio::this_coro::executor;
            broker.faults().fall_silent();
            auto const sending = start(executor, session.send(with_receipt("/queue/a", "x")));
            auto const closed = start(executor, session.closed());
            co_await others_go_on();
            if (by_timeout)
                co_await time_out(session.disconnect());
            else
                co_await cancel_waiting(session.disconnect());
            co_await finished(closed);
            BOOST_TEST((closed->value.value().code() == errc::session_closed));
            co_await finished(sending);
            BOOST_TEST(is<SessionClosed>(sending->failure), sending->failure.what());
            BOOST_TEST(sending->failure.outcome() == Outcome::unknown);
            co_await until([&] { return broker.connections() == 0; });
            broker.faults().clear();
        });
    }
}

BOOST_AUTO_TEST_CASE(a_silent_broker_does_not_hold_disconnect_up_for_long)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.disconnect_timeout = 30ms;
        auto session = co_await connect(config);
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().fall_silent();
        auto const sending = start(executor, session.send(with_receipt("/queue/a", "x")));
        co_await until([&] { return broker.stats("/queue/a").sent == 1; });
        co_await session.disconnect();
        co_await finished(sending);
        BOOST_TEST(is<SessionClosed>(sending->failure), sending->failure.what());
        BOOST_TEST(sending->failure.outcome() == Outcome::unknown);
        co_await until([&] { return broker.connections() == 0; });
    });
}

BOOST_AUTO_TEST_SUITE_END()
