#include "raw_client.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::Faults;
using arbalest::HeartBeat;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;
using Clock = std::chrono::steady_clock;

BOOST_AUTO_TEST_SUITE(faults_of_connections)

BOOST_AUTO_TEST_CASE(fall_silent)
{
    BrokerConfig config;
    config.heart_beat = HeartBeat(5ms, 0ms);
    config.close_timeout = 1ms;
    Fixture it(config);
    auto client = it.socket();
    client.connect("accept-version:1.2\nheart-beat:0,5\n");
    it.broker.faults().fall_silent();
    settle(it.io);
    auto const size = client.received().size();
    client.send_frame("SEND;destination:/queue/q;receipt:1", "x");
    client.send_frame("DISCONNECT;receipt:2");
    run_until(it.io, "the broker to read", [&] { return it.broker.sessions() == 0; });
    auto other = it.socket();
    other.send_frame("CONNECT;accept-version:1.2");
    run_until(it.io, "the broker to read", [&] { return it.broker.sessions() == 1; });
    // Long enough for heart-beats and the limit for closing.
    boost::asio::steady_timer timer(it.io, 30ms);
    bool passed = false;
    timer.async_wait([&](auto) { passed = true; });
    run_until(it.io, "the time", [&] { return passed; });
    BOOST_TEST(client.received().size() == size);
    BOOST_TEST(other.received().empty());
    BOOST_TEST(!client.ended());
    BOOST_TEST(it.broker.connections() == 2u);

    it.broker.faults().fall_silent(false);
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "1");
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "2");
    client.end();
    other.frame("CONNECTED");
}

BOOST_AUTO_TEST_CASE(a_client_leaves_a_silent_broker)
{
    Fixture it;
    it.broker.faults().fall_silent();
    auto client = it.socket();
    client.send_frame("CONNECT;accept-version:1.2");
    client.close();
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
}

BOOST_AUTO_TEST_CASE(cut_outgoing_at_every_byte)
{
    auto const receipt = "RECEIPT\nreceipt-id:2\n\n\0\n"s;
    for (std::size_t byte = 0; byte <= receipt.size() + 2; ++byte) {
        BOOST_TEST_CONTEXT(byte)
        {
            Fixture it;
            auto client = it.socket();
            client.connect();
            it.broker.faults().cut_outgoing(2, byte);
            auto const before = client.received() + "RECEIPT\nreceipt-id:1\n\n\0\n"s;
            client.send("BEGIN\ntransaction:t\nreceipt:1\n\n\0ABORT\ntransaction:t\nreceipt:2\n\n\0"
                        "SEND\ndestination:/queue/q\nreceipt:3\n\nx\0"s);
            BOOST_CHECK(client.end() == RawClient::End::orderly);
            BOOST_TEST(client.received() == before + receipt.substr(0, byte));
            client.close();
            run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
            auto second = it.socket(); // the fault is used up
            second.connect();
            second.confirmed("SEND;destination:/queue/q", "x");
        }
    }
}

BOOST_AUTO_TEST_CASE(cut_outgoing_in_connected_several_times)
{
    Fixture it;
    it.broker.faults().cut_outgoing(1, 5, 2);
    for (int i = 0; i < 2; ++i) {
        auto client = it.socket();
        client.send_frame("CONNECT;accept-version:1.2");
        BOOST_CHECK(client.end() == RawClient::End::orderly);
        BOOST_TEST(client.received() == "CONNE");
    }
    auto client = it.socket();
    client.connect();
}

// A message that was cut was not received: it goes to somebody else.
BOOST_AUTO_TEST_CASE(cut_inside_of_a_message)
{
    Fixture it;
    auto first = it.socket();
    first.connect();
    first.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
    it.broker.faults().cut_outgoing(2, 20);
    it.broker.publish("/queue/q", "1");
    it.broker.publish("/queue/q", "2");
    it.broker.publish("/queue/q", "3");
    first.end();
    auto second = it.socket();
    second.connect();
    second.send_frame("SUBSCRIBE;id:1;destination:/queue/q");
    for (auto const* const body : {"1", "2", "3"})
        BOOST_TEST(second.frame("MESSAGE").body() == body);
}

BOOST_AUTO_TEST_CASE(cut_incoming_at_every_byte)
{
    auto const begin = "BEGIN\ntransaction:t\nreceipt:1\n\n\0"s;
    auto const send = "SEND\ndestination:/queue/q\nreceipt:2\n\nx\0"s;
    for (std::size_t byte = 0; byte <= send.size() + 2; ++byte) {
        for (bool const piecewise : {false, true}) {
            BOOST_TEST_CONTEXT(byte << piecewise)
            {
                Fixture it;
                auto client = it.socket();
                client.connect();
                it.broker.faults().cut_incoming(2, byte);
                auto const expected = client.received() + "RECEIPT\nreceipt-id:1\n\n\0\n"s;
                client.send(begin);
                if (piecewise)
                    settle(it.io);
                client.send('\n' + send.substr(0, byte));
                settle(it.io);
                BOOST_CHECK(client.end() == RawClient::End::orderly);
                BOOST_TEST(client.received() == expected);
                BOOST_TEST(it.broker.stats("/queue/q").sent == 0u);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(cut_incoming_before_anything_comes)
{
    Fixture it;
    auto idle = it.socket();
    idle.connect();
    it.broker.faults().cut_incoming(1, 0);
    BOOST_CHECK(idle.end() == RawClient::End::orderly);
    auto client = it.socket();
    client.connect();
    it.broker.faults().cut_incoming(1, 4, Faults::all);
    client.send("SEN");
    settle(it.io);
    BOOST_TEST(!client.ended());
    client.send("D");
    client.end();
    auto other = it.socket();
    other.send("CONN");
    other.end();
    it.broker.faults().cut_incoming(1, 0, 0);
    auto third = it.socket();
    third.connect();
}

BOOST_AUTO_TEST_CASE(cut_incoming_in_a_malformed_frame)
{
    Fixture it;
    auto client = it.socket();
    client.connect();
    auto const size = client.received().size();
    it.broker.faults().cut_incoming(1, 1000);
    client.send("SEND\nnonsense\n\n\0"s);
    client.end();
    BOOST_TEST(client.received().size() == size);
}

BOOST_AUTO_TEST_CASE(send_raw)
{
    Fixture it;
    auto client = it.socket();
    auto mute = it.socket();
    client.connect();
    auto const before = client.received();
    run_until(it.io, "both", [&] { return it.broker.connections() == 2; });
    it.broker.faults().send_raw("MESS\0AGE:\n\r"s);
    client.wait_for_bytes(before.size() + 11);
    mute.wait_for_bytes(11);
    BOOST_TEST(client.received() == before + "MESS\0AGE:\n\r"s);
    client.send_frame("DISCONNECT;receipt:1");
    client.end();
    BOOST_TEST(client.received().ends_with("RECEIPT\nreceipt-id:1\n\n\0\n"s));
}

BOOST_AUTO_TEST_CASE(delay_accept)
{
    BrokerConfig config;
    config.connect_timeout = 20ms; // counts from when it is looked at
    Fixture it(config);
    it.broker.faults().delay_accept(50ms);
    auto const start = Clock::now();
    auto client = it.socket();
    client.connect();
    BOOST_TEST((Clock::now() - start >= 50ms));
    it.broker.faults().delay_accept(0ms);
    auto second = it.socket();
    second.connect();
}

BOOST_AUTO_TEST_CASE(stop_reading)
{
    BrokerConfig config;
    config.heart_beat = HeartBeat(5ms, 5ms);
    Fixture it(config);
    auto client = it.socket();
    client.connect("accept-version:1.2\nheart-beat:5,5\n");
    it.broker.faults().stop_reading();
    client.send_frame("SEND;destination:/queue/q;receipt:1", "x");
    auto const size = client.received().size();
    client.wait_for_bytes(size + 20); // heart-beats, for longer than the client may be silent
    BOOST_TEST(client.received().substr(size).find_first_not_of('\n') == std::string::npos);
    BOOST_TEST(it.broker.stats("/queue/q").sent == 0u);
    BOOST_TEST(!client.ended());
    it.broker.faults().resume_reading();
    client.frame("RECEIPT");
}

BOOST_AUTO_TEST_CASE(stop_reading_for_a_while)
{
    BrokerConfig config;
    config.connect_timeout = 10ms;
    Fixture it(config);
    it.broker.faults().stop_reading_for(50ms);
    auto const start = Clock::now();
    auto client = it.socket();
    client.connect();
    client.confirmed("SEND;destination:/queue/q", "x");
    BOOST_TEST((Clock::now() - start >= 50ms));
}

// TCP pushes back on a client that goes on sending.
BOOST_AUTO_TEST_CASE(stop_reading_blocks_the_sender)
{
    Fixture it;
    auto client = it.socket();
    client.connect();
    it.broker.faults().stop_reading();
    auto const body = std::string(30'000'000, 'x');
    client.start_sending("SEND\ndestination:/queue/q\nreceipt:1\n\n" + body + '\0');
    settle(it.io);
    BOOST_TEST(it.broker.stats("/queue/q").sent == 0u);
    it.broker.faults().resume_reading();
    client.frame("RECEIPT");
}

BOOST_AUTO_TEST_CASE(close_and_reset)
{
    for (bool const reset : {false, true}) {
        Fixture it;
        auto client = it.socket();
        client.connect();
        client.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
        it.broker.publish("/queue/q", "x");
        client.frame("MESSAGE");
        auto fresh = it.socket();
        run_until(it.io, "both", [&] { return it.broker.connections() == 2; });
        if (reset)
            it.broker.faults().reset_connections();
        else
            it.broker.faults().close_connections();
        BOOST_TEST(it.broker.queue_depth("/queue/q") == 1u);
        auto const expected = reset ? RawClient::End::reset : RawClient::End::orderly;
        BOOST_CHECK(client.end() == expected);
        BOOST_CHECK(fresh.end() == expected);
        client.close();
        fresh.close();
        run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
        auto second = it.socket();
        second.connect();
        second.send_frame("SUBSCRIBE;id:1;destination:/queue/q");
        second.frame("MESSAGE");
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
