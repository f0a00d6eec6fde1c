#include "recorder.hpp"

// HeartbeatListener: sets up, and shows.
BOOST_AUTO_TEST_SUITE(heartbeat)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

BrokerConfig beating()
{
    BrokerConfig config;
    config.heart_beat = {40ms, 40ms};
    config.heart_beat_tolerance.receive_scale = 100; // a loaded machine is late
    return config;
}

} // namespace

BOOST_AUTO_TEST_CASE(on_a_connection)
{
    BrokerThread broker(beating());
    Connection11 connection({broker.where()});
    auto const listener = std::make_shared<HeartbeatListener>(connection, HeartBeat(50ms, 60ms), 100);
    connection.set_listener("heartbeat", listener);
    BOOST_TEST(!listener->negotiated().has_value());
    BOOST_TEST(!listener->last_sent().has_value());
    BOOST_TEST(!listener->running());
    connection.connect("", "", true);
    wait_until([&] { return listener->running(); });
    BOOST_TEST((listener->negotiated() == HeartBeat(50ms, 60ms)));
    BOOST_TEST((connection.negotiated_heart_beat() == HeartBeat(50ms, 60ms)));
    wait_until([&] { return listener->sent() >= 2 && listener->received() >= 2; });
    BOOST_TEST(listener->last_sent().has_value());
    BOOST_TEST(listener->last_received().has_value());
    BOOST_TEST(listener->missed() == 0u);
    connection.disconnect();
    wait_until([&] { return !listener->running(); });
}

BOOST_AUTO_TEST_CASE(a_silent_broker_is_missed)
{
    BrokerThread broker(beating());
    Connection12 connection({broker.where()});
    auto const listener = std::make_shared<HeartbeatListener>(connection, HeartBeat(0ms, 50ms));
    auto const recorder = std::make_shared<Recorder>();
    connection.set_listener("heartbeat", listener);
    connection.set_listener("recorder", recorder);
    connection.connect("", "", true);
    BOOST_TEST((connection.negotiated_heart_beat() == HeartBeat(0ms, 50ms)));
    broker.broker.faults().fall_silent();
    recorder->wait_for("receiver_loop_completed");
    BOOST_TEST(recorder->only({"heartbeat_timeout", "disconnected"}) == (Trace{"heartbeat_timeout", "disconnected"}));
    BOOST_TEST(listener->missed() == 1u);
}

BOOST_AUTO_TEST_CASE(heart_beats_are_callbacks)
{
    BrokerThread broker(beating());
    auto options = broker.options();
    options.heartbeats = {40ms, 40ms};
    options.heart_beat_receive_scale = 100;
    Connection12 connection(options);
    auto const listener = std::make_shared<TestListener>("", true, [](std::string_view) {});
    auto const recorder = std::make_shared<Recorder>(true);
    connection.set_listener("test", listener);
    connection.set_listener("recorder", recorder);
    connection.connect("", "", true);
    BOOST_TEST(listener->wait_for_heartbeat(wait_limit));
    wait_until([&] { return listener->messages_sent >= 3; }); // CONNECT and heart-beats: frames without a command
    BOOST_TEST(listener->heartbeat_count.load() >= 1u);
    recorder->wait_for("heartbeat");
    connection.disconnect();
}

BOOST_AUTO_TEST_SUITE_END()
