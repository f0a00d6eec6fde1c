#include "transport_fixture.hpp"
#include "websocket_peer.hpp"

#include <boost/asio/error.hpp>

#include <optional>

// What goes over a WebSocket once it is open; the same with and without TLS.
namespace {

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_literals;

class WebSocketFixture : public TransportFixture
{
public:
    explicit WebSocketFixture(bool tls = false)
    {
        if (tls) {
            authority.emplace();
            CertificateRequest request;
            request.ip_addresses.push_back("127.0.0.1");
            server.emplace(context, authority->issue(request));
            options.tls.ca_file = authority->ca_file();
        } else {
            server.emplace(context);
        }
        scheme = tls ? "wss" : "ws";
        options.websocket.ping_interval = {};
    }

    /// Connects server and client.
    asio::awaitable<void> open()
    {
        auto const accepting = start(context.get_executor(), server->accept());
        transport = co_await connect(server->at(scheme, "/ws"));
        co_await finished(accepting);
        BOOST_TEST(!accepting->failure, accepting->failure.what());
    }

    std::optional<TestAuthority> authority;
    std::optional<WebSocketPeer> server;
    std::string scheme;
    std::unique_ptr<Transport> transport;
};

class SecureWebSocketFixture : public WebSocketFixture
{
public:
    SecureWebSocketFixture() : WebSocketFixture(true) {}
};

asio::awaitable<void> check_both_ways(WebSocketFixture& test)
{
    co_await test.open();
    BOOST_TEST(test.transport->wants_frame_ends());
    BOOST_TEST(test.transport->remote_endpoint() == "127.0.0.1:" + std::to_string(test.server->port()));
    // Every frame is a message of its own, however many are written at a time.
    std::vector<std::string> frames;
    for (int i = 0; i < 100; ++i)
        frames.push_back("SEND\n\n" + std::to_string(i) + "\0"s);
    frames.push_back("\n");
    auto const writing = start(test.context.get_executor(), write_frames(*test.transport, frames));
    for (auto const& frame : frames) {
        auto const message = co_await test.server->receive();
        BOOST_TEST(message.bytes == frame);
        BOOST_TEST(!message.binary);
    }
    co_await finished(writing);
    // Messages are just bytes: several frames in one, one in several, of either kind.
    co_await test.server->send("A\n\n\0B\n\n\0C"s);
    co_await test.server->send("\n\n\0\n"s, true);
    auto const bytes = co_await read_bytes(*test.transport, 13);
    BOOST_TEST(bytes == "A\n\n\0B\n\n\0C\n\n\0\n"s);
}

asio::awaitable<void> check_large(WebSocketFixture& test)
{
    co_await test.open();
    std::string large;
    for (int i = 0; large.size() < 3'000'000; ++i)
        large += std::to_string(i) + ' ';
    auto const sending = start(test.context.get_executor(), test.server->send(large));
    auto const read = co_await read_bytes(*test.transport, large.size());
    BOOST_TEST((read == large));
    co_await finished(sending);
    auto const writing = start(test.context.get_executor(), write_frame(*test.transport, large));
    auto const message = co_await test.server->receive();
    BOOST_TEST((message.bytes == large));
    co_await finished(writing);
}

asio::awaitable<void> check_close(WebSocketFixture& test, CloseReason reason, std::uint16_t code, std::string text)
{
    co_await test.open();
    auto const waiting = start(test.context.get_executor(), test.server->wait_for_close());
    co_await test.transport->close(reason);
    test.transport->abort();
    co_await finished(waiting);
    BOOST_REQUIRE(waiting->value.has_value());
    BOOST_TEST(waiting->value->first == code);
    BOOST_TEST(waiting->value->second == text);
}

/// How reading ends when the server closes.
asio::awaitable<Failure> end_after_close(WebSocketFixture& test, std::uint16_t code, std::string reason)
{
    co_await test.open();
    auto const closing = start(test.context.get_executor(), test.server->close(code, reason));
    auto const failure = co_await failure_of(read_bytes(*test.transport, 1));
    test.transport->abort();
    co_await finished(closing);
    co_return failure;
}

asio::awaitable<void> check_abort(WebSocketFixture& test)
{
    co_await test.open();
    auto const reading = start(test.context.get_executor(), read_bytes(*test.transport, 1));
    std::string const much(40'000'000, 'x');
    auto const writing = start(test.context.get_executor(), write_frame(*test.transport, much));
    co_await others_go_on();
    BOOST_TEST(!writing->done); // the server does not read
    auto const closing = start(test.context.get_executor(), test.transport->close(CloseReason::error));
    co_await others_go_on();
    test.transport->abort();
    test.transport->abort();
    co_await finished(reading);
    co_await finished(writing);
    co_await finished(closing);
    BOOST_TEST(static_cast<bool>(reading->failure));
    BOOST_TEST(static_cast<bool>(writing->failure));
    test.transport.reset();
    test.server->cut();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(websocket, WebSocketFixture)

BOOST_AUTO_TEST_CASE(carries_frames_both_ways)
{
    run([this] { return check_both_ways(*this); });
}

BOOST_AUTO_TEST_CASE(carries_large_frames)
{
    run([this] { return check_large(*this); });
}

BOOST_AUTO_TEST_CASE(reads_fragmented_messages)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::vector<std::string> fragments;
        fragments.push_back("MESS");
        fragments.push_back("");
        fragments.push_back("AGE\n\n\0"s);
        co_await server->send_fragments(fragments);
        auto const bytes = co_await read_bytes(*transport, 10);
        BOOST_TEST(bytes == "MESSAGE\n\n\0"s);
    });
}

BOOST_AUTO_TEST_CASE(reads_a_large_message_as_it_comes)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::vector<std::string> fragments;
        fragments.push_back("the beginning");
        fragments.push_back(std::string(20'000'000, '.')); // cannot be sent before some of it is read
        auto const sending = start(context.get_executor(), server->send_fragments(fragments));
        auto const bytes = co_await read_bytes(*transport, 13);
        BOOST_TEST(bytes == "the beginning");
        BOOST_TEST(!sending->done);
        co_await read_bytes(*transport, 20'000'000);
        co_await finished(sending);
    });
}

BOOST_AUTO_TEST_CASE(sends_text_where_it_is_text)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::string const frames[] = {"SEND\n\nj\xc3\xbcrgen\0"s, "SEND\n\n\xff\0"s, "\n"s};
        for (auto const& frame : frames) {
            co_await write_frame(*transport, frame);
            auto const message = co_await server->receive();
            BOOST_TEST(message.bytes == frame);
            BOOST_TEST(message.binary == contains(frame, "\xff"));
        }
    });
}

BOOST_AUTO_TEST_CASE(sends_binary_on_request)
{
    options.websocket.payload = WebSocketPayload::binary;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        co_await write_frame(*transport, "text");
        auto const message = co_await server->receive();
        BOOST_TEST(message.binary);
    });
}

BOOST_AUTO_TEST_CASE(sends_text_on_request_whatever_it_is)
{
    options.websocket.payload = WebSocketPayload::text;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        co_await write_frame(*transport, "\xff");
        // The server checks it, and closes.
        auto const receiving = start(context.get_executor(), server->receive());
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        BOOST_TEST(failure.code().value() == 1007);
        transport->abort();
        co_await finished(receiving);
        BOOST_TEST(static_cast<bool>(receiving->failure));
    });
}

BOOST_AUTO_TEST_CASE(compresses_on_request)
{
    options.websocket.permessage_deflate = true;
    server->compresses = true;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        BOOST_TEST(contains(server->field("Sec-WebSocket-Extensions"), "permessage-deflate"));
        std::string const much(100'000, 'x');
        auto const writing = start(context.get_executor(), write_frame(*transport, much));
        auto const message = co_await server->receive();
        BOOST_TEST((message.bytes == much));
        co_await finished(writing);
        auto const sending = start(context.get_executor(), server->send(much));
        auto const bytes = co_await read_bytes(*transport, much.size());
        BOOST_TEST((bytes == much));
        co_await finished(sending);
    });
}

BOOST_AUTO_TEST_CASE(splits_large_frames_on_request)
{
    options.websocket.split_large_frames = 8;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::vector<std::string> frames;
        frames.push_back("12345678");
        frames.push_back("abcdefg\xc3\xbcijklmn\xc3\xbc"); // a character across the limit
        co_await write_frames(*transport, frames);
        std::string const expected[] = {"12345678", "abcdefg", "\xc3\xbcijklmn", "\xc3\xbc"};
        for (auto const& part : expected) {
            auto const message = co_await server->receive();
            BOOST_TEST(message.bytes == part);
            BOOST_TEST(!message.binary);
        }
    });
}

BOOST_AUTO_TEST_CASE(adds_missing_nuls_on_request)
{
    options.websocket.append_missing_nul = true;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::string const messages[] = {"A\n\n", "\n", "B\n\n\0"s, "\r\n", "C\n\n\0\n"s, ""};
        for (auto const& message : messages)
            co_await server->send(message);
        std::vector<std::string> fragments;
        fragments.push_back("D\n");
        fragments.push_back("\nbody");
        co_await server->send_fragments(fragments);
        auto const expected = "A\n\n\0\nB\n\n\0\r\nC\n\n\0\nD\n\nbody\0"s;
        auto const bytes = co_await read_bytes(*transport, expected.size());
        BOOST_TEST(bytes == expected);
        // Where the room ends with the message, the NUL comes next.
        co_await server->send("E\n\n");
        auto const without = co_await read_bytes(*transport, 3);
        BOOST_TEST(without == "E\n\n");
        auto const nul = co_await read_bytes(*transport, 1);
        BOOST_TEST(nul == "\0"s);
    });
}

BOOST_AUTO_TEST_CASE(refuses_messages_over_the_limit)
{
    options.websocket.max_message_size = 1000;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        co_await server->send(std::string(1000, 'x'));
        co_await read_bytes(*transport, 1000);
        auto const closed = start(context.get_executor(), server->wait_for_close());
        co_await server->send(std::string(1001, 'x'));
        auto const failure = co_await failure_of(read_bytes(*transport, 1001));
        BOOST_TEST(failure.code().failed());
        transport->abort();
        co_await finished(closed);
        BOOST_REQUIRE(closed->value.has_value());
        BOOST_TEST(closed->value->first == 1009);
    });
}

BOOST_AUTO_TEST_CASE(pings_while_it_writes_nothing)
{
    options.websocket.ping_interval = 20ms;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto const reading = start(context.get_executor(), read_bytes(*transport, 2));
        auto const receiving = start(context.get_executor(), server->receive());
        co_await until([this] { return server->pings >= 3; });
        // Data goes on beside them.
        co_await write_frame(*transport, "x");
        co_await finished(receiving);
        BOOST_TEST(receiving->value->bytes == "x");
        co_await server->send("yz");
        co_await finished(reading);
        transport->abort();
        server->cut();
    });
    BOOST_TEST(run_dry()); // no timer is left
}

BOOST_AUTO_TEST_CASE(pings_wait_for_a_message_that_is_being_written)
{
    options.websocket.ping_interval = 1ms;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto const reading = start(context.get_executor(), read_bytes(*transport, 1));
        std::string const much(20'000'000, 'x');
        auto const writing = start(context.get_executor(), write_frame(*transport, much));
        co_await pause(20ms);
        BOOST_TEST(!writing->done);
        auto const message = co_await server->receive();
        BOOST_TEST((message.bytes == much));
        co_await finished(writing);
        auto const receiving = start(context.get_executor(), server->receive());
        co_await until([this] { return server->pings >= 1; });
        // With a ping waiting for the lock of the next message.
        auto const again = start(context.get_executor(), write_frame(*transport, much));
        co_await pause(20ms);
        transport->abort();
        co_await finished(again);
        co_await finished(reading);
        co_await finished(receiving);
        transport.reset();
        server->cut();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(answers_pings_while_it_reads)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        co_await server->ping();
        auto const reading = start(context.get_executor(), read_bytes(*transport, 1));
        auto const receiving = start(context.get_executor(), server->receive());
        co_await until([this] { return server->pongs == 1; });
        transport->abort();
        co_await finished(reading);
        co_await finished(receiving);
    });
}

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
