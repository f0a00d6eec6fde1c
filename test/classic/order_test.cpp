#include "recorder.hpp"

#include <boost/asio/ip/tcp.hpp>

// The order of callbacks, on every way in which a connection begins and ends.
BOOST_AUTO_TEST_SUITE(order)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

/// A connection to a broker, with a recorder attached.
class OrderFixture
{
public:
    explicit OrderFixture(BrokerConfig config = BrokerConfig(), ConnectionOptions options = ConnectionOptions())
        : broker(std::move(config)), connection(at(broker, std::move(options)))
    {
        connection.set_listener("recorder", recorder);
    }

    void check(Trace const& expected)
    {
        recorder->wait_for("receiver_loop_completed");
        auto const trace = recorder->trace();
        BOOST_TEST(trace == expected, "the trace was: " << line_of(trace));
    }

    static ConnectionOptions at(BrokerThread const& broker, ConnectionOptions options)
    {
        options.host_and_ports = {broker.where()};
        return options;
    }

    BrokerThread broker;
    Connection12 connection;
    std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
};

class PlainFixture : public OrderFixture
{
public:
    PlainFixture() : OrderFixture() {}
};

BrokerConfig beating(std::chrono::milliseconds period)
{
    BrokerConfig config;
    config.heart_beat = {period, period};
    return config;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(clean_end, PlainFixture)
{
    connection.connect("", "", true);
    connection.subscribe("/queue/a", "1");
    connection.send("x", "/queue/a", "", {{"receipt", "sent"}});
    recorder->wait_for("message x");
    recorder->wait_for("receipt sent");
    connection.disconnect("bye");
    recorder->wait_for("receiver_loop_completed");
    // MESSAGE and RECEIPT come in either order.
    auto const frames = recorder->only({"message", "before_message"});
    BOOST_TEST(frames == (Trace{"before_message x", "message x"}));
    auto const rest = recorder->only(
        {"connect", "send", "disconnect", "receipt bye", "error", "heartbeat", "receiver_loop_completed"});
    BOOST_TEST(rest == (Trace{"connecting", "send CONNECT", "connected", "send SUBSCRIBE", "send SEND", "disconnecting",
                              "send DISCONNECT", "receipt bye", "disconnected", "receiver_loop_completed RECEIPT"}),
               line_of(recorder->trace()));
    BOOST_TEST(!connection.is_connected());
}

BOOST_FIXTURE_TEST_CASE(peer_closes, PlainFixture)
{
    connection.connect("", "", true);
    broker.broker.faults().close_connections();
    check({"connecting", "send CONNECT", "connected", "disconnected", "receiver_loop_completed CONNECTED"});
}

BOOST_FIXTURE_TEST_CASE(peer_resets, PlainFixture)
{
    connection.connect("", "", true);
    broker.broker.faults().reset_connections();
    check({"connecting", "send CONNECT", "connected", "disconnected", "receiver_loop_completed CONNECTED"});
}

BOOST_AUTO_TEST_CASE(nobody_there)
{
    Connection12 connection({{"127.0.0.1", free_port()}});
    auto const recorder = std::make_shared<Recorder>();
    connection.set_listener("recorder", recorder);
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError);
    BOOST_TEST(connection.stop());
    BOOST_TEST(recorder->trace().empty(), line_of(recorder->trace()));
}

BOOST_FIXTURE_TEST_CASE(login_refused, PlainFixture)
{
    broker.broker.faults().refuse_login();
    BOOST_CHECK_THROW(connection.connect("user", "wrong", true), ConnectError);
    check({"connecting", "send CONNECT", "error", "disconnected", "receiver_loop_completed ERROR"});
}

BOOST_FIXTURE_TEST_CASE(login_refused_while_nobody_waits, PlainFixture)
{
    broker.broker.faults().refuse_login();
    connection.connect("user", "wrong");
    check({"connecting", "send CONNECT", "error", "disconnected", "receiver_loop_completed ERROR"});
    BOOST_CHECK_THROW(connection.send("x", "/queue/a"), SessionClosed);
}

BOOST_FIXTURE_TEST_CASE(closed_instead_of_connected, PlainFixture)
{
    broker.broker.faults().cut_outgoing(1, 0);
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError);
    check({"connecting", "send CONNECT", "disconnected", "receiver_loop_completed "});
}

BOOST_FIXTURE_TEST_CASE(cut_within_connected, PlainFixture)
{
    broker.broker.faults().cut_outgoing(1, 10);
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError);
    check({"connecting", "send CONNECT", "disconnected", "receiver_loop_completed "});
}

BOOST_FIXTURE_TEST_CASE(error_behind_connected, PlainFixture)
{
    broker.broker.faults().refuse_next("SEND");
    connection.connect("", "", true);
    connection.send("x", "/queue/a");
    check({"connecting", "send CONNECT", "connected", "send SEND", "error", "disconnected",
           "receiver_loop_completed ERROR"});
}

BOOST_AUTO_TEST_CASE(an_error_that_the_broker_does_not_close_upon)
{
    BrokerConfig config;
    config.close_after_error = false;
    OrderFixture at(config);
    at.broker.broker.faults().refuse_next("SEND");
    at.connection.connect("", "", true);
    at.connection.send("x", "/queue/a", "", {{"receipt", "r"}});
    at.recorder->wait_for("error");
    BOOST_TEST(at.connection.is_connected());
    at.connection.send("y", "/queue/a");
    at.connection.disconnect("bye");
    at.check({"connecting", "send CONNECT", "connected", "send SEND", "error", "send SEND", "disconnecting",
              "send DISCONNECT", "receipt bye", "disconnected", "receiver_loop_completed RECEIPT"});
}

BOOST_AUTO_TEST_CASE(the_broker_falls_silent)
{
    ConnectionOptions options;
    options.heartbeats = {50ms, 50ms};
    OrderFixture at(beating(50ms), options);
    at.connection.connect("", "", true);
    BOOST_TEST(at.connection.negotiated_heart_beat().receive.count() == 50);
    at.broker.broker.faults().fall_silent();
    at.check({"connecting", "send CONNECT", "connected", "heartbeat_timeout", "disconnected",
              "receiver_loop_completed CONNECTED"});
}

BOOST_FIXTURE_TEST_CASE(malformed_bytes, PlainFixture)
{
    connection.connect("", "", true);
    broker.broker.faults().send_raw("MESSAGE\nno header line\n\n\0");
    check({"connecting", "send CONNECT", "connected", "disconnected", "receiver_loop_completed CONNECTED"});
}

BOOST_FIXTURE_TEST_CASE(malformed_bytes_instead_of_connected, PlainFixture)
{
    broker.broker.faults().answer_connect("HTTP/1.1 400 Bad Request\r\n\r\n");
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError);
    check({"connecting", "send CONNECT", "disconnected", "receiver_loop_completed "});
}

BOOST_FIXTURE_TEST_CASE(another_version_than_was_offered, PlainFixture)
{
    broker.broker.faults().answer_version("1.0");
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError);
    check({"connecting", "send CONNECT", "disconnected", "receiver_loop_completed "});
}

BOOST_AUTO_TEST_CASE(no_answer_to_connect)
{
    ConnectionOptions options;
    options.timeout = Seconds(0.1);
    OrderFixture at(BrokerConfig(), options);
    at.broker.broker.faults().ignore_connect();
    BOOST_CHECK_THROW(at.connection.connect("", "", true), ConnectError);
    at.check({"connecting", "send CONNECT", "disconnected", "receiver_loop_completed "});
}

BOOST_FIXTURE_TEST_CASE(a_close_in_place_of_the_receipt_of_disconnect, PlainFixture)
{
    broker.broker.faults().close_instead_of_disconnect_receipt();
    connection.connect("", "", true);
    connection.disconnect();
    check({"connecting", "send CONNECT", "connected", "disconnecting", "send DISCONNECT", "disconnected",
           "receiver_loop_completed CONNECTED"});
}

BOOST_FIXTURE_TEST_CASE(no_receipt_for_disconnect, PlainFixture)
{
    connection.connect("", "", true);
    broker.broker.faults().fall_silent();
    connection.disconnect();
    check({"connecting", "send CONNECT", "connected", "disconnecting", "send DISCONNECT", "disconnected",
           "receiver_loop_completed CONNECTED"});
}

BOOST_FIXTURE_TEST_CASE(stopped, PlainFixture)
{
    connection.connect("", "", true);
    BOOST_TEST(connection.stop());
    check({"connecting", "send CONNECT", "connected", "disconnected", "receiver_loop_completed CONNECTED"});
}

BOOST_FIXTURE_TEST_CASE(connected_again, PlainFixture)
{
    for (int i = 1; i <= 3; ++i) {
        connection.connect("", "", true);
        broker.broker.faults().close_connections();
        recorder->wait_for("receiver_loop_completed", i);
    }
    Trace const once{"connecting", "send CONNECT", "connected", "disconnected", "receiver_loop_completed CONNECTED"};
    Trace expected;
    for (int i = 0; i < 3; ++i)
        expected.insert(expected.end(), once.begin(), once.end());
    BOOST_TEST(recorder->trace() == expected, line_of(recorder->trace()));
}

BOOST_AUTO_TEST_CASE(the_object_goes)
{
    BrokerThread broker;
    auto const recorder = std::make_shared<Recorder>();
    {
        Connection12 connection({broker.where()});
        connection.set_listener("recorder", recorder);
        connection.connect("", "", true);
    }
    BOOST_TEST(recorder->trace() == (Trace{"connecting", "send CONNECT", "connected", "disconnected",
                                           "receiver_loop_completed CONNECTED"}),
               line_of(recorder->trace()));
    wait_until([&] { return broker.broker.connections() == 0; });
}

BOOST_AUTO_TEST_CASE(listeners_are_called_in_the_order_of_their_names)
{
    class Named : public ConnectionListener
    {
    public:
        Named(std::string name, std::shared_ptr<Recorder> log) : name_(std::move(name)), log_(std::move(log)) {}
        void on_connected(Frame const&) override { log_->add(name_ + " connected"); }
        bool on_before_message(Frame&) override
        {
            log_->add(name_ + " before");
            return true;
        }
        void on_message(Frame const&) override { log_->add(name_ + " message"); }

    private:
        std::string name_;
        std::shared_ptr<Recorder> log_;
    };
    BrokerThread broker;
    Connection12 connection({broker.where()});
    auto const log = std::make_shared<Recorder>();
    for (auto const* name : {"c", "a", "b"})
        connection.set_listener(name, std::make_shared<Named>(name, log));
    connection.connect("", "", true);
    connection.subscribe("/queue/a");
    connection.send("x", "/queue/a");
    log->wait_for("c message");
    BOOST_TEST(log->trace() == (Trace{"a connected", "b connected", "c connected", "a before", "b before", "c before",
                                      "a message", "b message", "c message"}),
               line_of(log->trace()));
    connection.disconnect();
}

BOOST_AUTO_TEST_SUITE_END()

std::uint16_t arbalest::test::free_port()
{
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
    return acceptor.local_endpoint().port();
}
