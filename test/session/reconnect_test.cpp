#include "reconnect_tools.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>

// A session that has lost its connection gets another, and goes on where it was.
BOOST_FIXTURE_TEST_SUITE(reconnect, arbalest::test::ReconnectFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

struct Blow
{
    std::string name;
    std::function<void(EmbeddedBroker&)> strike;
    errc cause;
};

std::vector<Blow> const blows{
    {"close", [](EmbeddedBroker& broker) { broker.faults().close_connections(); }, errc::connection_lost},
    {"reset", [](EmbeddedBroker& broker) { broker.faults().reset_connections(); }, errc::connection_lost},
    {"error",
     [](EmbeddedBroker& broker) {
         std::string bytes("ERROR\nmessage:going down\n\n");
         bytes += '\0';
         broker.faults().send_raw(bytes);
     },
     errc::error_frame_received},
    {"malformed", [](EmbeddedBroker& broker) { broker.faults().send_raw("MESS\1AGE\nno colon\n\n"); },
     errc::malformed_frame},
    {"silence", [](EmbeddedBroker& broker) { broker.faults().fall_silent(); }, errc::missing_heart_beat},
    {"stop",
     [](EmbeddedBroker& broker) {
         broker.stop();
         broker.listen();
     },
     errc::connection_lost},
};

class LossLog : public FrameLog
{
public:
    void on_lost(Failure const& cause) override { losses.push_back(cause); }
    void on_waiting(std::chrono::milliseconds, unsigned attempt) override { waits.push_back(attempt); }
    void on_heart_beat_sent() override { ++beats; }

    std::vector<Failure> losses;
    std::vector<unsigned> waits;
    int beats = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(it_survives_every_blow)
{
    for (auto const& blow : blows) {
        BOOST_TEST_CONTEXT(blow.name)
        run([&]() -> asio::awaitable<void> {
            auto const log = std::make_shared<LossLog>();
            auto config = reconnecting();
            config.observer = log;
            if (blow.cause == errc::missing_heart_beat)
                config.heart_beat = HeartBeat(20ms, 20ms);
            BrokerConfig lively;
            lively.heart_beat = HeartBeat(20ms, 20ms);
            EmbeddedBroker peer(context.get_executor(), lively);
            peer.listen();
            StompClient client(config);
            auto session = co_await client.connect(peer.url());
            auto automatic = co_await session.subscribe("/topic/a");
            auto individual = co_await session.subscribe("/queue/b", AckMode::client_individual);
            co_await send_confirmed(session, "/topic/a", "before");
            auto before = co_await automatic.next_for(10s);
            BOOST_TEST(before.value().body() == "before");

            blow.strike(peer);
            co_await until([&] { return !log->losses.empty(); });
            peer.faults().clear();
            BOOST_TEST(session.is_open());
            BOOST_TEST((log->losses.front().code() == blow.cause), log->losses.front().what());
            co_await send_confirmed(session, "/topic/a", "after");
            co_await send_confirmed(session, "/queue/b", "also");
            BOOST_TEST(session.is_connected());
            BOOST_TEST(session.stats().connections == 2u);
            auto after = co_await automatic.next_for(10s);
            BOOST_TEST(after.value().body() == "after");
            auto also = co_await individual.next_for(10s);
            BOOST_TEST(also.value().body() == "also");
            auto const taken = co_await session.ack(*also);
            BOOST_TEST(taken);
            co_await session.disconnect();
            BOOST_TEST(log->losses.size() == 1u);
        });
    }
}

BOOST_AUTO_TEST_CASE(without_a_policy_it_ends)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        broker.faults().close_connections();
        auto const cause = co_await session.closed();
        BOOST_TEST(is<ConnectionLost>(cause));
        BOOST_TEST(!session.is_connected());
        BOOST_TEST(session.stats().connections == 1u);
    });
}

BOOST_AUTO_TEST_CASE(over_a_stream_of_ones_own_it_ends_because_there_is_no_way_to_another)
{
    run([this]() -> asio::awaitable<void> {
        asio::ip::tcp::socket socket(context);
        asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), broker.port());
        co_await socket.async_connect(endpoint, asio::use_awaitable);
        auto session = co_await StompSession::over(std::move(socket), reconnecting());
        broker.faults().close_connections();
        auto const cause = co_await session.closed();
        BOOST_TEST(is<ConnectionLost>(cause));
    });
}

BOOST_AUTO_TEST_CASE(a_broker_that_is_away_for_a_while_is_waited_for)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto inbox = co_await session.subscribe("/queue/a");
        broker.stop();
        co_await until_lost(session);
        auto const executor = co_await asio::this_coro::executor;
        auto const sent = start(executor, send_confirmed(session, "/queue/a", "kept"));
        co_await pause(50ms);
        BOOST_TEST(!sent->done);
        BOOST_TEST(session.is_open());
        broker.listen();
        co_await finished(sent);
        BOOST_TEST(!sent->failure, sent->failure.what());
        auto const message = co_await inbox.next_for(10s);
        BOOST_TEST(message.value().body() == "kept");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(the_next_broker_of_the_list_takes_over)
{
    run([this]() -> asio::awaitable<void> {
        EmbeddedBroker other(context.get_executor());
        other.listen();
        std::vector<std::string> urls{broker.url(), other.url()};
        StompClient client(reconnecting());
        auto session = co_await client.connect(urls);
        auto inbox = co_await session.subscribe("/queue/a");
        BOOST_TEST(broker.sessions() == 1u);
        broker.stop();
        co_await until_connected(session, 2);
        BOOST_TEST(other.sessions() == 1u);
        co_await send_confirmed(session, "/queue/a", "x");
        auto const message = co_await inbox.next_for(10s);
        BOOST_TEST(message.value().body() == "x");
        other.stop();
        broker.listen();
        co_await until_connected(session, 3);
        BOOST_TEST(broker.sessions() == 1u);
        co_await session.disconnect();
    });
}

// Else a broker that takes every client on and drops it again would keep them from all others.
BOOST_AUTO_TEST_CASE(behind_a_connection_that_did_not_hold_the_next_url_comes_first)
{
    run([this]() -> asio::awaitable<void> {
        EmbeddedBroker other(context.get_executor());
        other.listen();
        std::vector<std::string> urls{broker.url(), other.url()};
        auto policy = quick_policy();
        policy.stable_after = 1h;
        StompClient client(reconnecting(policy));
        auto session = co_await client.connect(urls);
        broker.faults().close_connections();
        co_await until_connected(session, 2);
        BOOST_TEST(other.sessions() == 1u);
        other.faults().close_connections();
        co_await until_connected(session, 3);
        BOOST_TEST(broker.sessions() == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(subscriptions_come_first_in_their_order_and_what_waits_behind_them)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto first = co_await session.subscribe("/queue/1");
        auto second = co_await session.subscribe("/queue/2");
        auto third = co_await session.subscribe("/queue/3");
        co_await second.unsubscribe();
        broker.stop();
        co_await until_lost(session);
        broker.set_frame_log(0);
        broker.set_frame_log(1000);
        co_await session.send("/queue/1", "a");
        auto fourth = co_await session.subscribe("/queue/4");
        co_await session.send("/queue/4", "b");
        broker.listen();
        auto const message = co_await fourth.next_for(10s);
        BOOST_TEST(message.value().body() == "b");
        std::vector<std::string> const expected{
            "CONNECT", "SUBSCRIBE /queue/1", "SUBSCRIBE /queue/3", "SUBSCRIBE /queue/4", "SEND a", "SEND b"};
        auto const got = received();
        BOOST_TEST(got == expected, boost::test_tools::per_element());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(heart_beats_start_again)
{
    run([this]() -> asio::awaitable<void> {
        BrokerConfig lively;
        lively.heart_beat = HeartBeat(10ms, 10ms);
        EmbeddedBroker peer(context.get_executor(), lively);
        peer.listen();
        auto const log = std::make_shared<LossLog>();
        auto config = reconnecting();
        config.heart_beat = HeartBeat(10ms, 0ms);
        config.observer = log;
        StompClient client(config);
        auto session = co_await client.connect(peer.url());
        co_await until([&] { return log->beats > 2; });
        peer.faults().close_connections();
        co_await until_connected(session, 2);
        auto const sent = log->beats;
        co_await until([&] { return log->beats > sent + 2; });
        BOOST_TEST((session.negotiated_heart_beat().send == 10ms));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(credentials_are_asked_for_again)
{
    run([this]() -> asio::awaitable<void> {
        std::vector<std::string> asked;
        auto config = reconnecting();
        config.before_connect = [&asked](ConnectParameters& parameters) -> asio::awaitable<void> {
            asked.push_back(parameters.url);
            parameters.connect_headers.emplace_back("token", std::to_string(asked.size()));
            co_return;
        };
        auto session = co_await connect(config);
        broker.faults().close_connections();
        co_await until_connected(session, 2);
        std::vector<std::string> tokens;
        for (auto const& [connection, frame] : all_received()) {
            if (frame.command() == "CONNECT")
                tokens.emplace_back(frame.header("token").value());
        }
        std::vector<std::string> const expected{"1", "2"};
        BOOST_TEST(tokens == expected, boost::test_tools::per_element());
        BOOST_TEST(asked.size() == 2u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(attempts_are_counted_until_a_connection_has_held)
{
    run([this]() -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            bool const holds = i == 0;
            auto const log = std::make_shared<LossLog>();
            auto policy = quick_policy();
            policy.stable_after = holds ? 0ms : 1h;
            auto config = reconnecting(policy);
            config.observer = log;
            auto session = co_await connect(config);
            for (std::uint64_t connections = 2; connections <= 4; ++connections) {
                broker.faults().close_connections();
                co_await until_connected(session, connections);
            }
            std::vector<unsigned> const expected{1, holds ? 1U : 2U, holds ? 1U : 3U};
            BOOST_TEST(log->waits == expected, boost::test_tools::per_element());
            co_await session.disconnect();
        }
    });
}

BOOST_AUTO_TEST_CASE(the_next_connection_may_speak_another_version)
{
    run([this]() -> asio::awaitable<void> {
        BrokerConfig old;
        old.versions = {StompVersion::v1_0};
        EmbeddedBroker other(context.get_executor(), old);
        other.listen();
        std::vector<std::string> urls{broker.url(), other.url()};
        StompClient client(reconnecting());
        auto session = co_await client.connect(urls);
        auto inbox = co_await session.subscribe("/queue/a", AckMode::client);
        BOOST_TEST((session.version() == StompVersion::v1_2));
        broker.faults().drop_receipts();
        auto const executor = co_await asio::this_coro::executor;
        OutgoingMessage plain("/queue/a", "plain");
        plain.header("note", "a:b").with_receipt();
        auto const goes = start(executor, session.send(std::move(plain)));
        OutgoingMessage folded("/queue/a", "folded");
        folded.header("note", "a\nb").with_receipt();
        auto const cannot = start(executor, session.send(std::move(folded)));
        co_await until([&] { return broker.stats("/queue/a").sent == 2; });
        broker.stop();
        co_await finished(goes);
        BOOST_TEST(!goes->failure, goes->failure.what());
        co_await finished(cannot);
        BOOST_TEST(is<InvalidFrame>(cannot->failure), cannot->failure.what());
        BOOST_TEST((session.version() == StompVersion::v1_0));
        auto const message = co_await inbox.next_for(10s);
        BOOST_TEST(message.value().body() == "plain");
        BOOST_TEST((message->header("note") == "a:b"));
        auto const taken = co_await session.ack(*message);
        BOOST_TEST(taken);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(its_operations_may_come_from_another_executor)
{
    asio::io_context elsewhere;
    auto session = std::make_shared<StompSession>();
    run([&]() -> asio::awaitable<void> { *session = co_await connect(reconnecting()); });
    auto events = session->connection_events();
    bool sent = false;
    bool told = false;
    bool over = false;
    asio::co_spawn(
        elsewhere,
        [&]() -> asio::awaitable<void> {
            co_await send_confirmed(*session, "/queue/a", "x");
            sent = true;
        },
        asio::detached);
    asio::co_spawn(
        elsewhere,
        [&]() -> asio::awaitable<void> {
            while (auto event = co_await events.next())
                told = told || event->state == ConnectionEvent::State::lost;
            over = true;
        },
        asio::detached);
    broker.faults().drop_receipts(1);
    auto const end = std::chrono::steady_clock::now() + 20s;
    bool cut = false;
    context.restart();
    while (!(sent && told) && std::chrono::steady_clock::now() < end) {
        elsewhere.restart();
        elsewhere.poll();
        context.poll();
        if (!cut && broker.queue_depth("/queue/a") == 1) {
            broker.faults().close_connections();
            cut = true;
        }
    }
    BOOST_TEST(sent);
    BOOST_TEST(told);
    session->start_disconnect();
    context.restart();
    while (!over && std::chrono::steady_clock::now() < end) {
        elsewhere.restart();
        elsewhere.poll();
        context.poll();
    }
    BOOST_TEST(over);
}

BOOST_AUTO_TEST_SUITE_END()
