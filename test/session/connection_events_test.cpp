#include "reconnect_tools.hpp"

// The channel of what happens to a session's connection.
BOOST_FIXTURE_TEST_SUITE(connection_events, arbalest::test::ReconnectFixture)

using namespace arbalest;
using namespace arbalest::test;
using State = ConnectionEvent::State;

namespace {

asio::awaitable<std::string> read_all(ConnectionEvents events)
{
    std::string states;
    while (auto const event = co_await events.next()) {
        states += to_string(event->state);
        states += ' ';
    }
    co_return states;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_step_is_told_in_order)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto events = session.connection_events();
        auto const executor = co_await asio::this_coro::executor;
        auto const all = start(executor, read_all(session.connection_events()));
        auto const now = co_await events.next();
        BOOST_TEST((now.value().state == State::connected));
        BOOST_TEST(now->url == broker.url());

        broker.stop();
        auto const lost = co_await events.next();
        BOOST_TEST((lost.value().state == State::lost));
        BOOST_TEST(is<ConnectionLost>(lost->cause));
        auto const waiting = co_await events.next();
        BOOST_TEST((waiting.value().state == State::waiting));
        BOOST_TEST((waiting->delay <= 1ms));
        BOOST_TEST(waiting->attempt == 1u);
        BOOST_TEST(!waiting->cause);
        auto const connecting = co_await events.next();
        BOOST_TEST((connecting.value().state == State::connecting));
        BOOST_TEST(connecting->url == broker.url());
        BOOST_TEST(connecting->attempt == 1u);
        auto const again = co_await events.next();
        BOOST_TEST((again.value().state == State::waiting));
        BOOST_TEST(again->attempt == 2u);
        BOOST_TEST(is<ConnectError>(again->cause));

        broker.listen();
        co_await until_connected(session, 2);
        co_await session.disconnect();
        std::string rest;
        Failure cause;
        while (auto const event = co_await events.next()) {
            rest = to_string(event->state);
            cause = event->cause;
        }
        BOOST_TEST(rest == "closed");
        BOOST_TEST(is<SessionClosed>(cause));
        auto const over = co_await events.next();
        BOOST_TEST(!over.has_value());
        co_await finished(all);
        BOOST_TEST(all->value.value().starts_with("connected lost waiting connecting waiting "));
        BOOST_TEST(all->value->ends_with("connecting connected closed "));
        auto late = session.connection_events();
        auto const last = co_await late.next();
        BOOST_TEST((last.value().state == State::closed));
        auto const end = co_await late.next();
        BOOST_TEST(!end.has_value());
    });
}

BOOST_AUTO_TEST_CASE(a_session_without_a_policy_has_them_too)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto events = session.connection_events();
        broker.faults().close_connections();
        auto const states = co_await read_all(std::move(events));
        BOOST_TEST(states == "connected closed ");
    });
}

BOOST_AUTO_TEST_CASE(one_waits_at_a_time_and_cancelling_loses_nothing)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto events = session.connection_events();
        auto const executor = co_await asio::this_coro::executor;
        co_await events.next();
        auto const first = start(executor, events.next());
        co_await others_go_on();
        auto const second = co_await failure_of(events.next());
        BOOST_TEST(is<OperationInProgress>(second), second.what());
        first->cancel();
        co_await finished(first);
        BOOST_TEST(is_aborted(first->failure));
        broker.faults().close_connections();
        auto const lost = co_await events.next();
        BOOST_TEST((lost.value().state == State::lost));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(whoever_does_not_read_loses_the_oldest)
{
    run([this]() -> asio::awaitable<void> {
        auto policy = quick_policy();
        policy.initial = 0ms;
        auto session = co_await connect(reconnecting(policy));
        auto events = session.connection_events();
        unsigned waits = 0;
        class Counting : public Observer
        {
        public:
            explicit Counting(unsigned& count) : count_(count) {}
            void on_waiting(std::chrono::milliseconds, unsigned) override { ++count_; }

        private:
            unsigned& count_;
        };
        session.add_observer(std::make_shared<Counting>(waits));
        broker.stop();
        co_await until([&] { return waits > 600; });
        co_await session.disconnect();
        std::size_t count = 0;
        State first = State::closed;
        State last = State::connected;
        while (auto const event = co_await events.next()) {
            if (count++ == 0)
                first = event->state;
            last = event->state;
        }
        BOOST_TEST(count == 1000u);
        BOOST_TEST((first == State::waiting || first == State::connecting));
        BOOST_TEST((last == State::closed));
    });
}

BOOST_AUTO_TEST_CASE(an_empty_channel_says_so)
{
    run([]() -> asio::awaitable<void> {
        ConnectionEvents none;
        auto const failure = co_await failure_of(none.next());
        BOOST_TEST(is<SessionClosed>(failure));
        BOOST_CHECK_THROW(StompSession().connection_events(), SessionClosed);
    });
}

BOOST_AUTO_TEST_SUITE_END()
