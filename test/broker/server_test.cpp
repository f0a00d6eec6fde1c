#include "raw_client.hpp"

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::EmbeddedBroker;
using arbalest::Frame;
using arbalest::HeartBeat;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;

// They are passed to operations, and so must not be aggregates (a compiler bug, see the design).
static_assert(!std::is_aggregate_v<BrokerConfig>);
static_assert(!std::is_aggregate_v<arbalest::DestinationStats>);
static_assert(!std::is_aggregate_v<arbalest::ReceivedFrame>);

BOOST_AUTO_TEST_SUITE(server)

BOOST_AUTO_TEST_CASE(url_and_port)
{
    boost::asio::io_context io;
    BrokerConfig config;
    EmbeddedBroker broker(io.get_executor(), config);
    BOOST_TEST(broker.port() == 0);
    broker.listen();
    auto const port = broker.port();
    BOOST_TEST(port != 0);
    broker.listen(); // already does
    BOOST_TEST(broker.port() == port);
    BOOST_TEST(broker.url() == "stomp://127.0.0.1:" + std::to_string(port));

    config.credentials = {{"us er", "p@ss:w\xc3\xb6rd~"}};
    config.address = "0.0.0.0";
    EmbeddedBroker guarded(io.get_executor(), config);
    guarded.listen();
    BOOST_TEST(guarded.url() == "stomp://us%20er:p%40ss%3Aw%C3%B6rd~@127.0.0.1:" + std::to_string(guarded.port()));

    config.port = port;
    EmbeddedBroker second(io.get_executor(), config);
    BOOST_CHECK_THROW(second.listen(), boost::system::system_error);
    config.address = "nowhere";
    EmbeddedBroker lost(io.get_executor(), config);
    BOOST_CHECK_THROW(lost.listen(), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(a_whole_conversation)
{
    Fixture it;
    auto client = it.socket();
    BOOST_TEST(client.connect().header("version").value() == "1.2");
    client.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
    client.send_frame("SEND;destination:/queue/q;receipt:r;content-type:text/plain;note:a\\nb", "hello");
    auto const message = client.frame("MESSAGE");
    BOOST_TEST(message.body() == "hello");
    BOOST_TEST(message.header("note").value() == "a\nb");
    BOOST_TEST(message.header("content-type").value() == "text/plain");
    BOOST_TEST(message.header("content-length").value() == "5");
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "r");
    BOOST_TEST(it.broker.stats("/queue/q").unacknowledged == 1u);
    client.confirmed("ACK;id:" + std::string(message.header("ack").value()));
    BOOST_TEST(it.broker.connections() == 1u);
    BOOST_TEST(it.broker.sessions() == 1u);
    BOOST_TEST(it.broker.subscriptions() == 1u);
    BOOST_TEST(it.broker.stats("/queue/q").acknowledged == 1u);
    client.confirmed("DISCONNECT");
    BOOST_CHECK(client.end() == RawClient::End::orderly);
    client.close();
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
    BOOST_TEST(it.broker.subscriptions() == 0u);
}

BOOST_AUTO_TEST_CASE(however_the_bytes_are_cut)
{
    Fixture it;
    auto const conversation =
        "\n\nSTOMP\naccept-version:1.2\n\n\0\n\nSUBSCRIBE\r\nid:1\r\ndestination:/queue/q\r\n\r\n\0"
        "SEND\ndestination:/queue/q\ncontent-length:4\n\na\0b\n\0DISCONNECT\nreceipt:bye\n\n\0\n"s;
    std::string expected;
    for (std::size_t step = 1; step <= conversation.size(); step += step < 8 ? 1 : 31) {
        auto client = it.socket();
        for (std::size_t at = 0; at < conversation.size(); at += step)
            client.send(conversation.substr(at, step));
        BOOST_CHECK(client.end() == RawClient::End::orderly);
        client.frame("CONNECTED");
        BOOST_TEST(client.frame("MESSAGE").body() == "a\0b\n"s);
        BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "bye");
    }
}

BOOST_AUTO_TEST_CASE(a_large_body)
{
    Fixture it;
    auto client = it.socket();
    client.connect();
    std::string body(5'000'000, 'x');
    for (std::size_t i = 0; i < body.size(); i += 97)
        body[i] = static_cast<char>(i);
    client.confirmed("SEND;destination:/queue/q;content-length:5000000", body);
    client.send_frame("SUBSCRIBE;id:1;destination:/queue/q");
    BOOST_TEST((client.frame("MESSAGE").body() == body));
}

BOOST_AUTO_TEST_CASE(limits)
{
    BrokerConfig config;
    config.limits.body = 100;
    Fixture it(config);
    auto client = it.socket();
    client.connect();
    client.confirmed("SEND;destination:/queue/q", std::string(100, 'x'));
    client.send_frame("SEND;destination:/queue/q;content-length:101;receipt:r", std::string(101, 'x'));
    auto const error = client.frame("ERROR");
    BOOST_TEST(error.header("message").value() == "Malformed frame");
    BOOST_CHECK(client.end() == RawClient::End::orderly);
}

// The client goes on sending; closing the socket with its bytes unread would reset the connection under the ERROR.
BOOST_AUTO_TEST_CASE(an_error_reaches_a_client_that_goes_on_sending)
{
    Fixture it;
    auto client = it.socket();
    client.connect();
    client.start_sending("nonsense\n\n\0"s + std::string(3'000'000, 'x'));
    BOOST_TEST(client.frame("ERROR").header("message").value() == "Unknown command");
    BOOST_CHECK(client.end() == RawClient::End::orderly);
    client.close();
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
}

BOOST_AUTO_TEST_CASE(a_client_that_closes_its_side_still_gets_its_answers)
{
    Fixture it;
    auto client = it.socket();
    client.connect();
    client.send_frame("DISCONNECT;receipt:bye");
    client.shut_down();
    client.frame("RECEIPT");
    BOOST_CHECK(client.end() == RawClient::End::orderly);

    auto other = it.socket();
    other.connect();
    other.send_frame("SEND;destination:/queue/q;receipt:r", "x");
    other.shut_down(); // without DISCONNECT
    other.frame("RECEIPT");
    BOOST_CHECK(other.end() == RawClient::End::orderly);
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
}

BOOST_AUTO_TEST_CASE(what_a_lost_client_held_goes_to_others)
{
    for (bool const reset : {false, true}) {
        Fixture it;
        auto first = it.socket();
        first.connect();
        first.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
        it.broker.publish("/queue/q", "x");
        first.frame("MESSAGE");
        auto second = it.socket();
        second.connect();
        second.confirmed("SUBSCRIBE;id:1;destination:/queue/q");
        if (reset)
            first.reset();
        else
            first.close();
        BOOST_TEST(second.frame("MESSAGE").header("redelivered").value() == "true");
    }
}

BOOST_AUTO_TEST_CASE(close_timeout)
{
    BrokerConfig config;
    config.close_timeout = 20ms;
    Fixture it(config);
    auto client = it.socket();
    client.connect();
    client.confirmed("DISCONNECT"); // and the client does not close
    client.end();
    run_until(it.io, "the broker to give up", [&] { return it.broker.connections() == 0; });
}

BOOST_AUTO_TEST_CASE(connect_timeout)
{
    BrokerConfig config;
    config.connect_timeout = 20ms;
    Fixture it(config);
    auto client = it.socket();
    BOOST_CHECK(client.end() == RawClient::End::orderly);
    BOOST_TEST(client.received().empty());
}

BOOST_AUTO_TEST_CASE(heart_beats)
{
    BrokerConfig config;
    config.heart_beat = HeartBeat(20ms, 0ms);
    Fixture it(config);
    auto client = it.socket();
    auto const connected = client.connect("accept-version:1.2\nheart-beat:0,10\n");
    BOOST_TEST(connected.header("heart-beat").value() == "20,0");
    auto const size = client.received().size();
    client.wait_for_bytes(size + 3);
    BOOST_TEST(client.received().substr(size) == std::string(client.received().size() - size, '\n'));
}

BOOST_AUTO_TEST_CASE(a_silent_client_is_closed)
{
    BrokerConfig config;
    config.heart_beat = HeartBeat(0ms, 20ms);
    Fixture it(config);
    auto client = it.socket();
    client.connect("accept-version:1.2\nheart-beat:20,0\n");
    auto const size = client.received().size();
    BOOST_CHECK(client.end() == RawClient::End::orderly);
    BOOST_TEST(client.received().size() == size); // no ERROR
}

BOOST_AUTO_TEST_CASE(stop_and_listen_again)
{
    Fixture it;
    auto const port = it.broker.port();
    auto client = it.socket();
    client.connect();
    client.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
    client.confirmed("SEND;destination:/queue/other", "stays");
    it.broker.publish("/queue/q", "x");
    client.frame("MESSAGE");
    it.broker.stop();
    it.broker.stop();
    BOOST_TEST(it.broker.connections() == 0u);
    BOOST_TEST(it.broker.queue_depth("/queue/q") == 1u);
    client.end();
    settle(it.io);
    BOOST_TEST(it.io.stopped()); // nothing keeps it running
    BOOST_CHECK_THROW(it.socket(), boost::system::system_error);

    it.broker.listen();
    BOOST_TEST(it.broker.port() == port);
    auto again = it.socket();
    again.connect();
    again.send_frame("SUBSCRIBE;id:1;destination:/queue/other");
    BOOST_TEST(again.frame("MESSAGE").body() == "stays");
}

BOOST_AUTO_TEST_CASE(publish)
{
    BrokerConfig config;
    config.max_queue_depth = 2;
    Fixture it(config);
    it.broker.publish("/queue/q", "one");
    it.broker.publish(Frame("SEND").add_header("destination", "/queue/q").add_header("x", "y").set_body("two"));
    BOOST_CHECK_THROW(it.broker.publish("/queue/q", "three"), std::runtime_error);
    BOOST_CHECK_THROW(it.broker.publish("", "three"), std::invalid_argument);
    BOOST_CHECK_THROW(it.broker.publish(Frame("SEND")), std::invalid_argument);
    BOOST_CHECK_THROW(it.broker.publish("/temp-queue/x", "three"), std::invalid_argument);
    BOOST_TEST(it.broker.queue_depth("/queue/q") == 2u);
    auto client = it.socket();
    client.connect();
    client.send_frame("SUBSCRIBE;id:1;destination:/queue/q");
    BOOST_TEST(client.frame("MESSAGE").body() == "one");
    BOOST_TEST(client.frame("MESSAGE").header("x").value() == "y");
    client.confirmed("SUBSCRIBE;id:2;destination:/topic/t");
    it.broker.publish("/topic/t", "three");
    BOOST_TEST(client.frame("MESSAGE").body() == "three");
    it.broker.publish("/queue/none", "x");
    BOOST_TEST(it.broker.purge("/queue/none") == 1u);
    BOOST_TEST(it.broker.destinations() == (std::vector<std::string>{"/queue/none", "/queue/q", "/topic/t"}));
}

BOOST_AUTO_TEST_CASE(frame_log)
{
    Fixture it;
    auto client = it.socket();
    client.connect("accept-version:1.2\nlogin:guest\npasscode:secret\n");
    BOOST_TEST(it.broker.received_frames().empty()); // off
    it.broker.set_frame_log(3);
    auto other = it.socket();
    other.connect("login:guest\npasscode:secret\n");
    client.confirmed("SEND;destination:/queue/q", "x");
    auto frames = it.broker.received_frames();
    BOOST_REQUIRE_EQUAL(frames.size(), 2u);
    BOOST_TEST(frames[0].connection == 2u);
    BOOST_TEST(frames[0].frame.command() == "CONNECT");
    BOOST_TEST(frames[0].frame.header("login").value() == "guest");
    BOOST_TEST(frames[0].frame.header("passcode").value() == "***");
    BOOST_TEST(frames[1].connection == 1u);
    BOOST_TEST(frames[1].frame.body() == "x");
    client.confirmed("BEGIN;transaction:t");
    client.confirmed("ABORT;transaction:t");
    frames = it.broker.received_frames();
    BOOST_REQUIRE_EQUAL(frames.size(), 3u);
    BOOST_TEST(frames[2].frame.command() == "ABORT");
    it.broker.set_frame_log(1);
    BOOST_TEST(it.broker.received_frames().size() == 1u);
    it.broker.set_frame_log(0);
    BOOST_TEST(it.broker.received_frames().empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
