#include "support/session_tools.hpp"

// How a session ends from this side: in order, which loses nothing, and at once.
BOOST_FIXTURE_TEST_SUITE(ending, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

asio::awaitable<int> count_messages(StompSession session, std::string destination, int expected)
{
    auto inbox = co_await session.subscribe(destination);
    int count = 0;
    for (; count < expected; ++count) {
        auto const message = co_await inbox.next_for(10s);
        BOOST_REQUIRE(message.has_value());
    }
    co_return count;
}

} // namespace

BOOST_AUTO_TEST_CASE(disconnect_writes_what_is_queued_and_awaits_what_is_outstanding)
{
    run([this]() -> asio::awaitable<void> {
        auto const destination = queue();
        auto const executor = co_await asio::this_coro::executor;
        StompConfig config;
        config.disconnect_timeout = 20s;
        config.write_buffer = 4096; // so that most of them wait for room
        auto session = co_await connect(config);
        std::vector<std::shared_ptr<Task<std::optional<Receipt>>>> tasks;
        std::string const body(1000, 'x');
        for (int i = 0; i < 300; ++i) {
            OutgoingMessage message(destination, body);
            if (i % 2)
                message.with_receipt();
            tasks.push_back(start(executor, session.send(std::move(message))));
        }
        co_await others_go_on(1);
        co_await session.disconnect();
        int confirmed = 0;
        for (auto const& task : tasks) {
            co_await finished(task);
            BOOST_REQUIRE(!task->failure);
            confirmed += task->value.value().has_value();
        }
        BOOST_TEST(confirmed == 150);
        auto other = co_await connect();
        auto const count = co_await count_messages(other, destination, 300);
        BOOST_TEST(count == 300);
        co_await other.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(after_disconnect_every_operation_says_session_closed)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
        co_await session.send(destination, "x");
        auto const message = co_await inbox.receive();
        auto transaction = co_await session.begin();
        co_await session.disconnect();
        BOOST_TEST(!session.is_open());

        std::vector<Failure> failures;
        auto const sending = co_await failure_of(session.send(destination, "y"));
        failures.push_back(sending);
        auto const submitting = co_await failure_of(session.submit(destination, "y"));
        failures.push_back(submitting);
        auto const subscribing = co_await failure_of(session.subscribe(destination));
        failures.push_back(subscribing);
        auto const acknowledging = co_await failure_of(session.ack(message));
        failures.push_back(acknowledging);
        auto const beginning = co_await failure_of(session.begin());
        failures.push_back(beginning);
        auto const raw = co_await failure_of(session.send_raw(Frame("SEND")));
        failures.push_back(raw);
        auto const committing = co_await failure_of(transaction.commit());
        failures.push_back(committing);
        for (auto const& failure : failures) {
            BOOST_TEST(is<SessionClosed>(failure), failure.what());
            BOOST_TEST(failure.outcome() == Outcome::not_sent);
        }
        auto const nothing = co_await inbox.next();
        BOOST_TEST(!nothing.has_value());
        co_await inbox.unsubscribe();
        co_await session.disconnect();
        auto const cause = co_await session.closed();
        BOOST_TEST((cause.code() == errc::session_closed), cause.what());
    });
}

BOOST_AUTO_TEST_CASE(disconnect_may_be_asked_for_by_several_at_once)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe(queue());
        auto const waiting = start(executor, inbox.next());
        std::vector<std::shared_ptr<Task<Failure>>> closed;
        for (int i = 0; i < 3; ++i)
            closed.push_back(start(executor, session.closed()));
        co_await others_go_on();
        session.start_disconnect();
        std::vector<std::shared_ptr<Task<void>>> tasks;
        for (int i = 0; i < 3; ++i)
            tasks.push_back(start(executor, session.disconnect()));
        for (auto const& task : tasks) {
            co_await finished(task);
            BOOST_TEST(!task->failure);
        }
        for (auto const& task : closed) {
            co_await finished(task);
            BOOST_TEST((task->value.value().code() == errc::session_closed));
        }
        co_await finished(waiting);
        BOOST_TEST(!waiting->failure);
        BOOST_TEST(!waiting->value.value().has_value());
    });
}

BOOST_AUTO_TEST_CASE(operations_that_come_while_disconnecting_are_refused)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        auto const destination = queue();
        auto pending = co_await session.submit(destination, "before");
        auto const disconnecting = start(executor, session.disconnect());
        co_await asio::post(executor, asio::use_awaitable);
        BOOST_TEST(!session.is_open());
        auto const failure = co_await failure_of(session.send(destination, "while"));
        BOOST_TEST(is<SessionClosed>(failure), failure.what());
        BOOST_TEST(failure.outcome() == Outcome::not_sent);
        auto const receipt = co_await pending.confirmed();
        BOOST_TEST(!receipt.id().empty());
        co_await finished(disconnecting);
        BOOST_TEST(!disconnecting->failure);
    });
}

BOOST_AUTO_TEST_CASE(the_handle_may_go_while_start_disconnect_is_under_way)
{
    auto const destination = queue();
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto inbox = co_await session.subscribe(destination);
        for (int i = 0; i < 10; ++i)
            co_await session.send(destination, std::to_string(i));
        session.start_disconnect();
        session = StompSession();
        for (;;) {
            auto const message = co_await inbox.next();
            if (!message)
                break;
        }
    });
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(when_the_last_handle_goes_all_that_waits_ends)
{
    std::shared_ptr<Task<std::optional<Message>>> next;
    std::shared_ptr<Task<bool>> ready;
    std::shared_ptr<Task<Failure>> closed;
    Subscription inbox, other;
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        inbox = co_await session.subscribe(queue());
        other = co_await session.subscribe(queue());
        next = start(executor, inbox.next());
        ready = start(executor, other.ready());
        closed = start(executor, session.closed());
        co_await others_go_on();
        BOOST_TEST(!next->done);
        auto const copy = session;
        session = StompSession();
        co_await others_go_on();
        BOOST_TEST(!next->done); // there is a copy left
    });
    embedded.reset();
    BOOST_TEST(run_dry());
    BOOST_TEST(is<SessionClosed>(next->failure), next->failure.what());
    BOOST_TEST(is<SessionClosed>(ready->failure), ready->failure.what());
    BOOST_REQUIRE(closed->done);
    BOOST_TEST((closed->value.value().code() == errc::session_closed));
}

BOOST_AUTO_TEST_CASE(a_confirmed_send_does_not_keep_its_session)
{
    std::shared_ptr<Task<Receipt>> waiting;
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        OutgoingMessage message(queue(), "x");
        auto pending = co_await session.submit(std::move(message));
        waiting = start(executor, pending.confirmed());
    });
    embedded.reset();
    BOOST_TEST(run_dry());
    BOOST_REQUIRE(waiting->done);
    // Either it was confirmed in time, or it is known not to be.
    if (!waiting->value)
        BOOST_TEST(is<SessionClosed>(waiting->failure), waiting->failure.what());
}

BOOST_AUTO_TEST_CASE(without_graceful_disconnect_it_closes_at_once)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        StompConfig config;
        config.graceful_disconnect = false;
        config.observer = log;
        auto session = co_await connect(config);
        auto inbox = co_await session.subscribe(queue());
        co_await session.disconnect();
        BOOST_TEST(log->count_sent("DISCONNECT") == 0u);
        auto const cause = co_await session.closed();
        BOOST_TEST((cause.code() == errc::session_closed), cause.what());
        auto const nothing = co_await inbox.next();
        BOOST_TEST(!nothing.has_value());
    });
}

BOOST_AUTO_TEST_CASE(after_disconnect_nothing_is_left_to_be_done)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto inbox = co_await session.subscribe(queue());
        co_await session.disconnect();
    });
    embedded.reset();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(flush_returns_when_everything_is_written)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const destination = queue();
        auto const before = session.stats().bytes_sent;
        std::string const body(100, 'x');
        for (int i = 0; i < 50; ++i)
            co_await session.send(destination, body);
        co_await session.flush();
        BOOST_TEST(session.stats().bytes_sent >= before + 5000);
        co_await session.flush(); // nothing to do
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(without_a_write_buffer_a_send_waits_for_the_write)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.write_buffer = 0;
        auto session = co_await connect(config);
        auto const destination = queue();
        for (int i = 0; i < 20; ++i) {
            auto const before = session.stats().bytes_sent;
            co_await session.send(destination, "0123456789");
            BOOST_TEST(session.stats().bytes_sent > before + 10);
        }
        auto const count = co_await count_messages(session, destination, 20);
        BOOST_TEST(count == 20);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
