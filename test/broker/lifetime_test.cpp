#include "raw_client.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::EmbeddedBroker;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::settle;
namespace asio = boost::asio;
using asio::ip::tcp;

BOOST_AUTO_TEST_SUITE(lifetime)

// Clients that hold messages, with a timer running each.
void make_busy(asio::io_context& io, EmbeddedBroker& broker, std::vector<std::unique_ptr<RawClient>>& clients)
{
    broker.listen();
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<RawClient>(io, broker.port()));
        clients.back()->connect("accept-version:1.2\nheart-beat:1000,1000\n");
        clients.back()->confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
    }
    for (int i = 0; i < 10; ++i)
        broker.publish("/queue/q", std::string(1'000'000, 'x'));
    broker.faults().delay_receipts(std::chrono::hours(1));
    clients[0]->send_frame("SEND;destination:/topic/t;receipt:r", "x");
}

BOOST_AUTO_TEST_CASE(the_broker_goes_first)
{
    asio::io_context io;
    std::vector<std::unique_ptr<RawClient>> clients;
    std::optional<EmbeddedBroker> broker(std::in_place, io.get_executor());
    make_busy(io, *broker, clients);
    broker.reset();
    for (auto const& client : clients)
        client->end();
    settle(io);
    BOOST_TEST(io.stopped());
}

BOOST_AUTO_TEST_CASE(the_broker_goes_first_and_the_context_never_runs_again)
{
    asio::io_context io;
    std::vector<std::unique_ptr<RawClient>> clients;
    EmbeddedBroker broker(io.get_executor());
    make_busy(io, broker, clients);
}

BOOST_AUTO_TEST_CASE(the_context_goes_first)
{
    auto io = std::make_unique<asio::io_context>();
    std::vector<std::unique_ptr<RawClient>> clients;
    EmbeddedBroker broker(io->get_executor());
    make_busy(*io, broker, clients);
    clients.clear();
    io.reset();
    BOOST_TEST(broker.connections() == 0u);
    BOOST_TEST(broker.subscriptions() == 0u);
    BOOST_TEST(broker.queue_depth("/queue/q") == 10u);
    broker.publish("/queue/q", "x");
    broker.faults().close_connections();
    broker.faults().clear();
    BOOST_CHECK_THROW(broker.listen(), boost::system::system_error);
    broker.stop();
}

BOOST_AUTO_TEST_CASE(the_context_goes_first_with_a_strand)
{
    auto io = std::make_unique<asio::io_context>();
    std::vector<std::unique_ptr<RawClient>> clients;
    auto broker = std::make_unique<EmbeddedBroker>(asio::make_strand(*io));
    make_busy(*io, *broker, clients);
    clients.clear();
    io.reset();
    broker.reset();
}

BOOST_AUTO_TEST_CASE(a_context_outlives_many_brokers)
{
    asio::io_context io;
    for (int i = 0; i < 3; ++i) {
        std::vector<std::unique_ptr<RawClient>> clients;
        EmbeddedBroker broker(io.get_executor());
        EmbeddedBroker idle(io.get_executor());
        make_busy(io, broker, clients);
    }
    settle(io);
    BOOST_TEST(io.stopped());
}

BOOST_AUTO_TEST_CASE(stopping_inside_of_a_handler)
{
    asio::io_context io;
    std::vector<std::unique_ptr<RawClient>> clients;
    EmbeddedBroker broker(io.get_executor());
    make_busy(io, broker, clients);
    asio::post(io, [&] {
        broker.stop();
        broker.listen();
    });
    for (auto const& client : clients)
        client->end();
    RawClient again(io, broker.port());
    again.connect();
}

// Blocking sockets in threads of their own, a context with several threads and no strand, and calls from outside.
BOOST_AUTO_TEST_CASE(several_threads)
{
    asio::thread_pool pool(2);
    BrokerConfig config;
    config.heart_beat = arbalest::HeartBeat(std::chrono::milliseconds(5), std::chrono::milliseconds(0));
    EmbeddedBroker broker(pool.get_executor(), config);
    broker.listen();
    std::vector<std::thread> threads;
    constexpr std::size_t clients = 4;
    constexpr std::size_t count = 500;
    for (std::size_t i = 0; i < clients; ++i) {
        threads.emplace_back([&, i] {
            asio::io_context io;
            tcp::socket socket(io);
            socket.connect({asio::ip::address_v4::loopback(), broker.port()});
            auto text = "CONNECT\naccept-version:1.2\nheart-beat:0,5\n\n\0SUBSCRIBE\nid:1\ndestination:/queue/q\n\n\0"s;
            for (std::size_t n = 0; n < count; ++n)
                text += (n % 2 ? "SEND\ndestination:/topic/t\n\nx\0"s : "SEND\ndestination:/queue/q\n\nx\0"s);
            text += "DISCONNECT\nreceipt:bye-" + std::to_string(i) + "\n\n\0"s;
            asio::write(socket, asio::buffer(text));
            std::array<char, 4096> buffer;
            boost::system::error_code error;
            while (!error)
                socket.read_some(asio::buffer(buffer), error);
        });
    }
    while (broker.stats("/queue/q").sent < clients * count / 2) {
        broker.publish("/topic/t", "outside");
        broker.queue_depth("/queue/q");
        broker.faults().drop_receipts(0);
        std::this_thread::yield();
    }
    for (auto& thread : threads)
        thread.join();
    BOOST_TEST(broker.stats("/queue/q").delivered + broker.queue_depth("/queue/q") >= clients * count / 2);
    broker.stop();
    pool.join();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
