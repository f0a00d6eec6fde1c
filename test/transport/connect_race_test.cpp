#include "full_listener.hpp"
#include "name_service.hpp"
#include "transport/tcp_connect.hpp"
#include "transport_fixture.hpp"
#include <arbalest/classic/connection.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

// Hosts with several addresses, of which some do not answer (RFC 8305).
namespace {

using namespace arbalest;
using namespace arbalest::test;

class RaceFixture : public TransportFixture
{
public:
    RaceFixture() : peer(context)
    {
        options.tcp.connection_attempt_delay = 1ms;
        // Only the last one answers.
        names.add("mixed.test", {"127.0.0.2", "127.0.0.3", "127.0.0.1"});
        names.add("silent.test", {"127.0.0.2", "127.0.0.3"});
        silent.push_back(std::make_unique<FullListener>(context, "127.0.0.2", peer.port()));
        silent.push_back(std::make_unique<FullListener>(context, "127.0.0.3", peer.port()));
        run([this]() -> asio::awaitable<void> {
            for (auto const& listener : silent)
                co_await listener->fill();
        });
    }

    std::string at(std::string_view scheme, std::string_view host) const
    {
        return std::string(scheme) + "://" + std::string(host) + ':' + std::to_string(peer.port());
    }

    std::string endpoint(std::string_view address) const
    {
        return std::string(address) + ':' + std::to_string(peer.port());
    }

    asio::awaitable<void> connect_and_keep(std::string url) { transport = co_await connect(std::move(url)); }

    NameService names;
    TcpPeer peer;
    std::vector<std::unique_ptr<FullListener>> silent;
    std::unique_ptr<Transport> transport;
};

std::string interleaved(std::vector<std::string> const& texts)
{
    std::vector<asio::ip::address> addresses;
    for (auto const& text : texts)
        addresses.push_back(asio::ip::make_address(text));
    std::string result;
    for (auto const& address : detail::interleave(addresses))
        result += (result.empty() ? "" : " ") + address.to_string();
    return result;
}

asio::awaitable<void> race_in_vain(asio::any_io_executor executor, std::uint16_t port, TcpOptions options)
{
    detail::OnFailedAttempt const ignored = [](ConnectAttempt) {};
    co_await detail::connect_tcp(executor, "silent.test", port, options, ignored);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(connect_race, RaceFixture)

BOOST_AUTO_TEST_CASE(families_take_turns)
{
    BOOST_TEST(interleaved({}) == "");
    BOOST_TEST(interleaved({"1.0.0.1"}) == "1.0.0.1");
    BOOST_TEST(interleaved({"1::1", "1::2", "1::3", "1.0.0.1", "1.0.0.2"}) == "1::1 1.0.0.1 1::2 1.0.0.2 1::3");
    BOOST_TEST(interleaved({"1.0.0.1", "1.0.0.2", "1::1"}) == "1.0.0.1 1::1 1.0.0.2");
    BOOST_TEST(interleaved({"1.0.0.1", "1::1", "1::2", "1::3"}) == "1.0.0.1 1::1 1::2 1::3");
}

BOOST_AUTO_TEST_CASE(the_first_that_answers_wins)
{
    auto const files = open_files();
    run([this]() -> asio::awaitable<void> {
        transport = co_await connect(at("stomp", "mixed.test"));
        BOOST_TEST(transport->remote_endpoint() == endpoint("127.0.0.1"));
        BOOST_TEST(attempts.empty());
    });
    BOOST_TEST(open_files() == files + 1);
    transport.reset();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(the_next_is_not_tried_before_its_time)
{
    options.tcp.connection_attempt_delay = std::chrono::milliseconds::max();
    run([this]() -> asio::awaitable<void> {
        auto const connecting = start(context.get_executor(), connect_and_keep(at("stomp", "mixed.test")));
        co_await pause(50ms);
        BOOST_TEST(!connecting->done);
        connecting->cancel();
        co_await finished(connecting);
        BOOST_TEST(is_aborted(connecting->failure));
        BOOST_REQUIRE(attempts.size() == 1u);
        BOOST_TEST(attempts[0].endpoint == endpoint("127.0.0.2"));
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(the_next_is_tried_at_once_when_one_fails)
{
    options.tcp.connection_attempt_delay = std::chrono::milliseconds::max();
    names.add("refused.test", {"127.0.0.4", "127.0.0.5", "127.0.0.1"});
    run([this]() -> asio::awaitable<void> {
        transport = co_await connect(at("stomp", "refused.test"));
        BOOST_TEST(transport->remote_endpoint() == endpoint("127.0.0.1"));
        BOOST_REQUIRE(attempts.size() == 2u);
        BOOST_TEST(attempts[0].endpoint == endpoint("127.0.0.4"));
        BOOST_TEST(attempts[1].endpoint == endpoint("127.0.0.5"));
    });
    transport.reset();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(no_delay_begins_with_all_at_once_and_keeps_one)
{
    options.tcp.connection_attempt_delay = 0ms;
    names.add("twice.test", {"127.0.0.1", "127.0.0.1", "127.0.0.1"});
    auto const files = open_files();
    run([this]() -> asio::awaitable<void> {
        transport = co_await connect(at("stomp", "twice.test"));
        co_await others_go_on();
    });
    BOOST_TEST(open_files() == files + 1);
    transport.reset();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(cancelling_tells_of_all_that_are_under_way_and_leaves_no_socket)
{
    auto const files = open_files();
    run([&, this]() -> asio::awaitable<void> {
        auto const connecting = start(context.get_executor(), connect_and_keep(at("stomp", "silent.test")));
        co_await until([&] { return open_files() == files + 2; });
        connecting->cancel();
        co_await finished(connecting);
        BOOST_TEST(is_aborted(connecting->failure));
        BOOST_REQUIRE(attempts.size() == 2u);
        BOOST_TEST(attempts[0].endpoint == endpoint("127.0.0.2"));
        BOOST_TEST(attempts[1].endpoint == endpoint("127.0.0.3"));
    });
    BOOST_TEST(open_files() == files);
    BOOST_TEST(run_dry());
}

BOOST_DATA_TEST_CASE_F(RaceFixture, every_carrier_races, boost::unit_test::data::make({"stomp+tls", "ws", "wss"}),
                       scheme)
{
    options.tls.use_system_trust_store = false;
    run([&, this]() -> asio::awaitable<void> {
        auto const accepting = start(context.get_executor(), peer.accept());
        auto const connecting = start(context.get_executor(), connect_and_keep(at(scheme, "mixed.test")));
        co_await finished(accepting);
        connecting->cancel();
        co_await finished(connecting);
        peer.socket.close();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(the_way_to_a_proxy_is_raced_for)
{
    options.proxy = at("http", "mixed.test");
    run([this]() -> asio::awaitable<void> {
        auto const answering = start(context.get_executor(), peer.answer("HTTP/1.1 200 OK\r\n\r\n"));
        transport = co_await connect("stomp://broker.test");
        co_await finished(answering);
        BOOST_TEST(peer.request.starts_with("CONNECT broker.test:61613 "), peer.request);
    });
    transport.reset();
    peer.socket.close();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_timeout_lists_every_endpoint)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.tcp.connection_attempt_delay = 1ms;
        config.connect_timeout = 300ms;
        StompClient const client(config);
        std::vector<ConnectAttempt> tried;
        try {
            co_await client.connect(at("stomp", "silent.test"));
        } catch (ConnectError const& error) {
            tried = error.attempts();
        }
        BOOST_REQUIRE(tried.size() == 2u);
        char const* const addresses[] = {"127.0.0.2", "127.0.0.3"};
        for (std::size_t i = 0; i < 2; ++i) {
            BOOST_TEST(tried[i].endpoint == endpoint(addresses[i]));
            BOOST_TEST((tried[i].code == errc::timeout));
            BOOST_TEST((tried[i].phase == ConnectPhase::tcp));
            BOOST_TEST(tried[i].url == at("stomp", "silent.test"));
        }
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(the_classic_interface_races_and_lists_every_endpoint)
{
    EmbeddedBroker broker(context.get_executor());
    broker.listen();
    FullListener full(context, "127.0.0.2", broker.port());
    run([&]() -> asio::awaitable<void> { co_await full.fill(); });
    context.restart();
    auto const work = asio::make_work_guard(context);
    std::thread serving([this] { context.run(); });
    classic::ConnectionOptions options;
    options.host_and_ports.emplace_back("mixed.test", broker.port());
    {
        classic::Connection12 connection(options);
        connection.connect("guest", "guest", true);
        BOOST_TEST(connection.is_connected());
        connection.disconnect();
    }
    options.host_and_ports = {classic::HostAndPort("silent.test", peer.port())};
    options.timeout = classic::Seconds(1);
    options.reconnect_attempts_max = 1;
    std::vector<ConnectAttempt> tried;
    try {
        classic::Connection12 connection(options);
        connection.connect("guest", "guest", true);
    } catch (ConnectError const& error) {
        tried = error.attempts();
    }
    context.stop();
    serving.join();
    BOOST_REQUIRE(tried.size() == 2u);
    BOOST_TEST(tried[0].endpoint == endpoint("127.0.0.2"));
    BOOST_TEST(tried[1].endpoint == endpoint("127.0.0.3"));
    BOOST_TEST((tried[0].code == errc::timeout));
    BOOST_TEST(tried[0].message == "nothing answered at TCP within 1000 ms");
}

BOOST_AUTO_TEST_CASE(an_io_context_may_end_in_the_middle_of_a_race)
{
    for (int rounds = 0; rounds < 40; ++rounds) {
        ContextFixture other;
        other.run([&]() -> asio::awaitable<void> {
            auto const executor = other.context.get_executor();
            start(executor, race_in_vain(executor, peer.port(), options.tcp));
            co_await others_go_on(rounds);
            if (rounds % 2 == 1)
                co_await pause(2ms);
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
