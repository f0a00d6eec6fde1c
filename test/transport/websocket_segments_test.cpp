#include "websocket_fixture.hpp"
#include "websocket_frames.hpp"

// However the frames of a WebSocket lie in the segments of TCP or the records of TLS.
using namespace arbalest;
using namespace arbalest::test;

namespace {

asio::awaitable<std::string> read_once(Transport& transport, std::size_t room)
{
    std::string bytes(room, '\0');
    bytes.resize(co_await transport.read_some(asio::buffer(bytes)));
    co_return bytes;
}

asio::awaitable<void> check_many_at_once(WebSocketFixture& test)
{
    co_await test.open();
    auto const receiving = start(test.context.get_executor(), test.server->receive());
    std::string few;
    for (int i = 0; i < 5; ++i)
        few += websocket_frame(ws_text, "few");
    co_await test.server->send_raw(few);
    auto const bytes = co_await read_once(*test.transport, 100);
    BOOST_TEST(bytes == "fewfewfewfewfew");

    std::string frames;
    std::string expected;
    for (int i = 0; i < 20'000; ++i) {
        auto const message = "MESSAGE\nmessage-id:" + std::to_string(i) + "\n\n" + std::string(i % 300, 'x') + '\0';
        frames += websocket_frame(i % 3 ? ws_text : ws_binary, message);
        if (i % 1000 == 0)
            frames += websocket_frame(ws_ping, std::to_string(i));
        expected += message;
    }
    auto const sending = start(test.context.get_executor(), test.server->send_raw(frames));
    auto const read = co_await read_bytes(*test.transport, expected.size());
    BOOST_TEST((read == expected));
    co_await finished(sending);
    co_await until([&] { return test.server->pongs == 20; });
    test.transport->abort();
    co_await finished(receiving);
}

asio::awaitable<void> check_cuts(WebSocketFixture& test)
{
    co_await test.open();
    auto const receiving = start(test.context.get_executor(), test.server->receive());
    auto const bytes = websocket_frame(ws_text, "one") + websocket_frame(ws_ping, "?") +
                       websocket_frame(ws_text_begins, "tw") + websocket_frame(ws_ends, "o") +
                       websocket_frame(ws_binary, std::string(130, '3')) + websocket_frame(ws_text, "four");
    auto const expected = "onetwo" + std::string(130, '3') + "four";
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        auto const reading = start(test.context.get_executor(), read_bytes(*test.transport, expected.size()));
        co_await test.server->send_raw(bytes.substr(0, cut));
        co_await others_go_on();
        co_await test.server->send_raw(bytes.substr(cut));
        co_await finished(reading);
        BOOST_REQUIRE(reading->value.has_value());
        BOOST_TEST(*reading->value == expected);
    }
    co_await until([&] { return test.server->pongs == static_cast<int>(bytes.size()) - 1; });
    test.transport->abort();
    co_await finished(receiving);
}

/// Accepts a client, and sends bytes with the answer to its handshake.
asio::awaitable<void> accept_with(TcpPeer& peer, std::string bytes)
{
    co_await peer.accept();
    auto const request = co_await peer.read_head();
    co_await peer.send(websocket_answer(request) + bytes);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(websocket_segments, WebSocketFixture)

BOOST_AUTO_TEST_CASE(many_messages_come_at_once)
{
    run([this] { return check_many_at_once(*this); });
}

BOOST_FIXTURE_TEST_CASE(many_messages_come_at_once_over_tls, SecureWebSocketFixture)
{
    run([this] { return check_many_at_once(*this); });
}

BOOST_AUTO_TEST_CASE(messages_are_cut_anywhere)
{
    run([this] { return check_cuts(*this); });
}

BOOST_FIXTURE_TEST_CASE(messages_are_cut_anywhere_over_tls, SecureWebSocketFixture)
{
    run([this] { return check_cuts(*this); });
}

BOOST_AUTO_TEST_CASE(messages_come_with_the_answer_to_the_handshake)
{
    run([this]() -> asio::awaitable<void> {
        TcpPeer peer(context);
        auto const frames = websocket_frame(ws_text, "first") + websocket_frame(ws_text, "second");
        auto const accepting = start(context.get_executor(), accept_with(peer, frames));
        transport = co_await connect(peer.at("ws"));
        co_await finished(accepting);
        auto const bytes = co_await read_bytes(*transport, 11);
        BOOST_TEST(bytes == "firstsecond");
        co_await peer.send(websocket_frame(ws_text, "third"));
        auto const third = co_await read_bytes(*transport, 5);
        BOOST_TEST(third == "third");
    });
}

BOOST_AUTO_TEST_CASE(what_came_before_a_close_is_read)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::string frames;
        for (int i = 0; i < 1000; ++i)
            frames += websocket_frame(ws_text, "message");
        auto const waiting = start(context.get_executor(), server->wait_for_close());
        co_await server->send_raw(frames + websocket_frame(ws_close, "\x03\xe8"));
        auto const bytes = co_await read_bytes(*transport, 7000);
        BOOST_TEST(bytes.size() == 7000u);
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        BOOST_TEST(failure.code() == asio::error::eof);
        transport->abort();
        co_await finished(waiting);
    });
}

BOOST_AUTO_TEST_CASE(what_came_before_bad_text_is_read)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto const waiting = start(context.get_executor(), server->wait_for_close());
        co_await server->send_raw(websocket_frame(ws_text, "one") + websocket_frame(ws_binary, "\xff") +
                                  websocket_frame(ws_text, "two \xff") + websocket_frame(ws_text, "never"));
        auto const bytes = co_await read_bytes(*transport, 4);
        BOOST_TEST(bytes == "one\xff");
        auto const failure = co_await failure_of(read_bytes(*transport, 5));
        BOOST_TEST(failure.code().failed());
        transport->abort();
        co_await finished(waiting);
        BOOST_REQUIRE(waiting->value.has_value());
        BOOST_TEST(waiting->value->first == 1007);
    });
}

BOOST_AUTO_TEST_CASE(the_limit_holds_for_messages_that_come_at_once)
{
    options.websocket.max_message_size = 100;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto const waiting = start(context.get_executor(), server->wait_for_close());
        std::string const most(100, 'x');
        co_await server->send_raw(websocket_frame(ws_text, most) + websocket_frame(ws_text, most) +
                                  websocket_frame(ws_text, most + 'x'));
        auto const bytes = co_await read_bytes(*transport, 200);
        BOOST_TEST(bytes == most + most);
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        BOOST_TEST(failure.code().failed());
        transport->abort();
        co_await finished(waiting);
        BOOST_REQUIRE(waiting->value.has_value());
        BOOST_TEST(waiting->value->first == 1009);
    });
}

BOOST_AUTO_TEST_CASE(closes_with_messages_unread)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::string frames;
        for (int i = 0; i < 1000; ++i)
            frames += websocket_frame(ws_text, "a message that is read in part");
        co_await server->send_raw(frames);
        auto const part = co_await read_bytes(*transport, 40);
        BOOST_TEST(part == "a message that is read in parta message ");
        auto const waiting = start(context.get_executor(), server->wait_for_close());
        co_await transport->close(CloseReason::normal); // until the server's close has been read behind all of them
        co_await finished(waiting);
        BOOST_REQUIRE(waiting->value.has_value());
        BOOST_TEST(waiting->value->first == 1000);
        transport->abort();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_cancelled_read_ends)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        co_await server->send_raw(websocket_frame(ws_text, "first") + "\x81");
        auto const reading = start(context.get_executor(), read_bytes(*transport, 6));
        co_await pause(5ms);
        BOOST_TEST(!reading->done);
        reading->cancel();
        co_await finished(reading);
        BOOST_TEST(is_aborted(reading->failure));
        transport.reset();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()
