#include "websocket_fixture.hpp"

// What goes over a WebSocket once it is open.
using namespace arbalest;
using namespace arbalest::test;

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

BOOST_AUTO_TEST_SUITE_END()
