#include "any_kind.hpp"
#include "hand_made.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::EmbeddedBroker;
using arbalest::Listen;
using arbalest::WebSocketAnswer;
using arbalest::WebSocketFrames;
using arbalest::WebSocketHandshake;
using arbalest::broker::test::answer;
using arbalest::broker::test::binary;
using arbalest::broker::test::close_opcode;
using arbalest::broker::test::continuation;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::HandMade;
using arbalest::broker::test::has;
using arbalest::broker::test::LinkOptions;
using arbalest::broker::test::make_link;
using arbalest::broker::test::masked;
using arbalest::broker::test::ping;
using arbalest::broker::test::pong;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::refusal;
using arbalest::broker::test::request;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;
using arbalest::broker::test::text;
using arbalest::broker::test::with_certificate;

BOOST_AUTO_TEST_SUITE(websocket)

BOOST_AUTO_TEST_CASE(handshake)
{
    Fixture it(Listen::websocket, BrokerConfig());
    BOOST_TEST(!it.broker.last_handshake());
    auto client = it.socket();
    auto const head = answer(it, client,
                             request("/stomp?token=1", "Sec-WebSocket-Protocol: mqtt, v11.stomp\r\n"
                                                       "X-Note: a\r\nsec-websocket-protocol: v12.stomp\r\n"));
    BOOST_TEST(head.starts_with("HTTP/1.1 101 "));
    BOOST_TEST(has(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")); // RFC 6455, section 1.3
    BOOST_TEST(has(head, "Sec-WebSocket-Protocol: v11.stomp\r\n"));
    auto const seen = it.broker.last_handshake().value();
    BOOST_TEST(seen.target == "/stomp?token=1");
    BOOST_TEST(seen.subprotocol == "v11.stomp");
    BOOST_TEST(seen.status == 101u);
    BOOST_TEST(!seen.secure);
    BOOST_TEST(seen.header("x-NOTE").value() == "a");
    BOOST_TEST(!seen.header("nothing"));
    BOOST_TEST(seen.headers.size() == 8u);

    for (auto const* const offered :
         {"", "Sec-WebSocket-Protocol: mqtt,v13.stomp\r\n", "Sec-WebSocket-Protocol: ,\r\n"}) {
        auto other = it.socket();
        auto const reply = answer(it, other, request("/stomp", offered));
        BOOST_TEST(reply.starts_with("HTTP/1.1 101 "));
        BOOST_TEST(!has(reply, "Sec-WebSocket-Protocol"));
    }
}

BOOST_AUTO_TEST_CASE(a_secure_handshake_says_so)
{
    Fixture it(Listen::secure_websocket, with_certificate());
    LinkOptions options;
    options.target = "/stomp?x";
    RawClient client(it.io, make_link(Listen::secure_websocket, it.io, it.broker.port(), options));
    client.connect();
    BOOST_TEST(it.broker.last_handshake().value().secure);
    BOOST_TEST(it.broker.last_handshake().value().target == "/stomp?x");

    options.target = "/other";
    RawClient refused(it.io, make_link(Listen::secure_websocket, it.io, it.broker.port(), options));
    BOOST_TEST(refused.handshake().failed());
    BOOST_TEST(it.broker.last_handshake().value().status == 404u);
}

BOOST_AUTO_TEST_CASE(what_is_refused)
{
    Fixture it(Listen::websocket, BrokerConfig());
    for (auto const* const target : {"/", "/stom", "/stomp/", "/stomp2", "/x?/stomp", "*"}) {
        BOOST_TEST(refusal(it, request(target)).starts_with("HTTP/1.1 404 "));
        BOOST_TEST(it.broker.last_handshake().value().target == target);
        BOOST_TEST(it.broker.last_handshake().value().status == 404u);
    }
    auto const plain = refusal(it, "GET /stomp HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(plain.starts_with("HTTP/1.1 426 "));
    BOOST_TEST(has(plain, "Upgrade: websocket\r\n"));
    BOOST_TEST(refusal(it, "GET /stomp HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 426 "));
    auto without = [&](std::string_view header) {
        auto bytes = request();
        auto const start = bytes.find(header);
        return bytes.erase(start, bytes.find("\r\n", start) + 2 - start);
    };
    BOOST_TEST(refusal(it, without("Sec-WebSocket-Version")).starts_with("HTTP/1.1 426 "));
    BOOST_TEST(refusal(it, without("Upgrade: websocket")).starts_with("HTTP/1.1 426 "));
    BOOST_TEST(refusal(it, without("Sec-WebSocket-Key")).starts_with("HTTP/1.1 400 "));
    BOOST_TEST(refusal(it, without("Host")).starts_with("HTTP/1.1 400 "));
    BOOST_TEST(refusal(it, request() + masked(text, "CONNECT\n\n\0"s)).starts_with("HTTP/1.1 400 ")); // too early
    BOOST_TEST(refusal(it, "CONNECT\naccept-version:1.2\n\n\0\r\n\r\n"s).starts_with("HTTP/1.1 400 "));
    BOOST_TEST(refusal(it, "\x16\x03\x01\x02\r\n\r\n").starts_with("HTTP/1.1 400 "));
    auto const long_header = "X: " + std::string(1'000'000, 'x') + "\r\n";
    BOOST_TEST(refusal(it, request("/stomp", long_header)).starts_with("HTTP/1.1 400 "));
    BOOST_TEST(
        refusal(it, "POST /stomp HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc").starts_with("HTTP/1.1 4"));
}

BOOST_AUTO_TEST_CASE(on_handshake)
{
    BrokerConfig config;
    int calls = 0;
    config.websocket.on_handshake = [&](WebSocketHandshake const& handshake) {
        ++calls;
        BOOST_TEST(handshake.status == 101u);
        auto const wish = handshake.header("Wish").value_or("");
        if (wish == "none")
            return WebSocketAnswer().header("Sec-WebSocket-Protocol", "another").header("X-Note", "a");
        if (wish == "throw")
            throw std::runtime_error("a bug");
        if (wish == "nonsense")
            return WebSocketAnswer(7);
        WebSocketAnswer answer(static_cast<unsigned>(std::stoi(std::string(wish))));
        answer.header("WWW-Authenticate", "Basic");
        answer.body = "No.";
        return answer;
    };
    Fixture it(Listen::websocket, config);
    auto client = it.socket();
    auto const head = answer(it, client, request("/stomp", "Sec-WebSocket-Protocol: v12.stomp\r\nWish: none\r\n"));
    BOOST_TEST(head.starts_with("HTTP/1.1 101 "));
    BOOST_TEST(has(head, "Sec-WebSocket-Protocol: another\r\n"));
    BOOST_TEST(has(head, "X-Note: a\r\n"));
    client.close();

    auto const refused = refusal(it, request("/stomp", "Sec-WebSocket-Protocol: v12.stomp\r\nWish: 401\r\n"));
    BOOST_TEST(refused.starts_with("HTTP/1.1 401 "));
    BOOST_TEST(has(refused, "WWW-Authenticate: Basic\r\n"));
    BOOST_TEST(refused.ends_with("\r\n\r\nNo."));
    BOOST_TEST(it.broker.last_handshake().value().status == 401u);
    BOOST_TEST(it.broker.last_handshake().value().subprotocol.empty());
    BOOST_TEST(refusal(it, request("/stomp", "Wish: 200\r\n")).starts_with("HTTP/1.1 200 "));
    BOOST_TEST(refusal(it, request("/stomp", "Wish: 204\r\n")).starts_with("HTTP/1.1 204 "));
    BOOST_TEST(refusal(it, request("/stomp", "Wish: throw\r\n")).starts_with("HTTP/1.1 500 "));
    BOOST_TEST(refusal(it, request("/stomp", "Wish: nonsense\r\n")).starts_with("HTTP/1.1 500 "));
    BOOST_TEST(calls == 6);
    refusal(it, request("/elsewhere"));
    refusal(it, "GET /stomp HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(calls == 6);
}

BOOST_AUTO_TEST_CASE(every_frame_is_a_message)
{
    Fixture it(Listen::websocket, BrokerConfig());
    HandMade it_is(it);
    it_is.connect();
    // Several frames in one message.
    it_is.client.send(masked(text, "BEGIN\ntransaction:t\nreceipt:1\n\n\0\n\nABORT\ntransaction:t\nreceipt:2\n\n\0"s));
    it_is.expect_frame(text, "RECEIPT\nreceipt-id:1\n\n\0\n"s);
    it_is.expect_frame(text, "RECEIPT\nreceipt-id:2\n\n\0\n"s);
    // One frame in several messages, the last of which has the beginning of the next, and a message without anything.
    it_is.client.send(masked(text, "BEGIN\ntransac") + masked(binary, "") +
                      masked(binary, "tion:t\nreceipt:3\n\n\0ABO"s));
    it_is.expect_frame(text, "RECEIPT\nreceipt-id:3\n\n\0\n"s);
    // A message in fragments with a ping in between.
    it_is.client.send(masked(text, "RT\ntransaction:t\n", false) + masked(continuation, "", false) +
                      masked(ping, "you?") + masked(continuation, "receipt:4\n\n\0"s));
    it_is.expect_frame(pong, "you?");
    it_is.expect_frame(text, "RECEIPT\nreceipt-id:4\n\n\0\n"s);
    it_is.client.send(masked(text, "DISCONNECT\nreceipt:5\n\n\0"s));
    it_is.expect_frame(text, "RECEIPT\nreceipt-id:5\n\n\0\n"s);
    it_is.expect_frame(close_opcode, "\x03\xe8");
    BOOST_TEST(!it_is.client.ended()); // until the client has said the same
    it_is.client.send(masked(close_opcode, "\x03\xe8"));
    BOOST_CHECK(it_is.client.end() == RawClient::End::orderly);
    it_is.client.close();
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
}

// However it ends the WebSocket, a client that keeps TCP open is let go after the time that closing may take.
BOOST_AUTO_TEST_CASE(a_client_that_keeps_tcp_open_is_let_go)
{
    BrokerConfig config;
    config.close_timeout = 20ms;
    for (auto const& last :
         {masked(close_opcode, "\x03\xe8"), masked(close_opcode, ""), masked(3, "of no known kind"), "\x81\x02no"s}) {
        Fixture it(Listen::websocket, config);
        HandMade it_is(it);
        it_is.connect();
        it_is.client.send(masked(text, "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n\0"s) + last);
        run_until(it.io, "the broker to let go", [&] { return it.broker.connections() == 0; });
        it_is.client.close();
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_says_close_and_reads_nothing_is_let_go)
{
    BrokerConfig config;
    config.close_timeout = 20ms;
    config.output_limit = 100'000'000; // up to which it reads on
    Fixture it(Listen::websocket, config);
    HandMade it_is(it);
    it_is.connect();
    it_is.client.stop_reading();
    it.broker.faults().send_raw(std::string(40'000'000, 'x'));
    settle(it.io);
    it_is.client.send(masked(close_opcode, "\x03\xe8"));
    run_until(it.io, "the broker to let go", [&] { return it.broker.connections() == 0; });
}

BOOST_AUTO_TEST_CASE(text_and_binary)
{
    auto const bodies = {"plain"s,   "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"s, "\xff"s, "\xc3"s, "\xed\xa0\x80"s,
                         "\xc0\x80"s};
    for (auto const frames : {WebSocketFrames::automatic, WebSocketFrames::text, WebSocketFrames::binary}) {
        BrokerConfig config;
        config.websocket.frames = frames;
        Fixture it(Listen::websocket, config);
        std::size_t number = 0;
        for (auto const& body : bodies) {
            auto client = it.socket();
            auto const start = answer(it, client).size();
            it.broker.faults().send_raw(body);
            client.wait_for_bytes(start + 2 + body.size());
            bool const is_text =
                frames == WebSocketFrames::text || (frames == WebSocketFrames::automatic && number < 2);
            BOOST_TEST(client.received()[start] == (is_text ? '\x81' : '\x82'));
            BOOST_TEST(client.received().substr(start + 2) == body);
            ++number;
            client.close();
            run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
        }
    }
}

BOOST_AUTO_TEST_CASE(fragments)
{
    BrokerConfig config;
    config.websocket.fragment_size = 10;
    Fixture it(Listen::websocket, config);
    HandMade it_is(it);
    it.broker.faults().send_raw(std::string(25, 'x'));
    std::string payload;
    auto const head = it_is.client.received().size();
    run_until(it.io, "all", [&] {
        payload = it_is.client.received().substr(head);
        return payload.size() >= 25 && payload[payload.size() - 1] == 'x' &&
               std::count(payload.begin(), payload.end(), 'x') == 25;
    });
    BOOST_TEST(payload[0] == '\x01');          // text, more to come
    BOOST_TEST(payload.size() >= 25 + 2 * 3u); // at least three frames
    BOOST_TEST(payload[1] <= '\x0a');

    auto client = it.client(Listen::websocket);
    client.connect();
    client.confirmed("SEND;destination:/queue/q", std::string(1000, 'x'));
    client.send_frame("SUBSCRIBE;id:1;destination:/queue/q");
    BOOST_TEST(client.frame("MESSAGE").body() == std::string(1000, 'x'));
}

BOOST_AUTO_TEST_CASE(compression)
{
    for (bool const on : {false, true}) {
        BrokerConfig config;
        config.websocket.permessage_deflate = on;
        Fixture it(Listen::websocket, config);
        auto client = it.socket();
        auto const head = answer(it, client, request("/stomp", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        BOOST_TEST(has(head, "permessage-deflate") == on);
        it.broker.faults().send_raw(std::string(10'000, 'x'));
        client.wait_for_bytes(head.size() + 3);
        BOOST_TEST(client.received()[head.size()] == (on ? '\xc1' : '\x81'));
    }
}

// What breaks the rules is told so, and what it did not send whole is not carried out.
BOOST_AUTO_TEST_CASE(bad_frames)
{
    struct Bad
    {
        std::string bytes;
        std::string status;
    };
    for (auto const& [bytes, status] : {
             Bad{"\x81\x01x", "\x03\xea"},                      // not masked: 1002
             Bad{masked(3, ""), "\x03\xea"},                    // an unknown opcode
             Bad{masked(continuation, "x"), "\x03\xea"},        // nothing to continue
             Bad{masked(text, "SEND\nx:\xff\n"), "\x03\xef"},   // text that is not UTF-8: 1007
             Bad{masked(close_opcode, "\x0f\xa0"), "\x0f\xa0"}, // its own status comes back
         }) {
        Fixture it(Listen::websocket, BrokerConfig());
        HandMade it_is(it);
        it_is.connect();
        it_is.client.send(masked(binary, "BEGIN\ntransaction:t\n\n\0SEND\ndestination:/queue/q\n\nx"s));
        it_is.client.send(bytes);
        it_is.expect_frame(close_opcode, status);
        it_is.client.end();
        it_is.client.close();
        run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
        BOOST_TEST(it.broker.stats("/queue/q").sent == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_path_without_a_slash)
{
    boost::asio::io_context io;
    BrokerConfig config;
    config.websocket.path = "stomp";
    EmbeddedBroker broker(io.get_executor(), config);
    BOOST_CHECK_THROW(broker.listen(Listen::websocket), std::invalid_argument);
    broker.listen();
    BOOST_TEST(broker.url().starts_with("stomp://"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
