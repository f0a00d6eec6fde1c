#include "recorder.hpp"

#include <atomic>
#include <future>

// A connection that is ended, or made again, from inside of its callbacks.
BOOST_AUTO_TEST_SUITE(ending_from_callbacks)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

/// Runs a function once, at the callback that the test names.
class Once : public Recorder
{
public:
    Once(std::string where, std::function<void()> function) : where_(std::move(where)), function_(std::move(function))
    {
    }

    void on_connecting(HostAndPort const& host_and_port) override
    {
        Recorder::on_connecting(host_and_port);
        call("connecting");
    }
    void on_send(Frame& frame) override
    {
        Recorder::on_send(frame);
        call("send " + std::string(frame.command()));
    }
    void on_disconnecting() override
    {
        Recorder::on_disconnecting();
        call("disconnecting");
    }
    void on_disconnected() override
    {
        Recorder::on_disconnected();
        call("disconnected");
    }

    /// How long the function took.
    std::chrono::steady_clock::duration taken{};

private:
    void call(std::string const& here)
    {
        if (here != where_ || is_called_.exchange(true))
            return;
        auto const begin = std::chrono::steady_clock::now();
        function_();
        taken = std::chrono::steady_clock::now() - begin;
    }

    std::string const where_;
    std::function<void()> const function_;
    std::atomic<bool> is_called_{false};
};

// Less than any limit that was waited for in vain, and much more than ending takes.
constexpr auto soon = 4s;

void end_at(std::string const& where, std::function<void(std::shared_ptr<Connection12>&)> const& end)
{
    BOOST_TEST_CONTEXT(where)
    {
        BrokerThread broker;
        auto connection = std::make_shared<Connection12>(broker.options());
        auto const listener = std::make_shared<Once>(where, [&] { end(connection); });
        connection->set_listener("once", listener);
        auto const use = [&] {
            // A plain pointer: end() may let go of the object.
            auto* const used = connection.get();
            used->connect("", "", true);
            used->disconnect();
        };
        try {
            use();
            BOOST_TEST(where != "connecting");
            BOOST_TEST(where != "send CONNECT");
        } catch (SessionClosed const&) {
            BOOST_TEST((where == "connecting" || where == "send CONNECT"));
        }
        listener->wait_for("receiver_loop_completed");
        BOOST_TEST(listener->only({"disconnected"}).size() == 1u, line_of(listener->trace()));
        BOOST_TEST(listener->only({"connecting"}).size() == 1u);
        BOOST_TEST((listener->taken < soon));
        wait_until([&] { return broker.broker.connections() == 0; });
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(stop_is_called)
{
    for (auto const* where : {"connecting", "send CONNECT", "disconnecting", "send DISCONNECT"}) {
        // Boost.Test is called by one thread only.
        std::atomic<bool> stopped = false;
        end_at(where, [&](auto& connection) { stopped = connection->stop(); });
        BOOST_TEST(stopped, where);
    }
}

BOOST_AUTO_TEST_CASE(the_object_is_destroyed)
{
    for (auto const* where : {"connecting", "send CONNECT", "disconnecting", "send DISCONNECT"})
        end_at(where, [](auto& connection) { connection.reset(); });
}

BOOST_AUTO_TEST_CASE(connected_again_at_once)
{
    for (auto const* where : {"connecting", "send CONNECT", "disconnecting"}) {
        BOOST_TEST_CONTEXT(where)
        {
            BrokerThread broker;
            Connection12 connection(broker.options());
            std::atomic<int> connections = 0;
            auto const listener = std::make_shared<Once>(where, [&] {
                connection.stop();
                connection.connect();
                ++connections;
            });
            connection.set_listener("once", listener);
            try {
                connection.connect("", "", true);
                connection.disconnect();
            } catch (SessionClosed const&) {
                // The first one was given up.
            }
            wait_until([&] { return connection.is_connected() && connections == 1; });
            connection.send("x", "/queue/a");
            connection.disconnect();
            listener->wait_for("receiver_loop_completed", 2);
            BOOST_TEST(listener->only({"connecting"}).size() == 2u);
            BOOST_TEST(listener->only({"disconnected"}).size() == 2u);
        }
    }
}

// What stomp.py's users write: if not connection.is_connected(): connection.connect().
BOOST_AUTO_TEST_CASE(connect_waits_for_the_old_connection_to_end)
{
    class Holding : public Observer
    {
    public:
        void on_closed(Failure const&) override
        {
            if (is_closed_.exchange(true))
                return;
            closed.set_value();
            go_on.get_future().wait_for(wait_limit);
        }
        std::promise<void> closed, go_on;

    private:
        std::atomic<bool> is_closed_{false};
    };
    BrokerThread broker;
    auto options = broker.options();
    auto const holding = std::make_shared<Holding>();
    options.observer = holding;
    Connection12 connection(options);
    auto const recorder = std::make_shared<Recorder>();
    connection.set_listener("recorder", recorder);
    connection.connect("", "", true);
    broker.broker.faults().refuse_next("SEND");
    connection.send("x", "/queue/a");
    // Now it has ended, and nobody here has been told yet.
    holding->closed.get_future().get();
    BOOST_TEST(!connection.is_connected());
    auto again = std::async(std::launch::async, [&] { connection.connect("", "", true); });
    BOOST_TEST((again.wait_for(20ms) == std::future_status::timeout));
    holding->go_on.set_value();
    again.get();
    BOOST_TEST(connection.is_connected());
    connection.disconnect();
    recorder->wait_for("receiver_loop_completed", 2);
    auto const trace = recorder->only({"connecting", "connected", "error", "disconnected"});
    BOOST_TEST(
        trace == (Trace{"connecting", "connected", "error", "disconnected", "connecting", "connected", "disconnected"}),
        line_of(trace));
}

BOOST_AUTO_TEST_CASE(operations_say_what_connect_said)
{
    BrokerThread broker;
    broker.broker.faults().ignore_connect();
    Connection12 connection(broker.options());
    auto const recorder = std::make_shared<Recorder>();
    connection.set_listener("recorder", recorder);
    auto connecting = std::async(std::launch::async, [&] { connection.connect("", "", true); });
    recorder->wait_for("send CONNECT");
    connection.disconnect();
    std::string said;
    try {
        connecting.get();
    } catch (SessionClosed const& error) {
        said = error.what();
    }
    BOOST_TEST(said.find("given up") != said.npos, said);
    try {
        connection.send("x", "/queue/a");
        BOOST_ERROR("sent without a connection");
    } catch (SessionClosed const& error) {
        std::string const what = error.what();
        BOOST_TEST(what.find("given up") != what.npos, what);
        BOOST_TEST(what.find("canceled") == what.npos, what);
    }
}

BOOST_AUTO_TEST_SUITE_END()
