#include "reconnect_tools.hpp"

#include <cstdint>
#include <set>

// What a lost connection means for everything that is not a message: acknowledgements, subscriptions, transactions.
BOOST_FIXTURE_TEST_SUITE(reconnect_operations, arbalest::test::ReconnectFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

std::string error_frame(std::string_view text)
{
    std::string bytes("ERROR\nmessage:");
    bytes += text;
    bytes += "\n\n";
    bytes += '\0';
    return bytes;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_plain_loop_runs_on_through_any_number_of_losses)
{
    run([this]() -> asio::awaitable<void> {
        constexpr int losses = 25;
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a", AckMode::client_individual);
        int stale = 0;
        std::set<std::string> seen;
        auto const consumer = [&]() -> asio::awaitable<void> {
            while (auto message = co_await inbox.next()) {
                seen.emplace(message->body());
                auto const taken = co_await session.ack(*message);
                stale += taken ? 0 : 1;
            }
        };
        auto const loop = start(executor, consumer());
        for (int i = 0; i < losses; ++i) {
            auto const connections = session.stats().connections;
            co_await send_confirmed(session, "/queue/a", std::to_string(i));
            broker.faults().close_connections();
            co_await until_connected(session, connections + 1);
        }
        co_await until([&] { return seen.size() == losses; });
        co_await until([&] {
            auto const stats = broker.stats("/queue/a");
            return stats.depth == 0 && stats.unacknowledged == 0;
        });
        BOOST_TEST(!loop->done);
        co_await session.disconnect();
        co_await finished(loop);
        BOOST_TEST(!loop->failure, loop->failure.what());
    });
}

BOOST_AUTO_TEST_CASE(an_ack_of_the_old_connections_message_is_stale)
{
    run([this]() -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            bool const strict = i == 1;
            auto config = reconnecting();
            config.strict_acks = strict;
            auto session = co_await connect(config);
            auto inbox = co_await session.subscribe("/queue/a", AckMode::client_individual);
            co_await send_confirmed(session, "/queue/a", "x");
            auto const message = co_await inbox.next_for(10s);
            broker.stop();
            co_await until_lost(session);
            // Without a connection, and on the next one.
            auto const down = co_await as_result(session.ack(*message));
            broker.listen();
            co_await until_connected(session, 2);
            auto const up = co_await as_result(session.nack(*message));
            if (strict) {
                BOOST_TEST((down.error().code() == errc::stale_message));
                BOOST_TEST((up.error().code() == errc::stale_message));
            } else {
                BOOST_TEST(!down.value());
                BOOST_TEST(!up.value());
            }
            auto const again = co_await inbox.next_for(10s);
            BOOST_TEST(again.value().body() == "x");
            BOOST_TEST((again->header("redelivered") == "true"));
            auto const taken = co_await session.ack(*again);
            BOOST_TEST(taken);
            co_await session.disconnect();
        }
    });
}

BOOST_AUTO_TEST_CASE(buffered_messages_that_need_an_ack_come_again_and_the_others_stay)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto acked = co_await session.subscribe("/queue/a", AckMode::client);
        auto automatic = co_await session.subscribe("/topic/b");
        co_await until([&] { return broker.subscriptions() == 2; });
        for (int i = 0; i < 3; ++i) {
            broker.publish("/queue/a", std::to_string(i));
            broker.publish("/topic/b", std::to_string(i));
        }
        co_await until([&] { return acked.buffered() == 3 && automatic.buffered() == 3; });
        broker.stop();
        co_await until_lost(session);
        BOOST_TEST(acked.buffered() == 0u);
        BOOST_TEST(automatic.buffered() == 3u);
        broker.listen();
        for (int i = 0; i < 3; ++i) {
            auto const message = co_await acked.next_for(10s);
            BOOST_TEST(message.value().body() == std::to_string(i));
            auto const other = co_await automatic.next_for(10s);
            BOOST_TEST(other.value().body() == std::to_string(i));
        }
        BOOST_TEST(broker.stats("/queue/a").delivered == 6u);
        co_await session.disconnect();
    });
}

// What stops reading must not stop it for ever, when the messages that stopped it are gone.
BOOST_AUTO_TEST_CASE(a_full_buffer_that_is_dropped_lets_reading_go_on)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        SubscribeOptions how(AckMode::client_individual);
        SubscriptionBuffer small;
        small.messages = 2;
        how.buffer(small).header("prefetch-count", "100");
        auto inbox = co_await session.subscribe("/queue/a", how);
        for (int i = 0; i < 20; ++i)
            broker.publish("/queue/a", std::to_string(i));
        co_await until([&] { return inbox.buffered() >= 2; });
        broker.faults().reset_connections();
        std::string order;
        for (int i = 0; i < 20; ++i) {
            auto const message = co_await inbox.next_for(10s);
            if (message->header("redelivered") || i > 0)
                order += message->body();
            co_await session.ack(*message);
        }
        co_await until([&] { return broker.stats("/queue/a").unacknowledged == 0; });
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_pending_ack_and_a_pending_commit_fail_in_doubt)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a", AckMode::client_individual);
        co_await send_confirmed(session, "/queue/a", "x");
        auto const message = co_await inbox.next_for(10s);
        auto transaction = co_await session.begin();
        co_await transaction.send("/queue/b", "in it");
        broker.faults().drop_receipts();
        FrameOptions confirmed;
        confirmed.with_receipt();
        auto const acked = start(executor, session.ack(*message, confirmed));
        co_await until([&] { return count_received("ACK") == 1; });
        broker.faults().close_connections();
        co_await finished(acked);
        BOOST_TEST(is<ConnectionLost>(acked->failure), acked->failure.what());
        BOOST_TEST((acked->failure.outcome() == Outcome::unknown));

        co_await until_connected(session, 2);
        broker.faults().clear();
        auto config = reconnecting();
        config.auto_receipt = true;
        auto confirming_session = co_await connect(config);
        auto second = co_await confirming_session.begin();
        co_await second.send("/queue/b", "x");
        broker.faults().drop_receipts();
        auto const committed = start(executor, second.commit());
        co_await until([&] { return count_received("COMMIT") == 1; });
        broker.faults().close_connections();
        co_await finished(committed);
        BOOST_TEST(is<ConnectionLost>(committed->failure), committed->failure.what());
        BOOST_TEST((committed->failure.outcome() == Outcome::unknown));
        broker.faults().clear();
        co_await session.disconnect();
        co_await confirming_session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_open_transaction_fails_and_another_can_be_begun)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        auto transaction = co_await session.begin();
        co_await transaction.send("/queue/a", "lost");
        broker.stop();
        co_await until_lost(session);
        auto const sent = co_await failure_of(transaction.send("/queue/a", "x"));
        BOOST_TEST(is<ConnectionLost>(sent));
        BOOST_TEST((sent.outcome() == Outcome::not_sent));
        auto const next = start(executor, session.begin());
        co_await others_go_on();
        BOOST_TEST(!next->done); // it waits for a connection
        broker.listen();
        co_await finished(next);
        BOOST_TEST(!next->failure, next->failure.what());
        auto const committed = co_await failure_of(transaction.commit());
        BOOST_TEST(is<ConnectionLost>(committed));
        auto const aborted = co_await failure_of(transaction.abort());
        BOOST_TEST(is<ConnectionLost>(aborted));
        transaction = Transaction();
        co_await next->value->send("/queue/a", "kept");
        co_await next->value->commit();
        auto inbox = co_await session.subscribe("/queue/a");
        auto const message = co_await inbox.next_for(10s);
        BOOST_TEST(message.value().body() == "kept");
        BOOST_TEST(count_received("ABORT") == 0u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_message_with_a_transaction_of_ones_own_is_not_repeated)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        Frame begin("BEGIN");
        begin.add_header("transaction", "mine");
        co_await session.send_raw(begin);
        broker.faults().drop_receipts();
        OutgoingMessage message("/queue/a", "x");
        message.header("transaction", "mine").with_receipt();
        auto const sent = start(executor, session.send(message));
        co_await until([&] { return count_received("SEND x") == 1; });
        broker.stop();
        co_await finished(sent);
        BOOST_TEST(is<ConnectionLost>(sent->failure), sent->failure.what());
        co_await until_lost(session);
        auto const down = co_await failure_of(session.send(message));
        BOOST_TEST(is<ConnectionLost>(down), down.what());
        BOOST_TEST((down.outcome() == Outcome::not_sent));
        broker.listen();
        co_await until_connected(session, 2);
        BOOST_TEST(count_received("SEND x") == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_pending_unsubscribe_has_succeeded)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a");
        broker.faults().drop_receipts();
        FrameOptions confirmed;
        confirmed.with_receipt();
        auto const ended = start(executor, inbox.unsubscribe(confirmed));
        co_await until([&] { return count_received("UNSUBSCRIBE") == 1; });
        broker.faults().close_connections();
        co_await finished(ended);
        BOOST_TEST(!ended->failure, ended->failure.what());
        co_await until_connected(session, 2);
        broker.faults().clear();
        co_await send_confirmed(session, "/queue/a", "x");
        BOOST_TEST(broker.subscriptions() == 0u);
        BOOST_TEST(count_received("SUBSCRIBE /queue/a") == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(subscriptions_may_come_and_go_while_the_connection_is_down)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        auto stays = co_await session.subscribe("/queue/stays");
        auto ends = co_await session.subscribe("/queue/ends");
        auto dropped = std::make_unique<Subscription>(co_await session.subscribe("/queue/dropped"));
        broker.stop();
        co_await until_lost(session);
        broker.set_frame_log(0);
        broker.set_frame_log(1000);
        co_await ends.unsubscribe();
        auto const end = co_await ends.next();
        BOOST_TEST(!end.has_value());
        dropped.reset();
        auto const durable = co_await failure_of(stays.unsubscribe(delete_durable));
        BOOST_TEST(is<ConnectionLost>(durable), durable.what());
        auto comes = co_await session.subscribe("/queue/comes");
        SubscribeOptions how;
        how.with_receipt();
        auto const confirmed = start(executor, session.subscribe("/queue/confirmed", how));
        auto const cancelled = start(executor, session.subscribe("/queue/cancelled", how));
        co_await others_go_on();
        BOOST_TEST(!confirmed->done);
        cancelled->cancel();
        co_await finished(cancelled);
        broker.listen();
        co_await finished(confirmed);
        BOOST_TEST(!confirmed->failure, confirmed->failure.what());
        co_await send_confirmed(session, "/queue/comes", "x");
        auto const message = co_await comes.next_for(10s);
        BOOST_TEST(message.value().body() == "x");
        std::vector<std::string> const expected{"CONNECT", "SUBSCRIBE /queue/stays", "SUBSCRIBE /queue/comes",
                                                "SUBSCRIBE /queue/confirmed", "SEND x"};
        auto const got = received();
        BOOST_TEST(got == expected, boost::test_tools::per_element());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_pending_subscribe_goes_on_and_is_poison_the_second_time)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        SubscribeOptions how;
        how.with_receipt();
        broker.faults().drop_receipts(1);
        auto const subscribed = start(executor, session.subscribe("/queue/a", how));
        co_await until([&] { return count_received("SUBSCRIBE /queue/a") == 1; });
        broker.faults().close_connections();
        co_await finished(subscribed);
        BOOST_TEST(!subscribed->failure, subscribed->failure.what());
        BOOST_TEST(count_received("SUBSCRIBE /queue/a") == 2u);

        broker.faults().drop_receipts();
        auto const poison = start(executor, session.subscribe("/queue/b", how));
        co_await until([&] { return count_received("SUBSCRIBE /queue/b") == 1; });
        broker.faults().close_connections();
        co_await until([&] { return count_received("SUBSCRIBE /queue/b") == 2; });
        BOOST_TEST(!poison->done);
        broker.faults().close_connections();
        co_await finished(poison);
        BOOST_TEST(is<ConnectionLost>(poison->failure), poison->failure.what());
        broker.faults().clear();
        co_await send_confirmed(session, "/queue/a", "x");
        BOOST_TEST(broker.subscriptions() == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_refused_resubscription_fails_alone)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto first = co_await session.subscribe("/queue/1");
        auto second = co_await session.subscribe("/queue/2");
        broker.faults().refuse_next("SUBSCRIBE");
        broker.faults().close_connections();
        auto const failure = co_await failure_of(first.next());
        BOOST_TEST(is<ErrorFrameReceived>(failure), failure.what());
        BOOST_TEST((failure.outcome() == Outcome::refused));
        co_await send_confirmed(session, "/queue/2", "x");
        auto const message = co_await second.next_for(10s);
        BOOST_TEST(message.value().body() == "x");
        BOOST_TEST(broker.subscriptions() == 1u);
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

// RabbitMQ's ERROR names nobody. The first subscription that was not confirmed is to blame, if it happens again.
BOOST_AUTO_TEST_CASE(a_refusal_that_names_nobody_takes_two_errors)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto first = co_await session.subscribe("/queue/1");
        auto second = co_await session.subscribe("/queue/2");
        broker.faults().refuse_next("SUBSCRIBE", false, 2);
        broker.faults().close_connections();
        auto const failure = co_await failure_of(first.next());
        BOOST_TEST(is<ErrorFrameReceived>(failure), failure.what());
        co_await send_confirmed(session, "/queue/2", "x");
        auto const message = co_await second.next_for(10s);
        BOOST_TEST(message.value().body() == "x");
        BOOST_TEST(session.stats().connections == 4u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_broker_that_confirms_no_subscription_keeps_them_all_the_same)
{
    run([this]() -> asio::awaitable<void> {
        auto config = reconnecting();
        config.receipt_timeout = 20ms;
        auto session = co_await connect(config);
        auto inbox = co_await session.subscribe("/queue/a");
        broker.faults().drop_receipts();
        for (std::uint64_t connections = 2; connections < 6; ++connections) {
            broker.faults().close_connections();
            co_await until_connected(session, connections);
            if (connections % 2 == 0)
                co_await pause(300ms); // far beyond the limit for the receipt
        }
        broker.faults().send_raw(error_frame("unrelated"));
        co_await until_connected(session, 6);
        broker.publish("/queue/a", "x");
        auto const message = co_await inbox.next_for(10s);
        BOOST_TEST(message.value().body() == "x");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(raw_frames_wait_for_a_connection_unless_they_belong_to_the_old_one)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        broker.stop();
        co_await until_lost(session);
        Frame subscribe("SUBSCRIBE");
        subscribe.add_header("id", "raw").add_header("destination", "/queue/a").add_header("receipt", "raw-1");
        auto const waits = start(executor, session.send_raw(subscribe));
        Frame ack("ACK");
        ack.add_header("id", "1");
        auto const failure = co_await failure_of(session.send_raw(ack));
        BOOST_TEST(is<ConnectionLost>(failure), failure.what());
        BOOST_TEST((failure.outcome() == Outcome::not_sent));
        BOOST_TEST(!waits->done);
        broker.listen();
        co_await finished(waits);
        BOOST_TEST(!waits->failure, waits->failure.what());
        BOOST_TEST(count_received("SUBSCRIBE /queue/a") == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
