#include "broker/sockjs.hpp"
#include "hand_made.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

namespace {

using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::EmbeddedBroker;
using arbalest::Listen;
using arbalest::broker::is_sockjs_session;
using arbalest::broker::read_sockjs;
using arbalest::broker::sockjs_message;
using arbalest::broker::test::close_opcode;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::HandMade;
using arbalest::broker::test::has;
using arbalest::broker::test::masked;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::refusal;
using arbalest::broker::test::request;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;
using arbalest::broker::test::text;

BOOST_AUTO_TEST_SUITE(sockjs)

BOOST_AUTO_TEST_CASE(paths)
{
    BOOST_TEST(is_sockjs_session("/s", "/s/000/abc/websocket"));
    BOOST_TEST(is_sockjs_session("/a/b", "/a/b/x/y/websocket"));
    for (auto const* const path :
         {"", "/s", "/s/websocket", "/s/000/websocket", "/s/000/abc/websocket/", "/s//abc/websocket",
          "/s/000//websocket", "/s/0.0/abc/websocket", "/s/000/a.c/websocket", "/s/000/abc/xhr", "/x/000/abc/websocket",
          "/s000/abc/websocket", "/s/0/0/abc/websocket"})
        BOOST_TEST(!is_sockjs_session("/s", path));
}

BOOST_AUTO_TEST_CASE(writing)
{
    BOOST_TEST(sockjs_message("") == R"(a[""])");
    BOOST_TEST(sockjs_message("A\nb\"\\\0/"s) == R"(a["A\u000ab\"\\\u0000/"])");
    BOOST_TEST(sockjs_message("\xc3\xa4\xf0\x9f\x98\x80\x7f") == "a[\"\xc3\xa4\xf0\x9f\x98\x80\x7f\"]");
    BOOST_TEST(sockjs_message("\xff\xc3") == "a[\"\xef\xbf\xbd\xef\xbf\xbd\"]");
}

BOOST_AUTO_TEST_CASE(reading)
{
    BOOST_TEST(read_sockjs(R"("")").value().empty());
    BOOST_TEST(read_sockjs("[]").value().empty());
    BOOST_TEST(read_sockjs(R"("one")").value() == "one");
    BOOST_TEST(read_sockjs(" [ \"one\" ,\t\"two\"\r\n] ").value() == "onetwo");
    BOOST_TEST(read_sockjs(R"(["\"\\\/\b\f\n\r\t\u0000\u00e4\u20AC\ud83d\uDE00"])").value() ==
               "\"\\/\b\f\n\r\t\0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"s);
    for (auto const* const bad : {"",
                                  "x",
                                  "1",
                                  "[",
                                  "[\"",
                                  "[\"a\"",
                                  "[\"a\",",
                                  "[\"a\",]",
                                  "[,]",
                                  "[1]",
                                  "[[\"a\"]]",
                                  "\"a\" \"b\"",
                                  "\"a\\\"",
                                  "\"\\x\"",
                                  "\"\\u12\"",
                                  "\"\\u12g4\"",
                                  "\"\\ud83d\"",
                                  "\"\\ud83dx\"",
                                  "\"\\ud83d\\u0041\"",
                                  "\"\\ude00\"",
                                  "\"a\nb\"",
                                  "{\"a\":1}",
                                  "[\"a\"]]",
                                  "[\"a\" \"b\"]"})
        BOOST_TEST_CONTEXT(bad)
    BOOST_TEST(!read_sockjs(bad));
}

BOOST_AUTO_TEST_CASE(everything_comes_back)
{
    std::string text;
    for (int byte = 0; byte < 128; ++byte)
        text += static_cast<char>(byte);
    text += "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
    BOOST_TEST(read_sockjs(sockjs_message(text).substr(1)).value() == text);
}

BOOST_AUTO_TEST_CASE(a_session)
{
    BrokerConfig config;
    config.websocket.sockjs_path = "/s";
    Fixture it(Listen::websocket, config);
    HandMade it_is(it, "/s/000/abc/websocket");
    BOOST_TEST(it.broker.last_handshake().value().sockjs);
    it_is.expect_frame(text, "o");
    it_is.client.send(masked(text, R"(["CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\u0000"])"));
    it_is.skip_frame(R"(a["CONNECTED\u000aversion:1.2\u000a)");
    // Several in one, and one in several.
    it_is.client.send(masked(text, R"(["BEGIN\ntransaction:t\nreceipt:1\n\n\u0000ABORT\ntrans","action:t\nrec"])") +
                      masked(text, "[]") + masked(text, R"("eipt:2\n\n\u0000")"));
    it_is.expect_frame(text, R"(a["RECEIPT\u000areceipt-id:1\u000a\u000a\u0000\u000a"])");
    it_is.expect_frame(text, R"(a["RECEIPT\u000areceipt-id:2\u000a\u000a\u0000\u000a"])");
    it.broker.faults().send_raw("\xff");
    it_is.expect_frame(text, "a[\"\xef\xbf\xbd\"]");
    it_is.client.send(masked(text, R"(["DISCONNECT\n\n\u0000"])"));
    it_is.expect_frame(text, R"(c[1000,"Go away!"])");
    it_is.expect_frame(close_opcode, "\x03\xe8");
    it_is.client.send(masked(close_opcode, "\x03\xe8"));
    BOOST_CHECK(it_is.client.end() == RawClient::End::orderly);
}

BOOST_AUTO_TEST_CASE(much_to_say)
{
    BrokerConfig config;
    config.websocket.sockjs_path = "/s";
    Fixture it(Listen::websocket, config);
    HandMade it_is(it, "/s/000/abc/websocket");
    it_is.client.send(masked(text, R"("CONNECT\n\n\u0000")"));
    auto const body = std::string(60'000, 'x'); // more than is read at once
    for (int i = 0; i < 3; ++i)
        it_is.client.send(masked(text, R"("SEND\ndestination:/queue/q\n\n)" + body + R"(\u0000")"));
    run_until(it.io, "the messages", [&] { return it.broker.queue_depth("/queue/q") == 3; });
    // In the middle of a write.
    it_is.client.stop_reading();
    it_is.client.send(masked(text, R"("SUBSCRIBE\nid:1\ndestination:/queue/q\n\n\u0000")"));
    for (int i = 0; i < 10; ++i)
        it.broker.publish("/queue/q", std::string(1'000'000, 'x'));
    settle(it.io);
    it.broker.faults().close_connections();
    it_is.client.resume_reading();
    auto const last = "c[1000,\"Go away!\"]\x88\x02\x03\xe8"s;
    run_until(it.io, "the end", [&] { return it_is.client.received().ends_with(last); });
    BOOST_TEST(it_is.client.received().ends_with("\x81\x12" + last));
}

BOOST_AUTO_TEST_CASE(bad_messages)
{
    BrokerConfig config;
    config.websocket.sockjs_path = "/s";
    for (auto const* const bad : {"", "CONNECT", "[\"CONNECT", "{}"}) {
        Fixture it(Listen::websocket, config);
        HandMade it_is(it, "/s/000/abc/websocket");
        it_is.expect_frame(text, "o");
        it_is.client.send(masked(text, bad));
        it_is.expect_frame(close_opcode, "\x03\xef"
                                         "Broken JSON encoding");
        it_is.client.send(masked(close_opcode, "\x03\xef"));
        it_is.client.end();
        it_is.client.close();
        run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
    }
}

BOOST_AUTO_TEST_CASE(what_is_around)
{
    BrokerConfig config;
    config.websocket.sockjs_path = "/s";
    Fixture it(Listen::websocket, config);
    auto const info = refusal(it, "GET /s/info?t=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(info.starts_with("HTTP/1.1 200 "));
    BOOST_TEST(has(info, "\r\n\r\n{\"websocket\":true,"));
    BOOST_TEST(refusal(it, "POST /s/000/abc/xhr HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404 "));
    for (auto const* const target : {"/s/websocket", "/stomp"}) {
        HandMade it_is(it, target);
        BOOST_TEST(!it.broker.last_handshake().value().sockjs);
        it_is.connect();
        it_is.client.close();
    }
    config.websocket.sockjs_path.clear();
    Fixture without(Listen::websocket, config);
    for (auto const* const target : {"/s/000/abc/websocket", "/info", "/websocket", "/000/abc/websocket"})
        BOOST_TEST(refusal(without, request(target)).starts_with("HTTP/1.1 404 "));
    for (auto const* const path : {"s", "/s/", "/"}) {
        config.websocket.sockjs_path = path;
        EmbeddedBroker broker(it.io.get_executor(), config);
        BOOST_CHECK_THROW(broker.listen(Listen::websocket), std::invalid_argument);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
