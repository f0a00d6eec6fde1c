#include "any_kind.hpp"
#include "raw_client.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using arbalest::BrokerConfig;
using arbalest::Listen;
using arbalest::broker::test::Fixture;
using arbalest::broker::test::for_all_kinds;
using arbalest::broker::test::RawClient;
using arbalest::broker::test::run_until;
using arbalest::broker::test::settle;
using arbalest::broker::test::wait_until_gone;
using arbalest::broker::test::with_certificate;

BOOST_AUTO_TEST_SUITE(faults_of_all_kinds)

BOOST_AUTO_TEST_CASE(cut_outgoing)
{
    auto const receipt = "RECEIPT\nreceipt-id:2\n\n\0\n"s;
    for (std::size_t const byte : {std::size_t{0}, std::size_t{5}, receipt.size(), receipt.size() + 2}) {
        for_all_kinds([&](Fixture& it, Listen kind) {
            auto client = it.client(kind);
            client.connect();
            it.broker.faults().cut_outgoing(2, byte);
            auto const before = client.received() + "RECEIPT\nreceipt-id:1\n\n\0\n"s;
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
        auto const expected = client.received() + "RECEIPT\nreceipt-id:1\n\n\0\n"s;
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
