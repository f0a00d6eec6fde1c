#include "support/session_tools.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

// The io_context of a session is destroyed while coroutines on another one wait for it: they are told.
BOOST_FIXTURE_TEST_SUITE(context_gone, arbalest::test::ContextFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

// Sessions and their broker, with a thread of their own that can be taken away together with everything in it.
class Other
{
public:
    Other() : broker(std::in_place, context->get_executor())
    {
        broker->listen();
        thread_ = std::thread([this] { context->run(); });
    }
    ~Other() { destroy(); }

    void destroy()
    {
        if (!context)
            return;
        work_.reset();
        context->stop();
        thread_.join();
        context.reset();
        broker.reset();
    }

    std::optional<asio::io_context> context{std::in_place};
    std::optional<EmbeddedBroker> broker;

private:
    asio::executor_work_guard<asio::io_context::executor_type> work_{context->get_executor()};
    std::thread thread_;
};

// Everything that a program may hold of a session.
class Handles
{
public:
    StompSession session;
    Subscription inbox;
    Transaction transaction;
    PendingReceipt pending;
    Message message;
    ConnectionEvents events;
};

asio::awaitable<Handles> hold_everything(asio::any_io_executor executor, std::string url)
{
    Handles handles;
    StompClient const client(executor, StompConfig());
    handles.session = co_await client.connect(url);
    handles.inbox = co_await handles.session.subscribe("/queue/a", AckMode::client_individual);
    handles.pending = co_await handles.session.submit("/queue/a", "x");
    handles.message = co_await handles.inbox.receive();
    handles.transaction = co_await handles.session.begin();
    handles.events = handles.session.connection_events();
    co_return handles;
}

} // namespace

// Nothing is awaited, only let go of, in one thread, while another one destroys the io_context.
BOOST_AUTO_TEST_CASE(handles_let_go_of_at_the_same_time)
{
    for (int round = 0; round < 200; ++round) {
        BOOST_TEST_CONTEXT("round " << round)
        {
            asio::io_context sessions;
            std::optional<asio::io_context> strands(std::in_place);
            EmbeddedBroker broker(sessions.get_executor());
            broker.listen();
            auto work = asio::make_work_guard(sessions);
            std::thread thread([&] { sessions.run(); });
            // Both kinds of executors, of which one counts its users.
            asio::any_io_executor executor = strands->get_executor();
            if (round % 2 == 1)
                executor = asio::make_strand(*strands);
            std::vector<Handles> all;
            for (int i = 0; i < 4; ++i) {
                bool done = false;
                asio::co_spawn(*strands, hold_everything(executor, broker.url()),
                               [&](std::exception_ptr thrown, Handles handles) {
                                   BOOST_TEST(!thrown);
                                   all.push_back(std::move(handles));
                                   done = true;
                                   strands->stop();
                               });
                strands->restart();
                strands->run_for(20s);
                BOOST_REQUIRE(done);
            }
            executor = asio::any_io_executor();
            std::atomic<bool> go = false;
            std::thread other([&] {
                while (!go) {
                }
                for (auto& handles : all) {
                    handles.session.start_disconnect();
                    handles.session.add_observer(std::make_shared<FrameLog>());
                    handles.transaction = Transaction();
                    handles.pending = PendingReceipt();
                    handles.events = handles.session.connection_events();
                    handles.inbox = Subscription();
                    handles.session = StompSession();
                    handles.message = Message();
                }
                all.clear();
            });
            go = true;
            for (int i = 0; i < round % 16; ++i)
                std::this_thread::yield();
            strands.reset();
            other.join();
            broker.stop();
            work.reset();
            sessions.stop();
            thread.join();
        }
    }
}

BOOST_AUTO_TEST_CASE(whatever_waits_elsewhere_fails_with_session_closed)
{
    run([this]() -> asio::awaitable<void> {
        auto const executor = context.get_executor();
        Other other;
        StompClient const client(other.context->get_executor(), StompConfig());
        auto session = co_await client.connect(other.broker->url());
        auto inbox = co_await session.subscribe("/queue/a");
        other.broker->faults().fall_silent();
        OutgoingMessage message("/queue/b", "x");
        message.with_receipt();
        SubscribeOptions how;
        how.with_receipt();
        auto pending = co_await session.submit("/queue/b", "y");
        auto const next = start(executor, inbox.next());
        auto const sending = start(executor, session.send(message));
        auto const subscribing = start(executor, session.subscribe("/queue/c", how));
        auto const closed = start(executor, session.closed());
        auto const confirming = start(executor, pending.confirmed());
        auto const bounded = start(executor, with_timeout(20s, session.closed()));
        auto const connecting = start(executor, client.connect(other.broker->url()));
        co_await pause(50ms);
        BOOST_TEST(!next->done);
        BOOST_TEST(!connecting->done);
        other.destroy();
        co_await finished(next);
        BOOST_TEST(is<SessionClosed>(next->failure), next->failure.what());
        co_await finished(sending);
        BOOST_TEST(is<SessionClosed>(sending->failure), sending->failure.what());
        co_await finished(subscribing);
        BOOST_TEST(is<SessionClosed>(subscribing->failure), subscribing->failure.what());
        co_await finished(closed);
        BOOST_TEST(is<SessionClosed>(closed->failure), closed->failure.what());
        co_await finished(confirming);
        BOOST_TEST(is<SessionClosed>(confirming->failure), confirming->failure.what());
        co_await finished(bounded);
        BOOST_TEST(is<SessionClosed>(bounded->failure), bounded->failure.what());
        co_await finished(connecting);
        BOOST_TEST(is<SessionClosed>(connecting->failure), connecting->failure.what());
        auto const late = co_await failure_of(session.send("/queue/b", "z"));
        BOOST_TEST(is<SessionClosed>(late), late.what());
    });
}

BOOST_AUTO_TEST_CASE(at_any_moment)
{
    for (int round = 0; round < 50; ++round) {
        run([&]() -> asio::awaitable<void> {
            auto const executor = context.get_executor();
            Other other;
            StompClient const client(other.context->get_executor(), confirming());
            auto session = co_await client.connect(other.broker->url());
            auto inbox = co_await session.subscribe("/queue/a");
            std::vector<std::shared_ptr<Task<std::optional<Receipt>>>> sending;
            for (int i = 0; i < 20; ++i)
                sending.push_back(start(executor, session.send("/queue/a", std::to_string(i))));
            auto const next = start(executor, inbox.next());
            co_await others_go_on(round);
            other.destroy();
            for (auto const& one : sending) {
                co_await finished(one);
                if (one->failure)
                    BOOST_TEST(is<SessionClosed>(one->failure), one->failure.what());
                else
                    BOOST_TEST(one->value.value().has_value());
            }
            co_await finished(next);
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
