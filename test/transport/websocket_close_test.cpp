#include "websocket_fixture.hpp"

// How a WebSocket ends; and everything once more over TLS.
using namespace arbalest;
using namespace arbalest::test;

BOOST_FIXTURE_TEST_SUITE(websocket_close, WebSocketFixture)

BOOST_AUTO_TEST_CASE(closes_in_order)
{
    run([this] { return check_close(*this, CloseReason::normal, 1000, ""); });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(says_why_it_closes)
{
    run([this] { return check_close(*this, CloseReason::error, 3001, "STOMP error"); });
    run([this] { return check_close(*this, CloseReason::missing_heart_beat, 3002, "missing STOMP heart-beat"); });
}

BOOST_AUTO_TEST_CASE(closes_while_it_reads)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto const reading = start(context.get_executor(), read_bytes(*transport, 1));
        auto const waiting = start(context.get_executor(), server->wait_for_close());
        co_await others_go_on();
        co_await transport->close(CloseReason::missing_heart_beat);
        co_await finished(reading);
        BOOST_TEST(static_cast<bool>(reading->failure));
        co_await finished(waiting);
        BOOST_TEST(waiting->value->first == 3002);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_close_in_order_is_the_end)
{
    run([this]() -> asio::awaitable<void> {
        auto const failure = co_await end_after_close(*this, 1000, "done");
        BOOST_TEST(failure.code() == asio::error::eof);
    });
}

BOOST_AUTO_TEST_CASE(another_close_tells_code_and_reason)
{
    run([this]() -> asio::awaitable<void> {
        auto failure = co_await end_after_close(*this, 1011, "out of cheese");
        BOOST_TEST(failure.code() == boost::system::error_code(1011, websocket_close_category()));
        BOOST_TEST(contains(failure.what(), "out of cheese"), failure.what());
        BOOST_TEST(contains(failure.what(), "1011"), failure.what());
        failure = co_await end_after_close(*this, 4242, "");
        BOOST_TEST(failure.code().value() == 4242);
    });
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_the_end)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        server->cut();
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        BOOST_TEST((failure.code() == asio::error::eof || failure.code() == asio::error::connection_reset),
                   failure.what());
    });
}

BOOST_AUTO_TEST_CASE(aborting_ends_what_is_under_way)
{
    run([this] { return check_abort(*this); });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(websocket_over_tls, SecureWebSocketFixture)

BOOST_AUTO_TEST_CASE(carries_frames_both_ways)
{
    run([this] { return check_both_ways(*this); });
}

BOOST_AUTO_TEST_CASE(carries_large_frames)
{
    run([this] { return check_large(*this); });
}

BOOST_AUTO_TEST_CASE(pings_while_it_writes_nothing)
{
    options.websocket.ping_interval = 20ms;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto const reading = start(context.get_executor(), read_bytes(*transport, 1));
        auto const receiving = start(context.get_executor(), server->receive());
        co_await until([this] { return server->pings >= 3; });
        transport->abort();
        co_await finished(reading);
        co_await finished(receiving);
        transport.reset();
        server->cut();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(closes_in_order)
{
    run([this] { return check_close(*this, CloseReason::normal, 1000, ""); });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_close_in_order_is_the_end)
{
    run([this]() -> asio::awaitable<void> {
        auto const failure = co_await end_after_close(*this, 1000, "");
        BOOST_TEST(failure.code() == asio::error::eof);
    });
}

BOOST_AUTO_TEST_CASE(aborting_ends_what_is_under_way)
{
    run([this] { return check_abort(*this); });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_wrong_host_name_is_refused)
{
    options.tls.server_name = "elsewhere.test";
    run([this]() -> asio::awaitable<void> {
        auto const accepting = start(context.get_executor(), server->accept());
        auto const attempt = co_await fail_to_connect(server->at("wss"));
        BOOST_TEST((attempt.phase == ConnectPhase::tls));
        BOOST_TEST(contains(attempt.message, "host name mismatch"), attempt.message);
        co_await finished(accepting);
    });
}

BOOST_AUTO_TEST_SUITE_END()
