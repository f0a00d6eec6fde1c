#include "reconnect_tools.hpp"

#include <cstdint>

// What becomes of messages when the connection is lost.
BOOST_FIXTURE_TEST_SUITE(reconnect_sends, arbalest::test::ReconnectFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

// Everything that waits in a queue, in order.
asio::awaitable<std::string> drain(StompSession session, std::string queue, std::size_t count)
{
    std::string bodies;
    auto inbox = co_await session.subscribe(queue);
    for (std::size_t i = 0; i < count; ++i) {
        auto const message = co_await inbox.next_for(10s);
        bodies += message.value().body();
    }
    co_return bodies;
}

} // namespace

BOOST_AUTO_TEST_CASE(confirmed_sends_are_repeated_in_order_with_the_same_receipt_id)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().drop_receipts();
        std::vector<PendingReceipt> pending;
        std::vector<std::string> const texts{"a", "b", "c"};
        for (auto const& body : texts) {
            auto receipt = co_await session.submit("/queue/a", body);
            pending.push_back(std::move(receipt));
        }
        OutgoingMessage named("/queue/a", "d");
        named.receipt("by-hand");
        auto const by_hand = start(executor, session.send(std::move(named)));
        co_await until([&] { return count_received("SEND d") == 1; });
        broker.faults().clear();
        broker.faults().close_connections();
        for (auto& receipt : pending)
            co_await receipt.confirmed();
        co_await finished(by_hand);
        BOOST_TEST(by_hand->value.value().value().id() == "by-hand");

        std::vector<std::string> ids;
        std::string bodies;
        for (auto const& [connection, frame] : all_received()) {
            if (frame.command() != "SEND")
                continue;
            bodies += frame.body();
            ids.emplace_back(frame.header("receipt").value());
        }
        BOOST_TEST(bodies == "abcdabcd");
        for (std::size_t i = 0; i < 4; ++i)
            BOOST_TEST(ids.at(i) == ids.at(i + 4));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(without_repetition_they_fail_with_an_unknown_outcome)
{
    run([this]() -> asio::awaitable<void> {
        auto policy = quick_policy();
        policy.resend_unconfirmed = false;
        auto session = co_await connect(reconnecting(policy));
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().drop_receipts(1);
        auto const sent = start(executor, send_confirmed(session, "/queue/a", "once"));
        co_await until([&] { return count_received("SEND once") == 1; });
        broker.faults().close_connections();
        co_await finished(sent);
        BOOST_TEST(is<ConnectionLost>(sent->failure), sent->failure.what());
        BOOST_TEST((sent->failure.outcome() == Outcome::unknown));
        co_await until_connected(session, 2);
        // What was not sent yet has nothing to be in doubt about.
        broker.stop();
        co_await until_lost(session);
        auto const later = start(executor, send_confirmed(session, "/queue/a", "later"));
        co_await others_go_on();
        broker.listen();
        co_await finished(later);
        BOOST_TEST(!later->failure, later->failure.what());
        BOOST_TEST(count_received("SEND once") == 1u);
        BOOST_TEST(count_received("SEND later") == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_ended_the_connection_is_told_to_those_that_fail)
{
    run([this]() -> asio::awaitable<void> {
        auto policy = quick_policy();
        policy.resend_unconfirmed = false;
        auto session = co_await connect(reconnecting(policy));
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().drop_receipts(1);
        auto const sent = start(executor, send_confirmed(session, "/queue/a", "x"));
        co_await until([&] { return count_received("SEND x") == 1; });
        std::string bytes("ERROR\nmessage:shutting down\n\n");
        bytes += '\0';
        broker.faults().send_raw(bytes);
        co_await finished(sent);
        BOOST_REQUIRE(is<ConnectionLost>(sent->failure));
        BOOST_TEST((as<ConnectionLost>(sent->failure).cause() == errc::error_frame_received));
        BOOST_TEST(sent->failure.what().find("shutting down") != std::string::npos);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_error_that_names_a_message_refuses_it_for_good)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        broker.faults().refuse_next("SEND");
        auto const failure = co_await failure_of(send_confirmed(session, "/queue/a", "bad"));
        BOOST_TEST(is<ErrorFrameReceived>(failure), failure.what());
        BOOST_TEST((failure.outcome() == Outcome::refused));
        co_await until_connected(session, 2);
        co_await send_confirmed(session, "/queue/a", "good");
        BOOST_TEST(count_received("SEND bad") == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(without_a_receipt_what_was_written_is_not_repeated)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        co_await session.send("/queue/a", "written");
        co_await until([&] { return count_received("SEND written") == 1; });
        broker.faults().close_connections();
        co_await until_connected(session, 2);
        co_await send_confirmed(session, "/queue/a", "next");
        BOOST_TEST(count_received("SEND written") == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_is_sent_while_the_connection_is_down_goes_out_in_order)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        broker.stop();
        co_await until_lost(session);
        std::vector<PendingReceipt> pending;
        std::string expected;
        for (char c = 'a'; c <= 'z'; ++c) {
            std::string const body(1, c);
            expected += body;
            if ((c - 'a') % 2 == 0) {
                co_await session.send("/queue/a", body);
                continue;
            }
            auto receipt = co_await session.submit("/queue/a", body);
            pending.push_back(std::move(receipt));
        }
        BOOST_TEST(session.is_open());
        BOOST_TEST(!session.is_connected());
        broker.listen();
        for (auto& receipt : pending)
            co_await receipt.confirmed();
        auto const bodies = co_await drain(session, "/queue/a", expected.size());
        BOOST_TEST(bodies == expected);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_full_outbox_suspends_in_order)
{
    run([this]() -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            bool const by_bytes = i == 1;
            auto policy = quick_policy();
            auto const size = OutgoingMessage("/queue/a", "x").frame().memory();
            policy.outbox = by_bytes ? OutboxLimits(1000, 2 * size) : OutboxLimits(2, 1'000'000);
            auto session = co_await connect(reconnecting(policy));
            auto const executor = co_await asio::this_coro::executor;
            broker.stop();
            co_await until_lost(session);
            co_await session.send("/queue/a", "1");
            co_await session.send("/queue/a", "2");
            std::vector<std::shared_ptr<Task<std::optional<Receipt>>>> suspended;
            std::vector<std::string> const texts{"3", "4", "5", "6"};
            for (auto const& body : texts)
                suspended.push_back(start(executor, session.send("/queue/a", body)));
            co_await others_go_on();
            for (auto const& task : suspended)
                BOOST_TEST(!task->done);
            // One of them thinks better of it.
            suspended[1]->cancel();
            co_await finished(suspended[1]);
            BOOST_TEST(is_aborted(suspended[1]->failure));
            broker.listen();
            for (auto const& task : suspended)
                co_await finished(task);
            auto const bodies = co_await drain(session, "/queue/a", 5);
            BOOST_TEST(bodies == "12356");
            co_await session.disconnect();
        }
    });
}

BOOST_AUTO_TEST_CASE(unconfirmed_messages_fill_the_outbox_while_the_connection_is_up)
{
    run([this]() -> asio::awaitable<void> {
        auto policy = quick_policy();
        policy.outbox.messages = 2;
        auto session = co_await connect(reconnecting(policy));
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().delay_receipts(50ms);
        auto first = co_await session.submit("/queue/a", "1");
        auto second = co_await session.submit("/queue/a", "2");
        auto const third = start(executor, session.submit("/queue/a", "3"));
        co_await others_go_on();
        BOOST_TEST(!third->done);
        co_await first.confirmed();
        co_await finished(third);
        co_await second.confirmed();
        co_await third->value->confirmed();
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_send_cancelled_while_the_connection_is_down_never_goes_out)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        broker.stop();
        co_await until_lost(session);
        auto const cancelled = start(executor, send_confirmed(session, "/queue/a", "cancelled"));
        auto limited = send_confirmed(session, "/queue/a", "timed out");
        auto const late = start(executor, with_timeout(1ms, std::move(limited)));
        auto const sent = start(executor, send_confirmed(session, "/queue/a", "sent"));
        co_await others_go_on();
        cancelled->cancel();
        co_await finished(cancelled);
        co_await finished(late);
        BOOST_TEST(is_aborted(cancelled->failure));
        BOOST_TEST(is<Timeout>(late->failure));
        broker.listen();
        co_await finished(sent);
        BOOST_TEST(count_received("SEND cancelled") == 0u);
        BOOST_TEST(count_received("SEND timed out") == 0u);
        BOOST_TEST(count_received("SEND sent") == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(letting_go_of_a_confirmation_takes_nothing_back)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        broker.faults().drop_receipts(1);
        {
            auto const forgotten = co_await session.submit("/queue/a", "under way");
        }
        co_await until([&] { return count_received("SEND under way") == 1; });
        broker.stop();
        co_await until_lost(session);
        {
            auto const forgotten = co_await session.submit("/queue/a", "down");
        }
        broker.listen();
        co_await send_confirmed(session, "/queue/a", "last");
        BOOST_TEST(count_received("SEND under way") == 2u);
        BOOST_TEST(count_received("SEND down") == 1u);
        co_await session.disconnect();
    });
}

// A message that brings the broker down would do so for ever.
BOOST_AUTO_TEST_CASE(a_message_that_was_under_way_at_two_losses_in_a_row_is_poison)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().drop_receipts();
        auto const poison = start(executor, send_confirmed(session, "/queue/a", "poison"));
        co_await until([&] { return count_received("SEND poison") == 1; });
        broker.faults().close_connections();
        co_await until([&] { return count_received("SEND poison") == 2; });
        BOOST_TEST(!poison->done);
        broker.faults().close_connections();
        co_await finished(poison);
        broker.faults().clear();
        BOOST_TEST(is<ConnectionLost>(poison->failure), poison->failure.what());
        BOOST_TEST((poison->failure.outcome() == Outcome::unknown));
        co_await send_confirmed(session, "/queue/a", "harmless");
        BOOST_TEST(session.stats().connections == 3u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(two_losses_with_a_confirmation_in_between_are_not_in_a_row)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        for (int i = 0; i < 4; ++i) {
            auto const connections = session.stats().connections;
            broker.faults().drop_receipts(1);
            auto const sent = start(executor, send_confirmed(session, "/queue/a", "x"));
            co_await until([&] { return broker.queue_depth("/queue/a") == 2U * static_cast<unsigned>(i) + 1; });
            broker.faults().close_connections();
            co_await finished(sent);
            BOOST_TEST(!sent->failure, sent->failure.what());
            BOOST_TEST(session.stats().connections == connections + 1);
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(the_time_for_a_receipt_stands_still_without_a_connection)
{
    run([this]() -> asio::awaitable<void> {
        auto config = reconnecting();
        config.receipt_timeout = 400ms;
        auto session = co_await connect(config);
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().drop_receipts(1);
        auto const before = start(executor, send_confirmed(session, "/queue/a", "before"));
        co_await until([&] { return count_received("SEND before") == 1; });
        broker.stop();
        co_await until_lost(session);
        auto const meanwhile = start(executor, send_confirmed(session, "/queue/a", "meanwhile"));
        co_await pause(600ms);
        BOOST_TEST(!before->done);
        BOOST_TEST(!meanwhile->done);
        broker.faults().drop_receipts();
        broker.listen();
        co_await finished(before);
        co_await finished(meanwhile);
        // Then it runs again.
        BOOST_TEST(is<LostReceipt>(before->failure), before->failure.what());
        BOOST_TEST(is<LostReceipt>(meanwhile->failure), meanwhile->failure.what());
        BOOST_TEST((meanwhile->failure.outcome() == Outcome::unknown));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(flush_waits_for_a_connection_and_fails_when_it_is_lost_meanwhile)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        broker.stop();
        co_await until_lost(session);
        co_await session.send("/queue/a", "x");
        auto const flushed = start(executor, session.flush());
        co_await others_go_on();
        BOOST_TEST(!flushed->done);
        broker.listen();
        co_await finished(flushed);
        BOOST_TEST(!flushed->failure, flushed->failure.what());
        co_await until([&] { return count_received("SEND x") == 1; });

        broker.faults().stop_reading();
        std::string const large(std::size_t{8} << 20, 'x');
        auto const sent = start(executor, send_confirmed(session, "/queue/a", large));
        co_await others_go_on();
        auto const cut_short = start(executor, session.flush());
        co_await others_go_on();
        BOOST_TEST(!cut_short->done);
        broker.faults().clear();
        broker.faults().reset_connections();
        co_await finished(cut_short);
        BOOST_TEST(is<ConnectionLost>(cut_short->failure), cut_short->failure.what());
        co_await finished(sent);
        BOOST_TEST(!sent->failure, sent->failure.what());
        co_await session.disconnect();
    });
}

// With a write buffer of no size, a send without a receipt waits until it was written: on whichever connection.
BOOST_AUTO_TEST_CASE(a_send_that_waits_for_its_writing_survives_a_loss_before_it)
{
    run([this]() -> asio::awaitable<void> {
        auto config = reconnecting();
        config.write_buffer.limit = 0;
        auto session = co_await connect(config);
        auto const executor = co_await asio::this_coro::executor;
        broker.stop();
        co_await until_lost(session);
        auto const waits = start(executor, session.send("/queue/a", "waits"));
        auto const withdrawn = start(executor, session.send("/queue/a", "withdrawn"));
        co_await others_go_on();
        BOOST_TEST(!waits->done);
        withdrawn->cancel();
        co_await finished(withdrawn);
        broker.listen();
        co_await finished(waits);
        BOOST_TEST(!waits->failure, waits->failure.what());
        co_await until([&] { return count_received("SEND waits") == 1; });
        BOOST_TEST(count_received("SEND withdrawn") == 0u);

        broker.faults().stop_reading();
        std::string const large(std::size_t{8} << 20, 'x');
        auto const cut = start(executor, session.send("/queue/a", large));
        co_await pause(20ms);
        BOOST_TEST(!cut->done);
        broker.faults().clear();
        broker.faults().reset_connections();
        co_await finished(cut);
        BOOST_TEST(is<ConnectionLost>(cut->failure), cut->failure.what());
        BOOST_TEST((cut->failure.outcome() == Outcome::unknown));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_interceptor_sees_a_message_once_however_often_it_is_sent)
{
    class Counting : public Interceptor
    {
    public:
        void on_outgoing(Frame& frame) override
        {
            if (frame.command() == "SEND")
                frame.add_header("seen", std::to_string(++count));
        }
        int count = 0;
    };
    run([this]() -> asio::awaitable<void> {
        auto const interceptor = std::make_shared<Counting>();
        auto config = reconnecting();
        config.interceptor = interceptor;
        auto session = co_await connect(config);
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().drop_receipts(1);
        OutgoingMessage message("/queue/a", "x");
        message.header("passcode", "also a header of messages").with_receipt();
        auto const sent = start(executor, session.send(std::move(message)));
        co_await until([&] { return count_received("SEND x") == 1; });
        broker.faults().close_connections();
        co_await finished(sent);
        BOOST_TEST(interceptor->count == 1);
        auto inbox = co_await session.subscribe("/queue/a");
        for (int i = 0; i < 2; ++i) {
            auto const copy = co_await inbox.next_for(10s);
            BOOST_TEST((copy->header("seen") == "1"));
            BOOST_TEST((copy->header("passcode") == "also a header of messages"));
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
