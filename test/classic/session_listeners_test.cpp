#include "recorder.hpp"
#include "support/session_tools.hpp"

#include <boost/asio/thread_pool.hpp>

#include <future>
#include <stdexcept>

// Listeners on sessions of coroutines.
BOOST_FIXTURE_TEST_SUITE(session_listeners, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;
using classic::get_listener;
using classic::remove_listener;
using classic::set_listener;

BOOST_AUTO_TEST_CASE(a_session_with_a_listener_from_its_beginning)
{
    auto const recorder = std::make_shared<Recorder>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        set_listener(config, "recorder", recorder);
        BOOST_TEST((get_listener(config, "recorder") == recorder));
        auto session = co_await connect(config);
        BOOST_TEST((get_listener(session, "recorder") == recorder));
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "x");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "x");
        co_await session.disconnect();
    });
    auto const trace = recorder->trace();
    BOOST_TEST(
        recorder->only({"connect", "send", "before", "message", "disconnect", "receiver"}) ==
            (Trace{"connecting", "send CONNECT", "connected", "send SUBSCRIBE", "send SEND", "before_message x",
                   "message x", "disconnecting", "send DISCONNECT", "disconnected", "receiver_loop_completed RECEIPT"}),
        line_of(trace));
    BOOST_REQUIRE(trace.size() >= 3u);
    BOOST_TEST(trace[trace.size() - 3].starts_with("receipt"));
}

BOOST_AUTO_TEST_CASE(a_listener_that_comes_later)
{
    auto const recorder = std::make_shared<Recorder>();
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        set_listener(session, "recorder", recorder);
        BOOST_TEST((get_listener(session, "recorder") == recorder));
        BOOST_TEST(!get_listener(session, "another"));
        co_await session.send("/queue/a", "x");
        broker.faults().close_connections();
        co_await session.closed();
    });
    BOOST_TEST(recorder->trace() == (Trace{"send SEND", "disconnected", "receiver_loop_completed "}),
               line_of(recorder->trace()));
}

BOOST_AUTO_TEST_CASE(sessions_have_listeners_of_their_own)
{
    auto const first = std::make_shared<Recorder>();
    auto const second = std::make_shared<Recorder>();
    run([&]() -> asio::awaitable<void> {
        auto one = co_await connect();
        auto two = co_await connect();
        set_listener(one, "recorder", first);
        set_listener(two, "recorder", second);
        co_await one.send("/queue/a", "x");
        BOOST_TEST(first->trace() == Trace{"send SEND"});
        BOOST_TEST(second->trace().empty());
        BOOST_TEST(remove_listener(one, "recorder"));
        BOOST_TEST(!remove_listener(one, "recorder"));
        co_await one.send("/queue/a", "y");
        BOOST_TEST(first->trace() == Trace{"send SEND"});
        co_await one.disconnect();
        co_await two.disconnect();
    });
    BOOST_CHECK_THROW(set_listener(StompSession(), "recorder", first), SessionClosed);
    BOOST_TEST(!get_listener(StompSession(), "recorder"));
    BOOST_TEST(!remove_listener(StompSession(), "recorder"));
}

BOOST_AUTO_TEST_CASE(refused_and_silent)
{
    auto const refused = std::make_shared<Recorder>();
    auto const silent = std::make_shared<Recorder>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        set_listener(config, "recorder", refused);
        broker.faults().refuse_login();
        auto const failure = co_await failure_of(connect(config));
        BOOST_TEST(is<ConnectError>(failure));
        broker.faults().clear();

        StompConfig beating;
        beating.heart_beat = {0ms, 10s};
        auto const listener = std::make_shared<classic::HeartbeatListener>(beating, HeartBeat(0ms, 20ms), 1.5);
        set_listener(beating, "heart-beat", listener);
        set_listener(beating, "recorder", silent);
        broker.faults().answer_connect(std::string("CONNECTED\nversion:1.2\nheart-beat:20,0\n\n\0", 40));
        auto session = co_await connect(beating);
        broker.faults().fall_silent();
        BOOST_TEST((listener->negotiated() == HeartBeat(0ms, 20ms)));
        auto const cause = co_await session.closed();
        BOOST_TEST(is<MissingHeartBeat>(cause));
        BOOST_TEST(listener->missed() == 1u);
    });
    BOOST_TEST(refused->trace() ==
                   (Trace{"connecting", "send CONNECT", "error", "disconnected", "receiver_loop_completed ERROR"}),
               line_of(refused->trace()));
    BOOST_TEST(silent->trace() == (Trace{"connecting", "send CONNECT", "connected", "heartbeat_timeout", "disconnected",
                                         "receiver_loop_completed CONNECTED"}),
               line_of(silent->trace()));
}

namespace {

class Changing : public classic::ConnectionListener
{
public:
    bool on_before_message(Frame& frame) override
    {
        frame.set_body("changed " + std::string(frame.body()));
        return frame.body() != "changed skip";
    }
    void on_send(Frame& frame) override
    {
        if (frame.command() == "SEND")
            frame.set_header("traced", "yes");
    }
};

class Throwing : public classic::ConnectionListener
{
public:
    bool on_before_message(Frame&) override { throw std::runtime_error("mine"); }
    void on_message(Frame const&) override { throw std::runtime_error("mine"); }
    void on_send(Frame&) override { throw std::runtime_error("mine"); }
};

class Failures : public Observer
{
public:
    void on_callback_failed(std::string_view callback, Failure const& failure) override
    {
        log.push_back(std::string(callback) + ' ' + failure.what());
    }
    Trace log;
};

} // namespace

BOOST_AUTO_TEST_CASE(listeners_change_what_passes)
{
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        set_listener(session, "changing", std::make_shared<Changing>());
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "skip");
        co_await session.send("/queue/a", "x");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "changed x");
        BOOST_TEST(message.header("traced").value_or("") == "yes");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_a_listener_throws_is_reported)
{
    auto const failures = std::make_shared<Failures>();
    auto const recorder = std::make_shared<Recorder>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.observer = failures;
        auto session = co_await connect(config);
        set_listener(session, "a", std::make_shared<Throwing>());
        set_listener(session, "b", recorder);
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "x");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "x");
        co_await session.disconnect();
    });
    BOOST_TEST(failures->log == (Trace{"a.on_send mine", "a.on_send mine", "a.on_before_message mine",
                                       "a.on_message mine", "a.on_send mine"}));
    BOOST_TEST(recorder->only({"message"}) == Trace{"message x"});
}

BOOST_AUTO_TEST_CASE(a_slow_listener_has_an_executor_of_its_own)
{
    class Slow : public Recorder
    {
    public:
        void on_message(Frame const& frame) override
        {
            go_on.get_future().wait();
            Recorder::on_message(frame);
        }
        std::promise<void> go_on;
    };
    asio::thread_pool pool(1);
    auto const slow = std::make_shared<Slow>();
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        set_listener(session, "slow", slow, pool.get_executor());
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "x");
        co_await inbox.receive();
        co_await session.disconnect(); // nothing of this waits for the listener
        slow->go_on.set_value();
    });
    slow->wait_for("receiver_loop_completed");
    auto const trace = slow->only({"message", "disconnected", "receiver_loop_completed"});
    BOOST_TEST(trace == (Trace{"message x", "disconnected", "receiver_loop_completed RECEIPT"}), line_of(trace));
}

BOOST_AUTO_TEST_CASE(every_connection_of_a_session_that_reconnects_is_told_of_by_itself)
{
    auto const recorder = std::make_shared<Recorder>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.reconnect.emplace();
        config.reconnect->initial = 1ms;
        set_listener(config, "recorder", recorder);
        auto session = co_await connect(config);
        broker.stop(); // so that some attempts fail, of which they hear nothing
        co_await pause(20ms);
        broker.listen();
        co_await until([&] { return session.stats().connections == 2; });
        co_await session.disconnect();
    });
    auto const trace = recorder->only({"connect", "disconnect", "receiver"});
    BOOST_TEST(trace ==
                   (Trace{"connecting", "connected", "disconnected", "receiver_loop_completed CONNECTED", "connecting",
                          "connected", "disconnecting", "disconnected", "receiver_loop_completed RECEIPT"}),
               line_of(trace));
}

BOOST_AUTO_TEST_CASE(a_listener_that_blocks_elsewhere_holds_up_no_heart_beat)
{
    class Blocking : public Recorder
    {
    public:
        void on_connected(Frame const&) override { go_on.get_future().wait_for(wait_limit); }
        std::promise<void> go_on;
    };
    class Beats : public Observer
    {
    public:
        void on_heart_beat_sent() override { ++count; }
        int count = 0;
    };
    asio::thread_pool pool(1);
    BrokerConfig lively;
    lively.heart_beat = HeartBeat(5ms, 5ms);
    lively.heart_beat_tolerance.receive_scale = 10'000;
    EmbeddedBroker beating(context.get_executor(), lively);
    beating.listen();
    auto const blocking = std::make_shared<Blocking>();
    auto const beats = std::make_shared<Beats>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(5ms, 0ms);
        config.observer = beats;
        set_listener(config, "blocking", blocking, pool.get_executor());
        StompClient client(config);
        auto session = co_await client.connect(beating.url());
        co_await until([&] { return beats->count > 5; });
        BOOST_TEST(session.is_open());
        blocking->go_on.set_value();
        co_await session.disconnect();
    });
    blocking->wait_for("receiver_loop_completed");
}

BOOST_AUTO_TEST_CASE(a_listener_ends_the_session)
{
    class Ending : public Recorder
    {
    public:
        void on_message(Frame const& frame) override
        {
            Recorder::on_message(frame);
            remove_listener(session, "ending");
            set_listener(session, "still there", shared);
            session.start_disconnect();
            session = StompSession();
        }
        StompSession session;
        std::shared_ptr<Recorder> shared = std::make_shared<Recorder>();
    };
    auto const ending = std::make_shared<Ending>();
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        ending->session = session;
        set_listener(session, "ending", ending);
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "x");
        auto const cause = co_await session.closed();
        BOOST_TEST((cause.code() == errc::session_closed));
    });
    BOOST_TEST(ending->only({"message", "disconnect"}) == Trace{"message x"});
    BOOST_TEST(ending->shared->only({"disconnect"}) == (Trace{"disconnecting", "disconnected"}));
}

BOOST_AUTO_TEST_SUITE_END()
