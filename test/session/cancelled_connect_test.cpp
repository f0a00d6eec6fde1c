#include "support/raw_peer.hpp"

// A connect that is cancelled or timed out, at whatever point, leaves nothing behind.
BOOST_FIXTURE_TEST_SUITE(cancelled_connect, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

BOOST_AUTO_TEST_CASE(at_every_point)
{
    int connected = 0;
    int aborted = 0;
    run([&]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        for (int rounds = 0; rounds < 120; ++rounds) {
            auto const task = start(executor, connect());
            co_await others_go_on(rounds / 2);
            task->cancel();
            co_await finished(task);
            if (task->failure) {
                BOOST_TEST(is_aborted(task->failure), task->failure.what());
                ++aborted;
            } else {
                ++connected;
            }
        }
    });
    BOOST_TEST(aborted > 0);
    BOOST_TEST_MESSAGE(connected << " were connected before");
    run([this]() -> asio::awaitable<void> { co_await until([this] { return broker.connections() == 0; }); });
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(in_the_handshake)
{
    broker.faults().ignore_connect();
    run([this]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        auto const task = start(executor, connect());
        co_await until([this] { return broker.connections() == 1; });
        co_await others_go_on();
        task->cancel();
        co_await finished(task);
        BOOST_TEST(is_aborted(task->failure), task->failure.what());
        auto const timed = co_await failure_of(with_timeout(20ms, connect()));
        BOOST_TEST(is<Timeout>(timed), timed.what());
        co_await until([this] { return broker.connections() == 0; });
    });
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(before_tcp_has_been_accepted)
{
    run([]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        StompClient const client;
        // Kept for documentation (RFC 5737): nobody answers, or the network says so at once.
        auto const task = start(executor, client.connect("stomp://192.0.2.1:61613"));
        co_await others_go_on(5);
        task->cancel();
        co_await finished(task);
        BOOST_TEST((is_aborted(task->failure) || is<ConnectError>(task->failure)), task->failure.what());
    });
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(while_the_name_is_being_resolved)
{
    run([]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        StompClient const client;
        auto const task = start(executor, client.connect("stomp://no-such-host.invalid:61613"));
        co_await asio::post(executor, asio::use_awaitable);
        task->cancel();
        co_await finished(task);
        BOOST_TEST((is_aborted(task->failure) || is<ConnectError>(task->failure)), task->failure.what());
    });
}

BOOST_AUTO_TEST_CASE(over_a_stream_of_ones_own)
{
    run([this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto const executor = co_await asio::this_coro::executor;
        auto const accepting = start(executor, peer.accept());
        asio::ip::tcp::socket socket(executor);
        auto const port = static_cast<unsigned short>(std::stoi(peer.url().substr(peer.url().rfind(':') + 1)));
        asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), port);
        co_await socket.async_connect(endpoint, asio::use_awaitable);
        co_await finished(accepting);
        auto const task = start(executor, StompSession::over(std::move(socket), StompConfig()));
        co_await peer.receive("CONNECT");
        task->cancel();
        co_await finished(task);
        BOOST_TEST(is_aborted(task->failure), task->failure.what());
        co_await peer.wait_for_end();
    });
}

BOOST_AUTO_TEST_SUITE_END()
