#include "recorder.hpp"

#include <atomic>
#include <future>

// A listener that takes its time.
BOOST_AUTO_TEST_SUITE(slow_listener)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

/// Blocks in on_message until the test lets it go on.
class Blocking : public ConnectionListener
{
public:
    void on_message(Frame const&) override
    {
        if (!entered_.exchange(true))
            blocked.set_value();
        release_.wait();
        ++messages;
    }
    void release() { go_on_.set_value(); }

    std::promise<void> blocked;
    std::atomic<int> messages{0};

private:
    std::atomic<bool> entered_{false};
    std::promise<void> go_on_;
    std::shared_future<void> release_ = go_on_.get_future().share();
};

BrokerConfig beating()
{
    BrokerConfig config;
    config.heart_beat = {100ms, 100ms};
    return config;
}

class Beats : public Observer
{
public:
    void on_heart_beat_sent() override { ++count; }
    std::atomic<int> count{0};
};

} // namespace

// The broker would close the connection after 150 ms without a heart-beat, and so would we.
BOOST_AUTO_TEST_CASE(stops_no_heart_beats)
{
    BrokerThread broker(beating());
    auto options = broker.options();
    options.heartbeats = {100ms, 100ms};
    options.heart_beat_receive_scale = 10; // a loaded machine is late itself
    auto const beats = std::make_shared<Beats>();
    options.observer = beats;
    Connection12 connection(options);
    auto const listener = std::make_shared<Blocking>();
    connection.set_listener("slow", listener);
    connection.connect("", "", true);
    connection.subscribe("/queue/a");
    connection.send("x", "/queue/a");
    listener->blocked.get_future().get();
    auto const before = beats->count.load();
    wait_until([&] { return beats->count >= before + 6 || !connection.is_connected(); });
    bool const was_connected = connection.is_connected();
    listener->release();
    BOOST_TEST(was_connected);
    connection.disconnect();
}

// What it has not seen yet does not grow without bound: the rest stays with the broker.
BOOST_AUTO_TEST_CASE(holds_the_broker_up)
{
    BrokerConfig config;
    config.output_high_water = std::size_t{64} << 10;
    BrokerThread broker(config);
    Connection12 connection(broker.options());
    auto const listener = std::make_shared<Blocking>();
    connection.set_listener("slow", listener);
    connection.connect("", "", true);
    constexpr int messages = 150;
    std::string const body(200'000, 'x'); // 30 MB, of which 4 MiB are read at once, and sockets buffer some
    for (int i = 0; i < messages; ++i)
        broker.broker.publish("/queue/a", body);
    connection.subscribe("/queue/a");
    listener->blocked.get_future().get();
    // It comes to a standstill.
    std::size_t left = 0;
    wait_until([&] {
        auto const before = broker.broker.queue_depth("/queue/a");
        std::this_thread::sleep_for(100ms);
        left = broker.broker.queue_depth("/queue/a");
        return left == before;
    });
    BOOST_TEST(left > 50u);
    listener->release();
    wait_until([&] { return listener->messages == messages; });
    BOOST_TEST(connection.is_connected());
    connection.disconnect();
}

BOOST_AUTO_TEST_CASE(does_not_keep_disconnect_waiting)
{
    BrokerThread broker;
    Connection12 connection({broker.where()});
    auto const listener = std::make_shared<Blocking>();
    auto const recorder = std::make_shared<Recorder>();
    connection.set_listener("slow", listener);
    connection.set_listener("recorder", recorder);
    connection.connect("", "", true);
    connection.subscribe("/queue/a");
    for (int i = 0; i < 3000; ++i)
        broker.broker.publish("/queue/a", "x");
    listener->blocked.get_future().get();
    connection.disconnect();
    BOOST_TEST(!connection.is_connected());
    BOOST_TEST(!connection.stop(10ms)); // the callbacks are still to come
    BOOST_TEST(recorder->only({"disconnected"}).empty());
    listener->release();
    BOOST_TEST(connection.stop(wait_limit));
    BOOST_TEST(recorder->only({"disconnected"}).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
