#include "support/session_tools.hpp"

// A receipt that is asked for is awaited: for all eight kinds of frame, and where its id is the caller's choice.
BOOST_FIXTURE_TEST_SUITE(receipts_of_frames, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

// The operation has returned: its frame is the last one sent, asked for a receipt, and has got it.
void check_confirmed(FrameLog const& log, std::string_view command)
{
    BOOST_TEST_CONTEXT(command)
    {
        BOOST_REQUIRE(!log.sent.empty());
        BOOST_TEST(log.sent.back().command() == command);
        BOOST_TEST(log.sent.back().has_header("receipt"));
        BOOST_TEST(log.confirmed(log.sent.back()));
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(with_auto_receipt_every_operation_returns_after_its_receipt)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto config = confirming();
        config.observer = log;
        auto session = co_await connect(config);
        BOOST_TEST(!log->sent.front().has_header("receipt"));
        auto const destination = queue();

        auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
        check_confirmed(*log, "SUBSCRIBE");
        co_await session.send(destination, "1");
        check_confirmed(*log, "SEND");
        auto const first = co_await inbox.receive();
        co_await session.nack(first);
        check_confirmed(*log, "NACK");
        auto const again = co_await inbox.receive();
        co_await session.ack(again);
        check_confirmed(*log, "ACK");
        auto aborted = co_await session.begin();
        check_confirmed(*log, "BEGIN");
        co_await aborted.abort();
        check_confirmed(*log, "ABORT");
        auto committed = co_await session.begin();
        co_await committed.commit();
        check_confirmed(*log, "COMMIT");
        co_await inbox.unsubscribe();
        check_confirmed(*log, "UNSUBSCRIBE");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(commit_returns_after_the_receipts_of_all_that_was_sent_in_the_transaction)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto config = confirming();
        config.observer = log;
        auto session = co_await connect(config);
        auto const destination = queue();
        auto transaction = co_await session.begin();
        for (int i = 0; i < 5; ++i)
            co_await transaction.send(destination, std::to_string(i));
        co_await transaction.commit();
        BOOST_TEST(log->count_sent("SEND") == 5u);
        for (auto const& frame : log->sent) {
            if (frame.command() == "SEND" || frame.command() == "COMMIT")
                BOOST_TEST(log->confirmed(frame));
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_receipt_by_hand_is_awaited_on_every_operation)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        StompConfig config;
        config.observer = log;
        auto session = co_await connect(config);
        auto const destination = queue();

        SubscribeOptions how(AckMode::client_individual);
        how.receipt("of SUBSCRIBE");
        auto inbox = co_await session.subscribe(destination, how);
        check_confirmed(*log, "SUBSCRIBE");
        BOOST_TEST(log->sent.back().header("receipt").value() == "of SUBSCRIBE");

        OutgoingMessage message(destination, "x");
        message.receipt("of SEND");
        auto const receipt = co_await session.send(std::move(message));
        check_confirmed(*log, "SEND");
        BOOST_TEST(receipt.value().id() == "of SEND");

        auto const received = co_await inbox.receive();
        FrameOptions of_ack;
        of_ack.receipt("of ACK");
        bool const acknowledged = co_await session.ack(received, of_ack);
        BOOST_TEST(acknowledged);
        check_confirmed(*log, "ACK");

        FrameOptions of_unsubscribe;
        of_unsubscribe.receipt("of UNSUBSCRIBE");
        co_await inbox.unsubscribe(of_unsubscribe);
        check_confirmed(*log, "UNSUBSCRIBE");
        BOOST_TEST(log->sent.back().header("receipt").value() == "of UNSUBSCRIBE");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_raw_frame_waits_for_the_receipt_that_it_has)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto config = confirming();
        config.observer = log;
        auto session = co_await connect(config);
        auto const destination = queue();

        Frame plain("SEND");
        plain.add_header("destination", destination);
        plain.set_body("without");
        auto const none = co_await session.send_raw(plain);
        BOOST_TEST(!none.has_value());
        BOOST_TEST(!log->sent.back().has_header("receipt"));

        Frame named("SEND");
        named.add_header("destination", destination).add_header("receipt", "raw-1");
        named.set_body("with");
        auto const receipt = co_await session.send_raw(named);
        BOOST_TEST(receipt.value().id() == "raw-1");
        check_confirmed(*log, "SEND");

        auto inbox = co_await session.subscribe(destination);
        auto const first = co_await inbox.receive();
        BOOST_TEST(first.body() == "without");
        auto const second = co_await inbox.receive();
        BOOST_TEST(second.body() == "with");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_id_that_is_awaited_already_is_refused_and_nothing_is_sent)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        StompConfig config;
        config.observer = log;
        auto session = co_await connect(config);
        auto const destination = queue();
        OutgoingMessage message(destination, "once");
        message.receipt("same");
        auto pending = co_await session.submit(message);
        auto const sent = log->sent.size();
        auto const failure = co_await failure_of(session.send(message));
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        BOOST_TEST(failure.outcome() == Outcome::not_sent);
        BOOST_TEST(log->sent.size() == sent);

        // Once it is confirmed, the id is free again.
        co_await pending.confirmed();
        auto const receipt = co_await session.send(message);
        BOOST_TEST(receipt.value().id() == "same");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(receipts_of_operations_that_wait_together_reach_each_its_own)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        auto const destination = queue();
        std::vector<std::shared_ptr<Task<std::optional<Receipt>>>> tasks;
        for (int i = 0; i < 50; ++i) {
            OutgoingMessage message(destination, "x");
            message.receipt("r" + std::to_string(i));
            // On RabbitMQ these two kinds are confirmed out of order.
            message.header("persistent", i % 2 ? "true" : "false");
            tasks.push_back(start(executor, session.send(std::move(message))));
        }
        for (int i = 0; i < 50; ++i) {
            auto const task = tasks[static_cast<std::size_t>(i)];
            co_await finished(task);
            BOOST_TEST(!task->failure);
            BOOST_TEST(task->value.value().value().id() == "r" + std::to_string(i));
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
