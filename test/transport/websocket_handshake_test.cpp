#include "transport_fixture.hpp"
#include "websocket_frames.hpp"
#include "websocket_peer.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <ostream>

namespace {

using namespace arbalest;
using namespace arbalest::test;

class HandshakeFixture : public TransportFixture
{
public:
    HandshakeFixture() : server(context), plain(context) {}

    /// Connects to the WebSocket server.
    std::unique_ptr<Transport> open(std::string where)
    {
        std::unique_ptr<Transport> transport;
        run([&, this]() -> asio::awaitable<void> {
            auto const accepting = start(context.get_executor(), server.accept());
            transport = co_await connect(where);
            co_await finished(accepting);
            BOOST_TEST(!accepting->failure, accepting->failure.what());
        });
        return transport;
    }

    /// Connects to a server that answers with those bytes.
    ConnectAttempt refused_with(std::string answer)
    {
        ConnectAttempt attempt;
        run([&, this]() -> asio::awaitable<void> {
            auto const answering = start(context.get_executor(), plain.answer(answer));
            attempt = co_await fail_to_connect(plain.at("ws", "/ws"));
            co_await finished(answering);
            co_await plain.wait_for_end(); // no socket is left
            BOOST_TEST((attempt.phase == ConnectPhase::http));
            BOOST_TEST(attempt.endpoint == "127.0.0.1:" + std::to_string(plain.port()));
        });
        return attempt;
    }

    WebSocketPeer server;
    TcpPeer plain;
};

struct Refusal
{
    std::string_view answer;
    unsigned status;
    std::string_view hint;
};

std::ostream& operator<<(std::ostream& out, Refusal const& refusal)
{
    return out << refusal.status;
}

Refusal const refusals[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nWelcome to SockJS!\r\n", 200, "/websocket"},
    {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 400, "/websocket"},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, "/websocket"},
    {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: Basic\r\n\r\n", 401, "credentials"},
    {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403, "credentials"},
    {"HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\nLocation: wss://there.test/ws\r\n\r\n", 301,
     "wss://there.test/ws"},
    {"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /login\r\n\r\n", 302, "/login"},
    {"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: /x\r\n\r\n", 307, "/x"},
    {"HTTP/1.1 308 Permanent Redirect\r\nContent-Length: 0\r\nLocation: /y\r\n\r\n", 308, "/y"},
    {"HTTP/1.1 308 Permanent Redirect\r\nContent-Length: 0\r\n\r\n", 308, "does not say where"},
    {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", 500, ""},
    // The server keeps the connection open, and nothing tells where its answer ends, or it never does.
    {"HTTP/1.1 404 Not Found\r\n\r\n", 404, "/websocket"},
    {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 1000\r\n\r\nbut", 401, "credentials"},
    {"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nho", 401, "credentials"},
    {"HTTP/1.1 403 Forbidden\r\nContent-Length: 9000000\r\n\r\n", 403, "credentials"},
    {"HTTP/1.1 404 Not Found\nServer: old\n\n", 404, "/websocket"},
    {"HTTP/1.1 302 Found\r\nLocation: /a\x01 b\r\n\r\n", 302, "/a\\x01 b"},
    {"HTTP/1.1 302 Found\r\nBad Field : x\r\nLocation: /there\r\n\r\n", 302, "/there"},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Unavailable\r\n\r\n", 503, ""},
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(websocket_handshake, HandshakeFixture)

BOOST_AUTO_TEST_CASE(asks_for_stomp)
{
    auto const transport = open(server.at("ws", "/stomp/ws?token=a%20b"));
    BOOST_TEST(server.target == "/stomp/ws?token=a%20b");
    BOOST_TEST(server.field("Host") == "127.0.0.1:" + std::to_string(server.port()));
    BOOST_TEST(server.field("Sec-WebSocket-Protocol") == "v12.stomp, v11.stomp, v10.stomp");
    BOOST_TEST(server.field("Sec-WebSocket-Extensions") == "");
    BOOST_TEST(server.field("User-Agent") == "arbalest");
    BOOST_TEST(server.field("Authorization") == "");
    BOOST_TEST(transport->subprotocol() == "");
}

BOOST_AUTO_TEST_CASE(asks_for_the_root_without_a_path)
{
    open(server.at("ws"));
    BOOST_TEST(server.target == "/");
}

BOOST_AUTO_TEST_CASE(sends_credentials_of_the_url)
{
    open("ws://Aladdin:open%20sesame@127.0.0.1:" + std::to_string(server.port()));
    BOOST_TEST(server.field("Authorization") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="); // the example of RFC 7617
}

BOOST_AUTO_TEST_CASE(sends_header_fields_of_ones_own)
{
    auto& fields = options.websocket.headers;
    fields.emplace_back("Authorization", "Bearer abc");
    fields.emplace_back("Cookie", "a=1");
    fields.emplace_back("cookie", "b=2");
    fields.emplace_back("Origin", "https://here.test");
    options.websocket.user_agent.clear();
    options.websocket.subprotocols.clear();
    open("ws://user:password@127.0.0.1:" + std::to_string(server.port()));
    BOOST_TEST(server.field("Authorization") == "Bearer abc");
    BOOST_TEST(server.field("Cookie") == "a=1 | b=2");
    BOOST_TEST(server.field("Origin") == "https://here.test");
    BOOST_TEST(server.field("User-Agent") == "");
    BOOST_TEST(server.field("Sec-WebSocket-Protocol") == "");
}

BOOST_AUTO_TEST_CASE(sends_no_lines_of_others)
{
    run([this]() -> asio::awaitable<void> {
        std::string const values[] = {"a\r\nX: y", "a\nb", std::string("a\0b", 3)};
        for (auto const& value : values) {
            options.websocket.headers.assign(1, std::pair<std::string, std::string>("Secret", value));
            auto const attempt = co_await fail_to_connect(server.at("ws"));
            BOOST_TEST((attempt.phase == ConnectPhase::http));
            BOOST_TEST(attempt.code == transport_errc::unusable_setting);
            BOOST_TEST(contains(attempt.message, "'Secret'"), attempt.message);
        }
        options.websocket.headers.assign(1, std::pair<std::string, std::string>("a b", "c"));
        auto attempt = co_await fail_to_connect(server.at("ws"));
        BOOST_TEST(attempt.code == transport_errc::unusable_setting);
        options.websocket.headers.clear();
        options.websocket.user_agent = "x\r\ny";
        attempt = co_await fail_to_connect(server.at("ws"));
        BOOST_TEST(attempt.code == transport_errc::unusable_setting);
        options.websocket.user_agent.clear();
        options.websocket.subprotocols.push_back("a, b");
        attempt = co_await fail_to_connect(server.at("ws"));
        BOOST_TEST(attempt.code == transport_errc::unusable_setting);
    });
}

BOOST_AUTO_TEST_CASE(tells_the_subprotocol)
{
    server.subprotocol = "v11.stomp";
    auto const transport = open(server.at("ws"));
    BOOST_TEST(transport->subprotocol() == "v11.stomp");
}

BOOST_AUTO_TEST_CASE(a_subprotocol_that_was_not_offered_is_refused)
{
    server.subprotocol = "mqtt";
    run([this]() -> asio::awaitable<void> {
        auto const accepting = start(context.get_executor(), server.accept());
        auto const attempt = co_await fail_to_connect(server.at("ws"));
        BOOST_TEST((attempt.phase == ConnectPhase::http));
        BOOST_TEST(attempt.code == transport_errc::subprotocol_not_offered);
        BOOST_TEST(contains(attempt.message, "'mqtt'"), attempt.message);
        co_await finished(accepting);
    });
    options.websocket.check_subprotocol = false;
    auto const transport = open(server.at("ws"));
    BOOST_TEST(transport->subprotocol() == "mqtt");
}

BOOST_DATA_TEST_CASE(a_refusal_comes_with_its_status_and_a_hint, boost::unit_test::data::make(refusals), refusal)
{
    auto const attempt = refused_with(std::string(refusal.answer));
    BOOST_TEST(attempt.code == transport_errc::http_refused);
    BOOST_TEST(attempt.http_status == refusal.status);
    BOOST_TEST(contains(attempt.message, std::to_string(refusal.status)), attempt.message);
    BOOST_TEST(contains(attempt.hint, refusal.hint), attempt.hint);
    BOOST_TEST(attempt.hint.empty() == refusal.hint.empty());
}

BOOST_AUTO_TEST_CASE(a_refusal_with_a_long_head_keeps_its_status)
{
    for (auto const size : {10'000, 100'000}) {
        auto const attempt = refused_with("HTTP/1.1 403 Forbidden\r\nX: " + std::string(size, 'x') + "\r\n\r\n");
        BOOST_TEST(attempt.code == transport_errc::http_refused);
        BOOST_TEST(attempt.http_status == 403u);
    }
}

BOOST_AUTO_TEST_CASE(what_a_server_says_forges_no_line)
{
    auto const attempt = refused_with("HTTP/1.1 500 \x1b[2Joh\rno\r\n\r\n");
    BOOST_TEST(contains(attempt.message, "500 \\x1b[2Joh\\rno"), attempt.message);
}

BOOST_AUTO_TEST_CASE(interim_answers_are_skipped)
{
    run([this]() -> asio::awaitable<void> {
        auto const answering = start(context.get_executor(), [](TcpPeer& peer) -> asio::awaitable<void> {
            co_await peer.accept();
            auto const request = co_await peer.read_head();
            co_await peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n");
            co_await others_go_on();
            co_await peer.send("\r\n" + websocket_answer(request) + websocket_frame(ws_text, "hello"));
        }(plain));
        auto const transport = co_await connect(plain.at("ws"));
        auto const read = co_await read_bytes(*transport, 5);
        BOOST_TEST(read == "hello");
        co_await finished(answering);
    });
}

BOOST_AUTO_TEST_CASE(an_extension_that_was_not_offered_is_refused)
{
    std::string_view const chosen[] = {"permessage-deflate", "permessage-deflate; server_max_window_bits=16",
                                       "permessage-deflate, x"};
    run([&, this]() -> asio::awaitable<void> {
        for (auto const extensions : chosen) {
            auto const fields = "Sec-WebSocket-Extensions: " + std::string(extensions) + "\r\n";
            auto const answering =
                start(context.get_executor(), [](TcpPeer& peer, std::string lines) -> asio::awaitable<void> {
                    co_await peer.accept();
                    auto const request = co_await peer.read_head();
                    co_await peer.send(websocket_answer(request, lines));
                    co_await peer.wait_for_end();
                }(plain, fields));
            auto const attempt = co_await fail_to_connect(plain.at("ws"));
            BOOST_TEST((attempt.phase == ConnectPhase::http));
            BOOST_TEST(attempt.code == transport_errc::extension_not_offered);
            BOOST_TEST(contains(attempt.message, extensions), attempt.message);
            co_await finished(answering);
            options.websocket.permessage_deflate = true;
        }
    });
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_recognised)
{
    auto const attempt = refused_with("ERROR\nmessage:what was that?\n\n");
    BOOST_TEST(attempt.code == transport_errc::not_http);
    BOOST_TEST(attempt.http_status == 0u);
    BOOST_TEST(contains(attempt.hint, "stomp"), attempt.hint);
}

BOOST_AUTO_TEST_CASE(a_key_that_does_not_match_is_refused)
{
    auto const attempt = refused_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                      "Connection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n");
    BOOST_TEST(attempt.code.failed());
    BOOST_TEST(contains(attempt.message, "handshake failed"), attempt.message);
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_up_is_an_error)
{
    auto const attempt = [this] {
        ConnectAttempt result;
        run([&, this]() -> asio::awaitable<void> {
            auto const hanging_up = start(context.get_executor(), [](TcpPeer& peer) -> asio::awaitable<void> {
                co_await peer.accept();
                co_await peer.read_head();
                peer.socket.close();
            }(plain));
            result = co_await fail_to_connect(plain.at("ws"));
            co_await finished(hanging_up);
        });
        return result;
    }();
    BOOST_TEST((attempt.phase == ConnectPhase::http));
    BOOST_TEST(!attempt.message.empty());
}

BOOST_AUTO_TEST_SUITE_END()
