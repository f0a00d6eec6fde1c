#include "raw_client.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;

BOOST_AUTO_TEST_SUITE(backpressure)

// What goes to a client that does not read is bounded by the sockets' buffers and the high-water mark.
BOOST_AUTO_TEST_CASE(a_queue_keeps_what_the_client_does_not_read)
{
    BrokerConfig config;
    config.output_high_water = 10'000;
    Fixture it(config);
    auto slow = it.socket();
    slow.connect();
    slow.confirmed("SUBSCRIBE;id:1;destination:/queue/q");
    slow.stop_reading();
    std::string const body(100'000, 'x');
    constexpr std::size_t count = 300;
    for (std::size_t i = 0; i < count; ++i)
        it.broker.publish("/queue/q", body);
    settle(it.io);
    auto const waiting = it.broker.queue_depth("/queue/q");
    BOOST_TEST(waiting > 100u);

    auto fast = it.socket();
    fast.connect();
    fast.send_frame("SUBSCRIBE;id:1;destination:/queue/q");
    for (std::size_t i = 0; i < waiting; ++i)
        fast.frame("MESSAGE");
    slow.resume_reading();
    for (std::size_t i = 0; i < count - waiting; ++i)
        slow.frame("MESSAGE");
    BOOST_TEST(it.broker.stats("/queue/q").acknowledged == count);
}

BOOST_AUTO_TEST_CASE(dispatch_goes_on_when_the_client_reads)
{
    BrokerConfig config;
    config.output_high_water = 10'000;
    Fixture it(config);
    auto client = it.socket();
    client.connect();
    client.confirmed("SUBSCRIBE;id:1;destination:/queue/q");
    client.stop_reading();
    constexpr std::size_t count = 300;
    for (std::size_t i = 0; i < count; ++i)
        it.broker.publish("/queue/q", std::to_string(i) + std::string(100'000, 'x'));
    settle(it.io);
    BOOST_TEST(it.broker.queue_depth("/queue/q") != 0u);
    client.resume_reading();
    for (std::size_t i = 0; i < count; ++i)
        BOOST_TEST(client.frame("MESSAGE").body().starts_with(std::to_string(i) + 'x'));
}

BOOST_AUTO_TEST_CASE(a_slow_subscriber_of_a_topic_is_closed_with_an_error)
{
    BrokerConfig config;
    config.output_high_water = 10'000;
    config.topic_backlog = 1'000'000;
    Fixture it(config);
    auto slow = it.socket();
    slow.connect();
    slow.confirmed("SUBSCRIBE;id:1;destination:/topic/t");
    auto other = it.socket();
    other.connect();
    other.confirmed("SUBSCRIBE;id:1;destination:/topic/t");
    slow.stop_reading();
    std::string const body(100'000, 'x');
    std::size_t sent = 0;
    for (; it.broker.sessions() == 2 && sent < 1000; ++sent) {
        it.broker.publish("/topic/t", body);
        other.frame("MESSAGE"); // the others do not suffer
    }
    BOOST_TEST(sent < 1000u);
    slow.resume_reading();
    std::size_t received = 0;
    auto frame = slow.frame();
    for (; frame.command() == "MESSAGE"; frame = slow.frame())
        ++received;
    BOOST_TEST(received < sent);
    BOOST_TEST(frame.command() == "ERROR");
    BOOST_TEST(frame.header("message").value() == "Slow consumer");
    BOOST_CHECK(slow.end() == RawClient::End::orderly);
}

// A client that asks for receipts and never reads them is not read from either.
BOOST_AUTO_TEST_CASE(receipts_do_not_pile_up)
{
    BrokerConfig config;
    config.output_limit = 10'000;
    config.max_queue_depth = 10'000'000;
    Fixture it(config);
    auto client = it.socket();
    client.connect();
    client.stop_reading();
    std::string frames;
    constexpr std::size_t count = 30'000;
    for (std::size_t i = 0; i < count; ++i)
        frames += "SEND\ndestination:/queue/q\nreceipt:"s + std::string(300, 'r') + "\n\nx\0"s;
    client.start_sending(frames);
    settle(it.io);
    BOOST_TEST(it.broker.stats("/queue/q").sent < count);
    client.resume_reading();
    for (std::size_t i = 0; i < count; ++i)
        client.frame("RECEIPT");
    BOOST_TEST(it.broker.stats("/queue/q").sent == count);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
