#include "any_kind.hpp"
#include "raw_client.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace {

using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::EmbeddedBroker;
using arbalest::Listen;
using arbalest::broker::test::all_kinds;
using arbalest::broker::test::make_link;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;
using arbalest::broker::test::with_certificate;
namespace asio = boost::asio;

using Clients = std::deque<RawClient>;

// What is in the middle of something stays there, however slow the machine is.
BrokerConfig without_time_limits()
{
    auto config = with_certificate();
    config.connect_timeout = std::chrono::milliseconds(0);
    config.close_timeout = std::chrono::milliseconds(0);
    return config;
}

// Connections of all kinds in all states: one that gets more than it reads, one that is being closed, some that are in
// the middle of their handshakes, one that nobody has looked at, and one that was not even accepted.
void make_busy(asio::io_context& io, EmbeddedBroker& broker, Clients& clients)
{
    for (auto const kind : all_kinds) {
        broker.listen(kind);
        auto const connected = [&]() -> RawClient& {
            auto& client = clients.emplace_back(io, make_link(kind, io, broker.port(kind)));
            client.connect();
            return client;
        };
        auto& slow = connected();
        slow.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
        slow.stop_reading();
        auto& closing = connected();
        closing.confirmed("DISCONNECT");
        clients.emplace_back(io, broker.port(kind));
        clients.emplace_back(io, broker.port(kind)).send("\x16\x03\x01");
        clients.emplace_back(io, broker.port(kind)).send("GET /stomp HTTP/1.1\r\nHost: x\r\n");
        clients.emplace_back(io, broker.port(kind)).send("GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n");
        settle(io);
    }
    broker.faults().delay_accept(std::chrono::hours(1));
    for (auto const kind : all_kinds)
        clients.emplace_back(io, broker.port(kind));
    settle(io);
    for (int i = 0; i < 30; ++i)
        broker.publish("/queue/q", std::string(1'000'000, 'x'));
    settle(io);
    for (int i = 0; i < 4; ++i)
        broker.publish("/queue/q", "x");
    for (auto const kind : all_kinds)
        clients.emplace_back(io, broker.port(kind));
    BOOST_TEST(broker.connections() >= 4u * 4u);
}

BOOST_AUTO_TEST_SUITE(lifetime_of_listeners)

BOOST_AUTO_TEST_CASE(the_broker_goes_first)
{
    asio::io_context io;
    Clients clients;
    std::optional<EmbeddedBroker> broker(std::in_place, io.get_executor(), without_time_limits());
    make_busy(io, *broker, clients);
    broker.reset();
    for (auto& client : clients) {
        client.resume_reading();
        client.end();
    }
    settle(io);
    BOOST_TEST(io.stopped());
}

BOOST_AUTO_TEST_CASE(the_broker_goes_first_and_the_context_never_runs_again)
{
    asio::io_context io;
    Clients clients;
    EmbeddedBroker broker(io.get_executor(), without_time_limits());
    make_busy(io, broker, clients);
}

BOOST_AUTO_TEST_CASE(the_context_goes_first)
{
    auto io = std::make_unique<asio::io_context>();
    Clients clients;
    EmbeddedBroker broker(io->get_executor(), without_time_limits());
    make_busy(*io, broker, clients);
    clients.clear();
    io.reset();
    BOOST_TEST(broker.connections() == 0u);
    BOOST_TEST(broker.queue_depth("/queue/q") == 34u);
    broker.publish("/queue/q", "x");
    broker.faults().close_connections();
    broker.faults().clear();
    for (auto const kind : all_kinds)
        BOOST_CHECK_THROW(broker.listen(kind), boost::system::system_error);
    broker.stop();
}

BOOST_AUTO_TEST_CASE(the_context_goes_behind_a_stop)
{
    auto io = std::make_unique<asio::io_context>();
    Clients clients;
    auto broker = std::make_unique<EmbeddedBroker>(asio::make_strand(*io), without_time_limits());
    make_busy(*io, *broker, clients);
    broker->stop();
    clients.clear();
    io.reset();
    broker.reset();
}

BOOST_AUTO_TEST_CASE(stopping_inside_of_a_handler)
{
    asio::io_context io;
    Clients clients;
    EmbeddedBroker broker(io.get_executor(), without_time_limits());
    make_busy(io, broker, clients);
    broker.faults().clear();
    asio::post(io, [&] {
        broker.stop();
        for (auto const kind : all_kinds)
            broker.listen(kind);
    });
    for (auto& client : clients) {
        client.resume_reading();
        client.end();
    }
    for (auto const kind : all_kinds) {
        RawClient again(io, make_link(kind, io, broker.port(kind)));
        again.connect();
    }
}

// The broker runs on several threads, and on no strand of the caller's.
BOOST_AUTO_TEST_CASE(many_connections_and_several_threads)
{
    asio::thread_pool pool(3);
    auto config = without_time_limits();
    config.heart_beat = arbalest::HeartBeat(std::chrono::milliseconds(5), std::chrono::milliseconds(0));
    EmbeddedBroker broker(pool.get_executor(), config);
    asio::io_context io;
    constexpr int each = 6;
    for (int round = 0; round < 2; ++round) {
        Clients clients;
        for (auto const kind : all_kinds) {
            broker.listen(kind);
            for (int i = 0; i < each; ++i)
                clients.emplace_back(io, make_link(kind, io, broker.port(kind)));
        }
        for (auto& client : clients) {
            client.connect("accept-version:1.2\nheart-beat:0,5\n");
            client.confirmed("SUBSCRIBE;id:1;destination:/topic/t");
        }
        for (auto& client : clients) {
            auto const frame = "SEND\ndestination:/topic/t\ncontent-length:3000\n\n" + std::string(3000, 'x') + '\0';
            client.start_sending(frame + frame + frame + frame);
        }
        for (auto& client : clients) {
            for (std::size_t i = 0; i < 4 * clients.size(); ++i)
                BOOST_REQUIRE(client.frame("MESSAGE").body().size() == 3000u);
        }
        BOOST_TEST(broker.sessions() == clients.size());
        // While they still get heart-beats and messages; some say goodbye, some are just gone.
        for (std::size_t i = 0; i < clients.size(); ++i) {
            broker.publish("/topic/t", "outside");
            if (i % 3 == 0)
                clients[i].start_sending("DISCONNECT\nreceipt:bye\n\n\0"s);
            else if (i % 3 == 1)
                clients[i].close();
        }
        if (round == 0)
            broker.faults().close_connections();
        else
            broker.stop();
        for (auto& client : clients)
            client.end();
        for (auto& client : clients)
            client.close();
        run_until(io, "the broker to notice", [&] {
            asio::post(io, [] {});
            return broker.connections() == 0;
        });
    }
    pool.join();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
