#include "transport/sockjs.hpp"
#include "transport_fixture.hpp"
#include "websocket_peer.hpp"

#include <algorithm>
#include <cctype>

namespace {

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_literals;

class SockJsFixture : public TransportFixture
{
public:
    SockJsFixture() : server(context) {}

    asio::awaitable<void> open()
    {
        auto const accepting = start(context.get_executor(), server.accept());
        transport = co_await connect(server.at("sockjs+http", "/stomp?token=x"));
        co_await finished(accepting);
        BOOST_TEST(!accepting->failure, accepting->failure.what());
        co_await server.send("o");
    }

    /// How reading ends after that message.
    asio::awaitable<Failure> end_after(std::string message)
    {
        co_await open();
        co_await server.send(std::move(message));
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        transport->abort();
        server.cut();
        co_return failure;
    }

    WebSocketPeer server;
    std::unique_ptr<Transport> transport;
};

bool is_session_target(std::string_view target, std::string_view before, std::string_view after)
{
    if (!target.starts_with(before) || !target.ends_with(after))
        return false;
    auto const middle = target.substr(before.size(), target.size() - before.size() - after.size());
    auto const is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
    auto const is_letter = [](unsigned char c) { return std::isalnum(c) != 0; };
    return middle.size() == 16 && std::ranges::all_of(middle.substr(0, 3), is_digit) && middle[3] == '/' &&
           std::ranges::all_of(middle.substr(4), is_letter);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(sockjs, SockJsFixture)

BOOST_AUTO_TEST_CASE(each_session_has_an_address_of_its_own)
{
    auto const target = detail::sockjs_target("/stomp");
    BOOST_TEST(is_session_target(target, "/stomp/", "/websocket"), target);
    BOOST_TEST(target != detail::sockjs_target("/stomp"));
    BOOST_TEST(is_session_target(detail::sockjs_target("/"), "/", "/websocket"));
    BOOST_TEST(is_session_target(detail::sockjs_target("/a/b/?x=/y"), "/a/b/", "/websocket?x=/y"));
}

BOOST_AUTO_TEST_CASE(opens_a_websocket_there)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        BOOST_TEST(is_session_target(server.target, "/stomp/", "/websocket?token=x"), server.target);
        BOOST_TEST(server.field("Sec-WebSocket-Protocol") == "");
        BOOST_TEST(transport->wants_frame_ends());
        BOOST_TEST(transport->remote_endpoint() == "127.0.0.1:" + std::to_string(server.port()));
    });
}

BOOST_AUTO_TEST_CASE(reads_messages_and_heart_beats)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        co_await server.send(R"(a["CONNECTED\nversion:1.2\n\n\u0000"])");
        co_await server.send("h");
        co_await server.send("a[]");
        co_await server.send(R"(a["A\n\n\u0000","\"\\\u00fc\ud83d\ude00", "\n"])");
        auto const expected = "CONNECTED\nversion:1.2\n\n\0\nA\n\n\0\"\\\xc3\xbc\xf0\x9f\x98\x80\n"s;
        auto const bytes = co_await read_bytes(*transport, expected.size());
        BOOST_TEST(bytes == expected);
    });
}

BOOST_AUTO_TEST_CASE(reads_fragments_wherever_they_are_cut)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::string const message = R"(a["x\u00fcy","]\"["])";
        std::vector<std::string> fragments;
        for (char const c : message)
            fragments.emplace_back(1, c);
        co_await server.send_fragments(fragments);
        auto const bytes = co_await read_bytes(*transport, 7);
        BOOST_TEST(bytes == "x\xc3\xbcy]\"[");
    });
}

BOOST_AUTO_TEST_CASE(reads_large_messages)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::string const large(1'000'000, 'x');
        auto const sending = start(context.get_executor(), server.send("a[\"" + large + "\"]"));
        auto const bytes = co_await read_bytes(*transport, large.size());
        BOOST_TEST((bytes == large));
        co_await finished(sending);
    });
}

BOOST_AUTO_TEST_CASE(sends_each_frame_as_an_array)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::vector<std::string> frames;
        frames.push_back("SEND\n\n\"\\\0"s);
        frames.push_back("\n");
        frames.push_back("\xc3\xbc\x01");
        co_await write_frames(*transport, frames);
        std::string const expected[] = {R"(["SEND\n\n\"\\\u0000"])", R"(["\n"])", "[\"\xc3\xbc\\u0001\"]"};
        for (auto const& text : expected) {
            auto const message = co_await server.receive();
            BOOST_TEST(message.bytes == text);
            BOOST_TEST(!message.binary);
        }
    });
}

BOOST_AUTO_TEST_CASE(cuts_large_frames_if_asked_to)
{
    static constexpr std::size_t limit = 40;
    options.websocket.split_large_frames = limit;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        // What must be escaped takes two bytes, and a letter may not be cut.
        std::string frame;
        for (int i = 0; i < 100; ++i)
            frame += i % 3 == 0 ? "\"" : i % 3 == 1 ? "\xe2\x82\xac" : "x";
        std::vector<std::string> frames;
        frames.push_back(frame);
        frames.push_back("short");
        co_await write_frames(*transport, frames);
        std::string arrived;
        int messages = 0;
        while (arrived.size() < frame.size()) {
            auto const message = co_await server.receive();
            BOOST_TEST(message.bytes.size() <= limit);
            BOOST_REQUIRE((message.bytes.starts_with("[\"") && message.bytes.ends_with("\"]")));
            for (auto const byte : std::string_view(message.bytes).substr(2, message.bytes.size() - 4)) {
                if (byte != '\\')
                    arrived += byte;
            }
            ++messages;
        }
        BOOST_TEST(arrived == frame);
        BOOST_TEST(messages > 4);
        auto const last = co_await server.receive();
        BOOST_TEST(last.bytes == R"(["short"])");
    });
}

BOOST_AUTO_TEST_CASE(cannot_send_what_is_no_text)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::vector<std::string> frames;
        frames.push_back("good");
        frames.push_back("\xff");
        auto const failure = co_await failure_of(write_frames(*transport, frames));
        BOOST_TEST(failure.code() == transport_errc::not_utf8);
        BOOST_TEST(contains(failure.what(), "UTF-8"), failure.what());
        auto const message = co_await server.receive(); // what came before was sent
        BOOST_TEST(message.bytes == R"(["good"])");
    });
}

BOOST_AUTO_TEST_CASE(a_close_frame_is_the_end)
{
    run([this]() -> asio::awaitable<void> {
        auto failure = co_await end_after(R"(c[3000,"Go away!"])");
        BOOST_TEST(failure.code() == asio::error::eof);
        failure = co_await end_after(R"(c[2010,"Another connection still open"])");
        BOOST_TEST(failure.code() == boost::system::error_code(2010, websocket_close_category()));
        BOOST_TEST(contains(failure.what(), "Another connection"), failure.what());
    });
}

BOOST_AUTO_TEST_CASE(what_came_before_a_close_frame_is_read)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        co_await server.send(R"(a["x"]c[3000,"Go away!"])"); // in one message, so that both come at once
        auto const bytes = co_await read_bytes(*transport, 1);
        BOOST_TEST(bytes == "x");
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        BOOST_TEST(failure.code() == asio::error::eof);
    });
}

BOOST_AUTO_TEST_CASE(what_is_no_sockjs_is_refused)
{
    run([this]() -> asio::awaitable<void> {
        std::string const wrong[] = {"CONNECTED\n\n\0"s, "a{}",   "a[1]",     "a[\"x]\n", "a[[\"x\"]]", "c[]",
                                     "c[\"x\"]",         "c[-1]", "c[65536]", "ax"};
        for (auto const& message : wrong) {
            auto const failure = co_await end_after(message);
            BOOST_TEST(failure.code() == transport_errc::bad_sockjs_frame, message);
        }
    });
}

BOOST_AUTO_TEST_CASE(closing_closes_the_websocket)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto const waiting = start(context.get_executor(), server.wait_for_close());
        co_await transport->close(CloseReason::missing_heart_beat);
        transport->abort();
        co_await finished(waiting);
        BOOST_TEST(waiting->value->first == 3002);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_refused_endpoint_is_an_http_failure)
{
    TcpPeer plain(context);
    run([&, this]() -> asio::awaitable<void> {
        auto const answering =
            start(context.get_executor(), plain.answer("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"));
        auto const attempt = co_await fail_to_connect(plain.at("sockjs+http", "/stomp"));
        BOOST_TEST((attempt.phase == ConnectPhase::http));
        BOOST_TEST(attempt.http_status == 401u);
        co_await finished(answering);
    });
}

BOOST_AUTO_TEST_SUITE_END()
