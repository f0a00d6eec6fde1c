#include "recorder.hpp"

#include <atomic>
#include <future>
#include <stdexcept>

// What listeners may do, and what becomes of it.
BOOST_AUTO_TEST_SUITE(callbacks)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

/// Calls functions that the test gives it.
class Functions : public ConnectionListener
{
public:
    std::function<void()> connected, disconnected, disconnecting, connecting;
    std::function<bool(Frame&)> before;
    std::function<void(Frame const&)> message, receipt;
    std::function<void(Frame&)> send;

    void on_connecting(HostAndPort const&) override { call(connecting); }
    void on_connected(Frame const&) override { call(connected); }
    void on_disconnecting() override { call(disconnecting); }
    void on_disconnected() override { call(disconnected); }
    bool on_before_message(Frame& frame) override { return !before || before(frame); }
    void on_message(Frame const& frame) override { call(message, frame); }
    void on_receipt(Frame const& frame) override { call(receipt, frame); }
    void on_send(Frame& frame) override { call(send, frame); }

private:
    template <class Function, class... Arguments>
    static void call(Function const& function, Arguments&... arguments)
    {
        if (function)
            function(arguments...);
    }
};

/// Remembers which callbacks have failed.
class Failures : public Observer
{
public:
    void on_callback_failed(std::string_view callback, Failure const& failure) override
    {
        log.add(std::string(callback) + ": " + failure.what());
    }
    Recorder log;
};

class CallbacksFixture
{
public:
    CallbacksFixture() : connection(with_observer())
    {
        connection.set_listener("f", functions);
        connection.set_listener("recorder", recorder);
    }

    ConnectionOptions with_observer() const
    {
        auto options = broker.options();
        options.observer = failures;
        return options;
    }

    BrokerThread broker;
    std::shared_ptr<Failures> failures = std::make_shared<Failures>();
    std::shared_ptr<Functions> functions = std::make_shared<Functions>();
    std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
    Connection12 connection; // last: no callback is called any more when the others go
};

} // namespace

BOOST_FIXTURE_TEST_CASE(messages_are_changed_and_skipped, CallbacksFixture)
{
    functions->before = [](Frame& frame) {
        if (frame.body() == "skip")
            return false;
        frame.set_body("changed " + std::string(frame.body()));
        frame.set_header("seen", "yes");
        return true;
    };
    std::promise<std::string> seen;
    functions->message = [&](Frame const& frame) { seen.set_value(std::string(frame.header("seen").value_or("no"))); };
    connection.connect("", "", true);
    connection.subscribe("/queue/a");
    connection.send("skip", "/queue/a");
    connection.send("x", "/queue/a");
    recorder->wait_for("message changed x");
    BOOST_TEST(seen.get_future().get() == "yes");
    BOOST_TEST(recorder->only({"message", "before"}) == (Trace{"before_message changed x", "message changed x"}));
    connection.disconnect();
}

BOOST_FIXTURE_TEST_CASE(frames_are_changed_before_they_are_encoded, CallbacksFixture)
{
    functions->send = [](Frame& frame) {
        if (frame.command() == "SEND") {
            frame.set_header("destination", "/queue/other");
            frame.set_body("changed");
        } else if (frame.command() == "DISCONNECT") {
            frame.set_header("receipt", "of the listener");
        }
    };
    connection.connect("", "", true);
    connection.subscribe("/queue/other");
    connection.send("x", "/queue/a");
    recorder->wait_for("message changed");
    connection.disconnect();
    recorder->wait_for("receipt of the listener");
    recorder->wait_for("disconnected");
}

// A listener may change what is offered, also the heart-beats, and the session follows.
BOOST_FIXTURE_TEST_CASE(connect_is_changed, CallbacksFixture)
{
    functions->send = [](Frame& frame) {
        if (frame.command() != "CONNECT")
            return;
        frame.set_command("STOMP");
        frame.set_header("accept-version", "1.1,1.0");
        frame.set_header("heart-beat", "7000,0");
    };
    broker.broker.set_frame_log(10);
    connection.connect("", "", true);
    BOOST_TEST(connection.negotiated_heart_beat().send.count() == 10'000);
    auto const frames = broker.broker.received_frames();
    BOOST_REQUIRE(!frames.empty());
    BOOST_TEST(frames.front().frame.command() == "STOMP");
    BOOST_TEST(frames.front().frame.header("heart-beat").value_or("") == "7000,0");
    connection.disconnect();

    functions->send = [](Frame& frame) { frame.set_header("heart-beat", "soon"); };
    BOOST_CHECK_THROW(connection.connect("", "", true), InvalidFrame);
    functions->send = [](Frame& frame) { frame.set_header("accept-version", "9"); };
    BOOST_CHECK_THROW(connection.connect("", "", true), InvalidFrame);
    BOOST_TEST(!connection.is_connected());
    recorder->wait_for("receiver_loop_completed", 3);
}

BOOST_FIXTURE_TEST_CASE(what_a_listener_throws_is_reported, CallbacksFixture)
{
    functions->connecting = functions->connected = functions->disconnecting =
        functions->disconnected = [] { throw std::runtime_error("mine"); };
    functions->before = [](Frame&) -> bool { throw std::runtime_error("mine"); };
    functions->message = functions->receipt = [](Frame const&) { throw std::runtime_error("mine"); };
    functions->send = [](Frame&) { throw 42; };
    connection.connect("", "", true);
    connection.subscribe("/queue/a");
    connection.send("x", "/queue/a", "", {{"receipt", "r"}});
    recorder->wait_for("message x");
    recorder->wait_for("receipt r");
    connection.disconnect("bye");
    recorder->wait_for("receiver_loop_completed");
    BOOST_TEST(recorder->only({"connect", "disconnect", "receipt bye"}) ==
               (Trace{"connecting", "connected", "disconnecting", "receipt bye", "disconnected"}));
    for (auto const* callback :
         {"f.on_connecting: mine", "f.on_connected: mine", "f.on_disconnecting: mine", "f.on_disconnected: mine",
          "f.on_before_message: mine", "f.on_message: mine", "f.on_receipt: mine", "f.on_send"})
        failures->log.wait_for(callback);
}

BOOST_FIXTURE_TEST_CASE(operations_from_inside_of_callbacks, CallbacksFixture)
{
    functions->connected = [&] {
        connection.subscribe("/queue/a");
        connection.send("first", "/queue/a");
    };
    functions->message = [&](Frame const& frame) {
        if (frame.body() == "first") {
            connection.remove_listener("recorder");
            connection.set_listener("z", recorder);
            connection.send("second", "/queue/a");
        } else {
            connection.disconnect("bye");
        }
    };
    connection.connect("", "", true);
    recorder->wait_for("receiver_loop_completed");
    BOOST_TEST(recorder->only({"disconnect", "receipt"}) == (Trace{"disconnecting", "receipt bye", "disconnected"}));
    BOOST_TEST(!connection.is_connected());
}

BOOST_FIXTURE_TEST_CASE(a_removed_listener_hears_nothing_more, CallbacksFixture)
{
    std::promise<bool> removed;
    functions->connected = [&] { removed.set_value(connection.remove_listener("recorder")); };
    connection.connect("", "", true);
    BOOST_TEST(removed.get_future().get());
    connection.disconnect();
    BOOST_TEST(connection.stop());
    BOOST_TEST(recorder->trace() == (Trace{"connecting", "send CONNECT"}), line_of(recorder->trace()));
}

BOOST_FIXTURE_TEST_CASE(connecting_again_from_inside_of_a_callback, CallbacksFixture)
{
    std::atomic<int> connections = 1;
    functions->disconnected = [&] {
        if (connections++ < 3)
            connection.connect("", "", true);
    };
    connection.connect("", "", true);
    broker.broker.faults().close_connections();
    recorder->wait_for("connected", 2);
    broker.broker.faults().close_connections();
    recorder->wait_for("connected", 3);
    BOOST_TEST(connection.is_connected());
    connection.disconnect();
    recorder->wait_for("receiver_loop_completed", 3);
    auto const trace = recorder->only({"connect", "disconnected", "receiver"});
    BOOST_TEST(trace == (Trace{"connecting", "connected", "disconnected", "receiver_loop_completed CONNECTED",
                               "connecting", "connected", "disconnected", "receiver_loop_completed CONNECTED",
                               "connecting", "connected", "disconnected", "receiver_loop_completed RECEIPT"}),
               line_of(trace));
}

BOOST_FIXTURE_TEST_CASE(connecting_without_waiting_from_inside_of_a_callback, CallbacksFixture)
{
    std::atomic<bool> again = true;
    functions->disconnected = [&] {
        if (again.exchange(false))
            connection.connect();
    };
    connection.connect();
    recorder->wait_for("connected");
    broker.broker.faults().reset_connections();
    recorder->wait_for("connected", 2);
    connection.send("x", "/queue/a");
    connection.disconnect();
}

BOOST_FIXTURE_TEST_CASE(giving_up_from_inside_of_callbacks, CallbacksFixture)
{
    functions->connecting = [&] { connection.disconnect(); };
    BOOST_CHECK_THROW(connection.connect("", "", true), SessionClosed);
    recorder->wait_for("receiver_loop_completed");
    BOOST_TEST(recorder->only({"connect", "disconnect"}) == (Trace{"connecting", "disconnected"}));
    functions->connecting = nullptr;
    functions->disconnecting = [&] { connection.disconnect("nested"); };
    connection.connect("", "", true);
    connection.disconnect("outer");
    recorder->wait_for("receipt outer");
    recorder->wait_for("receiver_loop_completed", 2);
    BOOST_TEST(recorder->only({"disconnecting"}).size() == 1u);
}

// Listeners behind the one that disconnects have not heard of on_connected by then.
BOOST_FIXTURE_TEST_CASE(disconnecting_never_overtakes_connected, CallbacksFixture)
{
    functions->connected = [&] { connection.disconnect("bye"); };
    connection.connect();
    recorder->wait_for("receiver_loop_completed");
    BOOST_TEST(recorder->only({"connect", "disconnect", "receipt"}) ==
                   (Trace{"connecting", "connected", "disconnecting", "receipt bye", "disconnected"}),
               line_of(recorder->trace()));
    functions->connected = [] { std::this_thread::sleep_for(50ms); };
    for (int i = 2; i <= 4; ++i) {
        connection.connect();
        while (!connection.is_connected())
            std::this_thread::yield();
        connection.disconnect();
        recorder->wait_for("receiver_loop_completed", i);
    }
    auto const trace = recorder->only({"connecting", "connected", "disconnecting", "disconnected"});
    Trace expected;
    for (int i = 0; i < 4; ++i)
        expected.insert(expected.end(), {"connecting", "connected", "disconnecting", "disconnected"});
    BOOST_TEST(trace == expected, line_of(trace));
}

BOOST_AUTO_TEST_CASE(the_object_goes_inside_of_a_callback)
{
    BrokerThread broker;
    auto const recorder = std::make_shared<Recorder>();
    auto const functions = std::make_shared<Functions>();
    auto connection = std::make_shared<Connection12>(broker.options());
    std::promise<void> gone;
    functions->connected = [&] {
        connection.reset();
        gone.set_value();
    };
    connection->set_listener("f", functions);
    connection->set_listener("recorder", recorder);
    connection->connect();
    gone.get_future().get();
    recorder->wait_for("receiver_loop_completed");
    BOOST_TEST(recorder->only({"disconnected"}).size() == 1u);
    wait_until([&] { return broker.broker.connections() == 0; });
}

BOOST_AUTO_TEST_SUITE_END()
