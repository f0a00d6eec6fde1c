#include "support/session_elsewhere.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <future>
#include <thread>

// Sessions that live on one executor and are used from others. Only the test's own thread uses the macros of
// Boost.Test; what others find is counted.
namespace {

namespace asio = boost::asio;
using namespace arbalest;
using namespace arbalest::test;

// A round of everything; returns how many things went wrong.
asio::awaitable<int> use_everything(StompSession session, std::string destination, int rounds)
{
    int wrong = 0;
    SubscribeOptions how(AckMode::client_individual);
    auto inbox = co_await session.subscribe(destination, how);
    for (int i = 0; i < rounds; ++i) {
        auto const body = std::to_string(i);
        auto const receipt = co_await session.send(destination, body);
        wrong += !receipt.has_value();
        auto const message = co_await inbox.next();
        wrong += !message || message->body() != body;
        if (!message)
            co_return wrong;
        bool const acknowledged = co_await session.ack(*message);
        wrong += !acknowledged;
        auto pending = co_await session.submit(destination, "submitted");
        auto const second = co_await inbox.next_for(30s);
        wrong += !second || second->body() != "submitted";
        co_await pending.confirmed();
        auto transaction = co_await session.begin();
        bool const in_transaction = co_await transaction.ack(*second);
        wrong += !in_transaction;
        co_await transaction.send(destination, "in transaction");
        co_await transaction.commit();
        bool const ready = co_await inbox.ready();
        wrong += !ready;
        auto const third = co_await inbox.receive();
        wrong += third.body() != "in transaction";
        co_await third.ack();
        co_await session.flush();
    }
    co_await inbox.unsubscribe();
    auto const end = co_await inbox.next();
    wrong += end.has_value();
    co_return wrong;
}

// One operation of each kind, on a session that confirms nothing unasked.
asio::awaitable<int> use_once(StompSession session, std::string destination, int kind)
{
    int wrong = 0;
    OutgoingMessage message(destination, "x");
    switch (kind % 10) {
    case 0:
        co_await session.send(destination, "x");
        break;
    case 1: {
        message.with_receipt();
        auto const receipt = co_await session.send(message);
        wrong += !receipt.has_value();
        break;
    }
    case 2: {
        auto pending = co_await session.submit(destination, "x");
        co_await pending.confirmed();
        break;
    }
    case 3:
        co_await session.flush();
        break;
    case 4: {
        auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
        auto const received = co_await inbox.next();
        wrong += !received;
        if (received)
            co_await received->ack();
        co_await inbox.unsubscribe();
        break;
    }
    case 5: {
        auto transaction = co_await session.begin();
        co_await transaction.send(destination, "x");
        co_await transaction.commit();
        break;
    }
    case 6: {
        auto transaction = co_await session.begin();
        co_await transaction.abort();
        break;
    }
    case 7: {
        auto events = session.connection_events();
        auto const event = co_await events.next();
        wrong += !event || event->state != ConnectionEvent::State::connected;
        break;
    }
    case 8: {
        auto inbox = co_await session.subscribe("/queue/empty");
        auto const nothing = co_await failure_of(inbox.next_for(1ms));
        wrong += !is<Timeout>(nothing);
        break;
    }
    default: {
        auto const timed = co_await failure_of(with_timeout(1ms, session.closed()));
        wrong += !is<Timeout>(timed);
        break;
    }
    }
    co_return wrong;
}

// Asio runs the first step of a spawned coroutine inside its spawner's strand, where it does not live.
asio::awaitable<int> spawn_elsewhere(StompSession session, std::string destination, asio::thread_pool& pool, int times)
{
    std::atomic<int> wrong = 0;
    std::atomic<int> running = times;
    for (int i = 0; i < times; ++i) {
        asio::co_spawn(asio::make_strand(pool), use_once(session, destination, i),
                       [&wrong, &running](std::exception_ptr thrown, int found) {
                           wrong += found + (thrown != nullptr);
                           --running;
                       });
        // What runs inside the strand meanwhile.
        co_await session.send(destination, "x");
    }
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (running != 0) {
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return wrong;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(hop, Elsewhere)

BOOST_AUTO_TEST_CASE(every_operation_completes_on_the_callers_executor)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        BOOST_TEST(here());
        BOOST_TEST((session.get_executor() == sessions_executor));
        auto inbox = co_await session.subscribe("/queue/a", AckMode::client_individual);
        BOOST_TEST(here());
        auto const receipt = co_await session.send("/queue/a", "1");
        BOOST_TEST(here());
        BOOST_TEST(receipt.has_value());
        auto pending = co_await session.submit("/queue/a", "2");
        BOOST_TEST(here());
        co_await pending.confirmed();
        BOOST_TEST(here());
        auto const first = co_await inbox.next();
        BOOST_TEST(here());
        bool const acknowledged = co_await session.ack(first.value());
        BOOST_TEST(here());
        BOOST_TEST(acknowledged);
        bool const ready = co_await inbox.ready();
        BOOST_TEST(here());
        BOOST_TEST(ready);
        auto const second = co_await inbox.receive();
        BOOST_TEST(here());
        bool const refused = co_await second.nack();
        BOOST_TEST(here());
        BOOST_TEST(refused);
        auto const again = co_await inbox.next_for(10s);
        BOOST_TEST(here());
        auto const early = co_await failure_of(inbox.next_for(1ms));
        BOOST_TEST(here());
        BOOST_TEST(is<Timeout>(early), early.what());
        auto transaction = co_await session.begin();
        BOOST_TEST(here());
        co_await transaction.ack(again.value());
        BOOST_TEST(here());
        co_await transaction.send("/queue/b", "3");
        BOOST_TEST(here());
        co_await transaction.commit();
        BOOST_TEST(here());
        auto aborted = co_await session.begin();
        co_await aborted.abort();
        BOOST_TEST(here());
        Frame raw("SEND");
        raw.add_header("destination", "/queue/b");
        co_await session.send_raw(raw);
        BOOST_TEST(here());
        co_await session.flush();
        BOOST_TEST(here());
        co_await inbox.unsubscribe();
        BOOST_TEST(here());
        auto const failure = co_await failure_of(session.nack(again.value()));
        BOOST_TEST(here());
        BOOST_TEST(!failure);
        co_await session.disconnect();
        BOOST_TEST(here());
        auto const cause = co_await session.closed();
        BOOST_TEST(here());
        BOOST_TEST((cause.code() == errc::session_closed), cause.what());
        auto const late = co_await failure_of(session.send("/queue/a", "late"));
        BOOST_TEST(here());
        BOOST_TEST(is<SessionClosed>(late), late.what());
    });
}

BOOST_AUTO_TEST_CASE(many_callers_on_a_thread_pool)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto session = co_await connect(confirming());
            asio::thread_pool pool(3);
            std::vector<std::future<int>> results;
            for (int i = 0; i < 8; ++i)
                results.push_back(asio::co_spawn(pool, use_everything(session, "/queue/p" + std::to_string(i), 10),
                                                 asio::use_future));
            for (auto& result : results)
                BOOST_TEST(result.get() == 0);
            pool.join();
            co_await session.disconnect();
        },
        60s);
}

BOOST_AUTO_TEST_CASE(a_session_on_a_strand_of_a_context_with_several_threads)
{
    asio::io_context shared;
    auto const strand = asio::make_strand(shared);
    auto work = asio::make_work_guard(shared);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] { shared.run(); });
    StompClient const client(strand, confirming());
    auto session = asio::co_spawn(shared, client.connect(broker.url()), asio::use_future).get();
    std::vector<std::future<int>> results;
    for (int i = 0; i < 4; ++i) {
        // Some inside the strand, some on strands of their own, some on none.
        auto const destination = "/queue/s" + std::to_string(i);
        results.push_back(asio::co_spawn(strand, use_everything(session, destination + "a", 10), asio::use_future));
        results.push_back(asio::co_spawn(asio::make_strand(shared), use_everything(session, destination + "b", 10),
                                         asio::use_future));
        results.push_back(asio::co_spawn(shared, use_everything(session, destination + "c", 10), asio::use_future));
    }
    for (auto& result : results)
        BOOST_TEST(result.get() == 0);
    asio::co_spawn(shared, session.disconnect(), asio::use_future).get();
    session = StompSession();
    work.reset();
    for (auto& thread : threads)
        thread.join();
}

BOOST_AUTO_TEST_CASE(operations_that_start_inside_the_sessions_strand_and_live_elsewhere)
{
    asio::thread_pool pool(4);
    auto const strand = asio::make_strand(pool.get_executor());
    StompClient const client(strand, StompConfig());
    auto session = asio::co_spawn(pool, client.connect(broker.url()), asio::use_future).get();
    std::vector<std::future<int>> results;
    for (int i = 0; i < 4; ++i)
        results.push_back(asio::co_spawn(strand, spawn_elsewhere(session, "/queue/n" + std::to_string(i), pool, 500),
                                         asio::use_future));
    for (auto& result : results)
        BOOST_TEST(result.get() == 0);
    asio::co_spawn(pool, session.disconnect(), asio::use_future).get();
    session = StompSession();
    pool.join();
}

BOOST_AUTO_TEST_CASE(a_client_on_a_thread_pool_makes_a_strand)
{
    asio::thread_pool pool(3);
    auto session = asio::co_spawn(pool, StompClient(confirming()).connect(broker.url()), asio::use_future).get();
    std::vector<std::future<int>> results;
    for (int i = 0; i < 6; ++i)
        results.push_back(
            asio::co_spawn(pool, use_everything(session, "/queue/t" + std::to_string(i), 10), asio::use_future));
    for (auto& result : results)
        BOOST_TEST(result.get() == 0);
    asio::co_spawn(pool, session.disconnect(), asio::use_future).get();
    session = StompSession();
    pool.join();
}

BOOST_AUTO_TEST_CASE(handles_may_be_destroyed_in_any_thread)
{
    run(
        [this]() -> asio::awaitable<void> {
            for (int i = 0; i < 100; ++i) {
                auto session = co_await connect();
                auto inbox = co_await session.subscribe("/queue/a");
                auto transaction = co_await session.begin();
                co_await transaction.send("/queue/b", "never");
                auto pending = co_await session.submit("/queue/a", "x");
                auto message = co_await inbox.receive();
                // All go here, while the session's thread is at work.
                if (i % 3 == 0)
                    session = StompSession();
                if (i % 3 == 1)
                    inbox = Subscription();
            }
            co_await until([this] { return broker.connections() == 0; });
            BOOST_TEST(broker.queue_depth("/queue/b") == 0u);
            BOOST_TEST(broker.subscriptions() == 0u);
        },
        60s);
}

BOOST_AUTO_TEST_CASE(plain_members_may_be_called_in_any_thread)
{
    run(
        [this]() -> asio::awaitable<void> {
            auto session = co_await connect(confirming());
            auto const executor = co_await asio::this_coro::executor;
            auto const busy = start(executor, use_everything(session, "/queue/a", 20));
            auto const log = std::make_shared<Observer>();
            auto const interceptor = std::make_shared<Interceptor>();
            while (!busy->done) {
                BOOST_REQUIRE(session.version() == StompVersion::v1_2);
                BOOST_REQUIRE(!session.server().empty());
                BOOST_REQUIRE(session.is_open());
                BOOST_REQUIRE(session.stats().frames_sent > 0u);
                static_cast<void>(session.negotiated_heart_beat());
                session.add_observer(log);
                session.add_interceptor(interceptor);
                session.remove_observer(log);
                session.remove_interceptor(interceptor);
                co_await asio::post(executor, asio::use_awaitable);
            }
            BOOST_TEST(busy->value.value_or(-1) == 0);
            session.start_disconnect();
            auto const cause = co_await session.closed();
            BOOST_TEST((cause.code() == errc::session_closed), cause.what());
        },
        60s);
}

BOOST_AUTO_TEST_CASE(other_threads_see_the_end_of_a_session)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a");
        auto const next = start(executor, inbox.next());
        auto const closed = start(executor, session.closed());
        co_await session.flush();
        broker.faults().reset_connections();
        co_await finished(next);
        BOOST_TEST(is<ConnectionLost>(next->failure), next->failure.what());
        co_await finished(closed);
        BOOST_TEST(is<ConnectionLost>(closed->value.value()));
    });
}

BOOST_AUTO_TEST_SUITE_END()
