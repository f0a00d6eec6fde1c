#include "any_kind.hpp"
#include "raw_client.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::EmbeddedBroker;
using arbalest::HeartBeat;
using arbalest::Listen;
using arbalest::broker::test::all_kinds;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::for_all_kinds;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;
using arbalest::broker::test::wait_until_gone;
using arbalest::broker::test::with_certificate;

BOOST_AUTO_TEST_SUITE(listeners)

BOOST_AUTO_TEST_CASE(a_session)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        BOOST_TEST(client.connect().header("version").value() == "1.2");
        client.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
        client.send_frame("SEND;destination:/queue/q;receipt:r;content-length:4", "a\0\xff\n"s);
        auto const message = client.frame("MESSAGE");
        BOOST_TEST(message.body() == "a\0\xff\n"s);
        client.frame("RECEIPT");
        client.confirmed("ACK;id:" + std::string(message.header("ack").value()));
        BOOST_TEST(it.broker.stats("/queue/q").acknowledged == 1u);
        client.confirmed("DISCONNECT");
        BOOST_CHECK(client.end() == RawClient::End::orderly);
        client.close();
        wait_until_gone(it);
    });
}

BOOST_AUTO_TEST_CASE(all_at_once)
{
    auto config = with_certificate();
    config.credentials = {{"me", "x"}};
    config.websocket.path = "/a/b";
    Fixture it(Listen::tls, config);
    BOOST_TEST(it.broker.port(Listen::websocket) == 0);
    for (auto const kind : all_kinds)
        it.broker.listen(kind);
    auto const place = [&](Listen kind) { return "me:x@127.0.0.1:" + std::to_string(it.broker.port(kind)); };
    BOOST_TEST(it.broker.url() == "stomp+tls://" + place(Listen::tls));
    BOOST_TEST(it.broker.url(Listen::tcp) == "stomp://" + place(Listen::tcp));
    BOOST_TEST(it.broker.url(Listen::tls) == it.broker.url());
    BOOST_TEST(it.broker.url(Listen::websocket) == "ws://" + place(Listen::websocket) + "/a/b");
    BOOST_TEST(it.broker.url(Listen::secure_websocket) == "wss://" + place(Listen::secure_websocket) + "/a/b");
    BOOST_TEST(it.broker.port() == it.broker.port(Listen::tls));
    std::vector<std::uint16_t> ports;
    for (auto const kind : all_kinds)
        ports.push_back(it.broker.port(kind));
    it.broker.stop();
    for (std::size_t i = all_kinds.size(); i-- > 0;)
        it.broker.listen(all_kinds[i]);
    for (std::size_t i = 0; i < all_kinds.size(); ++i)
        BOOST_TEST(it.broker.port(all_kinds[i]) == ports[i]);
    BOOST_TEST(it.broker.port() == ports[1]);

    EmbeddedBroker other(it.io.get_executor());
    BOOST_CHECK_THROW(other.listen(Listen::websocket, ports[0]), boost::system::system_error);
    BOOST_TEST(other.port(Listen::websocket) == 0);
}

BOOST_AUTO_TEST_CASE(clients_of_all_kinds_meet)
{
    Fixture it(Listen::tcp, with_certificate());
    std::deque<RawClient> clients;
    for (auto const kind : all_kinds) {
        it.broker.listen(kind);
        clients.emplace_back(it.io, arbalest::broker::test::make_link(kind, it.io, it.broker.port(kind)));
        clients.back().connect();
        clients.back().confirmed("SUBSCRIBE;id:1;destination:/topic/t");
    }
    for (auto& sender : clients) {
        sender.send_frame("SEND;destination:/topic/t", "hello");
        for (auto& receiver : clients)
            BOOST_TEST(receiver.frame("MESSAGE").body() == "hello");
    }
}

BOOST_AUTO_TEST_CASE(a_large_body)
{
    std::string body(3'000'000, 'x');
    for (std::size_t i = 0; i < body.size(); i += 97)
        body[i] = static_cast<char>(i);
    for_all_kinds([&](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        client.connect();
        client.confirmed("SEND;destination:/queue/q;content-length:3000000", body);
        client.send_frame("SUBSCRIBE;id:1;destination:/queue/q");
        BOOST_TEST((client.frame("MESSAGE").body() == body));
    });
}

// A client that does not read is pushed back on, and nothing is lost or mixed up.
BOOST_AUTO_TEST_CASE(many_messages_to_a_slow_client)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        client.connect();
        client.confirmed("SUBSCRIBE;id:1;destination:/queue/q");
        client.stop_reading();
        constexpr int count = 200;
        for (int i = 0; i < count; ++i)
            it.broker.publish("/queue/q", std::to_string(i) + ';' + std::string(50'000, 'x'));
        settle(it.io);
        BOOST_TEST(it.broker.queue_depth("/queue/q") > 0u);
        client.resume_reading();
        for (int i = 0; i < count; ++i) {
            auto const message = client.frame("MESSAGE");
            BOOST_REQUIRE(message.body().starts_with(std::to_string(i) + ';'));
        }
    });
}

BOOST_AUTO_TEST_CASE(heart_beats)
{
    auto config = with_certificate();
    config.heart_beat = HeartBeat(10ms, 0ms);
    for_all_kinds(
        [](Fixture& it, Listen kind) {
            auto client = it.client(kind);
            client.connect("accept-version:1.2\nheart-beat:0,10\n");
            auto const size = client.received().size();
            client.wait_for_bytes(size + 2);
            BOOST_TEST(client.received().substr(size).find_first_not_of('\n') == std::string::npos);
        },
        config);
}

BOOST_AUTO_TEST_CASE(a_silent_client_is_closed)
{
    auto config = with_certificate();
    config.heart_beat = HeartBeat(0ms, 20ms);
    for_all_kinds(
        [](Fixture& it, Listen kind) {
            auto client = it.client(kind);
            client.connect("accept-version:1.2\nheart-beat:20,0\n");
            auto const size = client.received().size();
            BOOST_CHECK(client.end() == RawClient::End::orderly);
            BOOST_TEST(client.received().size() == size); // no ERROR
        },
        config);
}

// The client goes on sending; closing the socket with its bytes unread would reset the connection under the ERROR.
BOOST_AUTO_TEST_CASE(an_error_reaches_a_client_that_goes_on_sending)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        client.connect();
        client.start_sending("nonsense\n\n\0"s + std::string(3'000'000, 'x'));
        BOOST_TEST(client.frame("ERROR").header("message").value() == "Unknown command");
        BOOST_CHECK(client.end() == RawClient::End::orderly);
        client.close();
        wait_until_gone(it);
    });
}

BOOST_AUTO_TEST_CASE(a_client_goes_without_a_word)
{
    for (bool const reset : {false, true}) {
        for_all_kinds([&](Fixture& it, Listen kind) {
            auto client = it.client(kind);
            client.connect();
            client.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
            it.broker.publish("/queue/q", "x");
            client.frame("MESSAGE");
            if (reset)
                client.reset();
            else
                client.close();
            wait_until_gone(it);
            BOOST_TEST(it.broker.queue_depth("/queue/q") == 1u);
        });
    }
}

BOOST_AUTO_TEST_CASE(close_timeout)
{
    auto config = with_certificate();
    config.close_timeout = 20ms;
    for_all_kinds(
        [](Fixture& it, Listen kind) {
            auto client = it.client(kind);
            client.connect();
            client.stop_reading(); // one read is under way: it takes the receipt and no more
            client.send_frame("DISCONNECT;receipt:1");
            client.frame("RECEIPT");
            wait_until_gone(it);
        },
        config);
}

// It has connected by TCP and says nothing, or only half of what it must.
BOOST_AUTO_TEST_CASE(a_handshake_that_does_not_end)
{
    auto config = with_certificate();
    config.connect_timeout = 20ms;
    for (auto const* const said : {"", "\x16\x03\x01", "GET /stomp HTTP/1.1\r\nHost: x\r\n"}) {
        for_all_kinds(
            [&](Fixture& it, Listen kind) {
                RawClient silent(it.io, it.broker.port(kind));
                silent.send(said);
                silent.end();
                silent.close();
                wait_until_gone(it);
                BOOST_TEST(it.broker.sessions() == 0u);
            },
            config);
    }
}

BOOST_AUTO_TEST_CASE(stop_closes_all)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        client.connect();
        RawClient silent(it.io, it.broker.port(kind));
        run_until(it.io, "both", [&] { return it.broker.connections() == 2; });
        it.broker.stop();
        BOOST_TEST(it.broker.connections() == 0u);
        client.end();
        silent.end();
        settle(it.io);
        BOOST_TEST(it.io.stopped()); // nothing keeps it running
        it.broker.listen(kind);
        auto again = it.client(kind);
        again.connect();
    });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
