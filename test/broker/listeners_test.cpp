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
using arbalest::Faults;
using arbalest::HeartBeat;
using arbalest::Listen;
using arbalest::broker::test::all_kinds;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;
using arbalest::broker::test::with_certificate;

// Runs a test once for each kind, on a broker that listens for it.
template <class Test>
void for_all_kinds(Test test, BrokerConfig const& config = with_certificate())
{
    for (auto const kind : all_kinds) {
        BOOST_TEST_CONTEXT(kind)
        {
            Fixture it(kind, config);
            test(it, kind);
        }
    }
}

void wait_until_gone(Fixture& it)
{
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
}

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
    config.heart_beat = HeartBeat(10ms, 20ms);
    for_all_kinds(
        [](Fixture& it, Listen kind) {
            auto client = it.client(kind);
            client.connect("accept-version:1.2\nheart-beat:20,10\n");
            auto const size = client.received().size();
            BOOST_CHECK(client.end() == RawClient::End::orderly); // because it is silent itself
            BOOST_TEST(client.received().size() > size);
            BOOST_TEST(client.received().substr(size).find_first_not_of('\n') == std::string::npos);
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

BOOST_AUTO_TEST_SUITE(faults_of_all_kinds)

BOOST_AUTO_TEST_CASE(cut_outgoing)
{
    auto const receipt = "RECEIPT\nreceipt-id:2\n\n\0"s;
    for (std::size_t const byte : {std::size_t{0}, std::size_t{5}, receipt.size(), receipt.size() + 2}) {
        for_all_kinds([&](Fixture& it, Listen kind) {
            auto client = it.client(kind);
            client.connect();
            it.broker.faults().cut_outgoing(2, byte);
            auto const before = client.received() + "RECEIPT\nreceipt-id:1\n\n\0"s;
            client.send("BEGIN\ntransaction:t\nreceipt:1\n\n\0ABORT\ntransaction:t\nreceipt:2\n\n\0"
                        "SEND\ndestination:/queue/q\nreceipt:3\n\nx\0"s);
            BOOST_CHECK(client.end() == RawClient::End::orderly);
            BOOST_TEST(client.received() == before + receipt.substr(0, byte));
            client.close();
            wait_until_gone(it);
        });
    }
}

BOOST_AUTO_TEST_CASE(cut_incoming)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        client.connect();
        it.broker.faults().cut_incoming(2, 4);
        auto const expected = client.received() + "RECEIPT\nreceipt-id:1\n\n\0"s;
        client.send("BEGIN\ntransaction:t\nreceipt:1\n\n\0SEND"s);
        BOOST_CHECK(client.end() == RawClient::End::orderly);
        BOOST_TEST(client.received() == expected);
    });
}

BOOST_AUTO_TEST_CASE(a_close_instead_of_a_receipt)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        client.connect();
        auto const before = client.received();
        it.broker.faults().close_instead_of_disconnect_receipt();
        client.send_frame("DISCONNECT;receipt:1");
        BOOST_CHECK(client.end() == RawClient::End::orderly);
        BOOST_TEST(client.received() == before);
    });
}

BOOST_AUTO_TEST_CASE(send_raw_and_answer_connect)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        it.broker.faults().answer_connect("CONNECTED\nversion:7.0\n\n\0"s);
        auto client = it.client(kind);
        client.send_frame("CONNECT;accept-version:1.2");
        BOOST_TEST(client.frame("CONNECTED").header("version").value() == "7.0");
        auto const before = client.received();
        it.broker.faults().send_raw("MESS\0AGE:\xff\r"s);
        client.wait_for_bytes(before.size() + 11);
        BOOST_TEST(client.received() == before + "MESS\0AGE:\xff\r"s);
    });
}

BOOST_AUTO_TEST_CASE(silence_and_its_end)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        client.connect();
        it.broker.faults().fall_silent();
        auto const size = client.received().size();
        client.send_frame("SEND;destination:/queue/q;receipt:1", "x");
        client.send_frame("DISCONNECT;receipt:2");
        run_until(it.io, "the broker to read", [&] { return it.broker.sessions() == 0; });
        settle(it.io);
        BOOST_TEST(client.received().size() == size);
        it.broker.faults().fall_silent(false);
        BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "1");
        BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value() == "2");
        BOOST_CHECK(client.end() == RawClient::End::orderly);
    });
}

BOOST_AUTO_TEST_CASE(stop_reading)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        auto client = it.client(kind);
        client.connect();
        it.broker.faults().stop_reading();
        client.start_sending("SEND\ndestination:/queue/q\nreceipt:1\n\n" + std::string(6'000'000, 'x') + '\0');
        settle(it.io);
        BOOST_TEST(it.broker.stats("/queue/q").sent == 0u);
        it.broker.faults().resume_reading();
        client.frame("RECEIPT");
    });
}

BOOST_AUTO_TEST_CASE(delay_accept)
{
    for_all_kinds([](Fixture& it, Listen kind) {
        it.broker.faults().delay_accept(50ms);
        auto const start = std::chrono::steady_clock::now();
        auto client = it.client(kind);
        client.connect();
        BOOST_TEST((std::chrono::steady_clock::now() - start >= 50ms));
    });
}

BOOST_AUTO_TEST_CASE(close_and_reset)
{
    for (bool const reset : {false, true}) {
        for_all_kinds([&](Fixture& it, Listen kind) {
            auto client = it.client(kind);
            client.connect();
            RawClient shaking_hands(it.io, it.broker.port(kind));
            run_until(it.io, "both", [&] { return it.broker.connections() == 2; });
            it.broker.faults().delay_accept(1h);
            RawClient waiting(it.io, it.broker.port(kind));
            waiting.send("x");
            run_until(it.io, "three", [&] { return it.broker.connections() == 3; });
            if (reset)
                it.broker.faults().reset_connections();
            else
                it.broker.faults().close_connections();
            auto const expected = reset ? RawClient::End::reset : RawClient::End::orderly;
            for (auto* const each : {&client, &shaking_hands, &waiting}) {
                BOOST_CHECK(each->end() == expected);
                each->close();
            }
            wait_until_gone(it);
            it.broker.faults().clear();
            auto second = it.client(kind);
            second.connect();
        });
    }
}

// What is in the middle of a long write is finished with it, or not at all.
BOOST_AUTO_TEST_CASE(close_in_the_middle_of_a_write)
{
    auto config = with_certificate();
    config.close_timeout = 50ms;
    for (bool const read : {false, true}) {
        for_all_kinds(
            [&](Fixture& it, Listen kind) {
                auto client = it.client(kind);
                client.connect();
                client.confirmed("SUBSCRIBE;id:1;destination:/queue/q;ack:client");
                client.stop_reading();
                for (int i = 0; i < 20; ++i)
                    it.broker.publish("/queue/q", std::string(1'000'000, 'x'));
                settle(it.io);
                it.broker.faults().close_connections();
                BOOST_TEST(it.broker.queue_depth("/queue/q") == 20u);
                if (read) {
                    client.resume_reading();
                    client.end();
                    client.close();
                }
                wait_until_gone(it);
            },
            config);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
