#include "raw_client.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::HeartBeat;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;
using Clock = std::chrono::steady_clock;

BOOST_AUTO_TEST_SUITE(faults_of_answers)

BOOST_AUTO_TEST_CASE(drop_receipts)
{
    Fixture it;
    auto client = it.socket();
    client.connect();
    it.broker.faults().drop_receipts(2);
    client.send_frame("SEND;destination:/queue/q;receipt:1", "x");
    client.send_frame("SEND;destination:/queue/q;receipt:2", "x");
    client.send_frame("SEND;destination:/queue/q;receipt:3", "x");
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "3");
    BOOST_TEST(it.broker.queue_depth("/queue/q") == 3u);
    it.broker.faults().drop_receipts();
    auto const size = client.received().size();
    for (int i = 0; i < 10; ++i)
        client.send_frame("SEND;destination:/queue/q;receipt:4", "x");
    run_until(it.io, "the broker to read", [&] { return it.broker.queue_depth("/queue/q") == 13; });
    settle(it.io);
    BOOST_TEST(client.received().size() == size);
    it.broker.faults().drop_receipts(0);
    client.confirmed("SEND;destination:/queue/q", "x");
}

BOOST_AUTO_TEST_CASE(delay_receipts)
{
    Fixture it;
    auto client = it.socket();
    client.connect();
    client.confirmed("SUBSCRIBE;id:1;destination:/queue/q");
    it.broker.faults().delay_receipts(50ms);
    auto const start = Clock::now();
    client.send_frame("SEND;destination:/queue/none;receipt:1", "x");
    client.send_frame("SEND;destination:/queue/q;receipt:2", "x");
    client.send_frame("DISCONNECT;receipt:3");
    client.frame("MESSAGE"); // overtakes
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "1");
    BOOST_TEST((Clock::now() - start >= 50ms));
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "2");
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "3");
    BOOST_CHECK(client.end() == RawClient::End::orderly);
}

BOOST_AUTO_TEST_CASE(receipts_that_are_already_delayed)
{
    BrokerConfig config;
    config.close_timeout = 1ms;
    Fixture it(config);
    auto client = it.socket();
    client.connect();
    it.broker.faults().delay_receipts(50ms);
    client.send_frame("SEND;destination:/queue/q;receipt:1", "x");
    run_until(it.io, "the broker to read", [&] { return it.broker.queue_depth("/queue/q") == 1; });
    it.broker.faults().delay_receipts(0ms);
    client.send_frame("DISCONNECT;receipt:2"); // closes no sooner than the first receipt is out
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "2");
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "1");
    client.end();
}

BOOST_AUTO_TEST_CASE(refuse_next)
{
    for (bool const closes : {true, false}) {
        BrokerConfig config;
        config.close_after_error = closes;
        Fixture it(config);
        auto client = it.socket();
        client.connect();
        it.broker.faults().refuse_next("SEND");
        it.broker.faults().refuse_next("BEGIN", false, 2);
        client.confirmed("SUBSCRIBE;id:1;destination:/queue/q");
        client.send_frame("SEND;destination:/queue/q;receipt:1", "x");
        auto const error = client.frame("ERROR");
        BOOST_TEST(error.header("receipt-id").value() == "1");
        BOOST_TEST(it.broker.stats("/queue/q").sent == 0u);
        if (closes) {
            BOOST_CHECK(client.end() == RawClient::End::orderly);
            continue;
        }
        client.confirmed("SEND;destination:/queue/other", "x");
        client.send_frame("BEGIN;transaction:t;receipt:1");
        BOOST_TEST(!client.frame("ERROR").has_header("receipt-id"));
        it.broker.faults().refuse_next("BEGIN", true, 0);
        client.confirmed("BEGIN;transaction:t");
    }
}

BOOST_AUTO_TEST_CASE(close_instead_of_disconnect_receipt)
{
    Fixture it;
    it.broker.faults().close_instead_of_disconnect_receipt();
    auto client = it.socket();
    client.connect();
    client.confirmed("SEND;destination:/queue/q", "x");
    auto const size = client.received().size();
    client.send_frame("DISCONNECT;receipt:bye");
    BOOST_CHECK(client.end() == RawClient::End::orderly);
    BOOST_TEST(client.received().size() == size);
}

BOOST_AUTO_TEST_CASE(answer_connect)
{
    Fixture it;
    it.broker.faults().answer_connect("HTTP/1.1 400 Bad Request\r\n\r\n", 1);
    auto client = it.socket();
    client.send("CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/queue/q\nreceipt:r\n\nx\0"s);
    client.wait_for_bytes(40);
    BOOST_TEST(client.received() == "HTTP/1.1 400 Bad Request\r\n\r\nRECEIPT\nreceipt-id:r\n\n\0\n"s);
    auto second = it.socket();
    second.connect();
}

BOOST_AUTO_TEST_CASE(answer_version)
{
    Fixture it;
    it.broker.faults().answer_version("3.7");
    auto client = it.socket();
    client.send_frame("CONNECT;accept-version:1.1,1.2");
    BOOST_TEST(client.frame("CONNECTED").header("version").value() == "3.7");
    it.broker.faults().answer_version("");
    auto second = it.socket();
    BOOST_TEST(second.connect().header("version").value() == "1.2");
}

BOOST_AUTO_TEST_CASE(refuse_login)
{
    Fixture it;
    it.broker.faults().refuse_login();
    auto client = it.socket();
    client.send_frame("CONNECT;accept-version:1.2");
    BOOST_TEST(client.frame("ERROR").header("message").value() == "Bad CONNECT");
    BOOST_CHECK(client.end() == RawClient::End::orderly);
    it.broker.faults().refuse_login(false);
    auto second = it.socket();
    second.connect();
}

BOOST_AUTO_TEST_CASE(ignore_connect)
{
    BrokerConfig config;
    config.frame_log = 10;
    config.connect_timeout = 1ms;
    Fixture it(config);
    it.broker.faults().ignore_connect();
    it.broker.faults().delay_accept(0ms);
    auto client = it.socket();
    client.start_sending("CONNECT\naccept-version:1.2\n\n\0SEND\ndestination:/queue/q\n\nx\0"s);
    run_until(it.io, "the broker to read", [&] { return it.broker.received_frames().size() == 2; });
    // Long enough for the limit that holds otherwise.
    boost::asio::steady_timer timer(it.io, 20ms);
    bool passed = false;
    timer.async_wait([&](auto) { passed = true; });
    run_until(it.io, "the time", [&] { return passed; });
    BOOST_TEST(!client.ended());
    BOOST_TEST(client.received().empty());
    BOOST_TEST(it.broker.sessions() == 0u);
}

BOOST_AUTO_TEST_CASE(clear)
{
    Fixture it;
    auto& faults = it.broker.faults();
    faults.drop_receipts();
    faults.delay_receipts(1h);
    faults.fall_silent();
    faults.cut_outgoing(2, 3, arbalest::Faults::all);
    faults.cut_incoming(2, 3, arbalest::Faults::all);
    faults.answer_connect("nonsense");
    faults.answer_version("7");
    faults.refuse_login();
    faults.ignore_connect();
    faults.delay_accept(1h);
    faults.close_instead_of_disconnect_receipt();
    faults.stop_reading();
    faults.refuse_next("SEND");
    faults.clear();
    auto client = it.socket();
    BOOST_TEST(client.connect().header("version").value() == "1.2");
    client.confirmed("SEND;destination:/queue/q", "x");
    client.confirmed("DISCONNECT");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
