#include "support/session_fixture.hpp"

// The main path: what is sent with a receipt is confirmed, received, acknowledged.
BOOST_FIXTURE_TEST_SUITE(confirmed, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

BOOST_AUTO_TEST_CASE(a_confirmed_message_goes_through)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.auto_receipt = true;
        auto session = co_await connect(config);
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
        auto const receipt = co_await session.send(destination, "one pallet");
        BOOST_REQUIRE(receipt.has_value());
        BOOST_TEST(!receipt->id().empty());
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "one pallet");
        BOOST_TEST(message.destination() == destination);
        bool const acknowledged = co_await session.ack(message);
        BOOST_TEST(acknowledged);
        co_await session.disconnect();
        auto const cause = co_await session.closed();
        BOOST_TEST((cause.code() == errc::session_closed));
        auto const nothing = co_await inbox.next();
        BOOST_TEST(!nothing.has_value());
    });
}

BOOST_AUTO_TEST_CASE(without_receipt_a_send_returns_none)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        auto const receipt = co_await session.send(destination, "x");
        BOOST_TEST(!receipt.has_value());
        auto const message = co_await inbox.next_for(10s);
        BOOST_REQUIRE(message.has_value());
        BOOST_TEST(message->body() == "x");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_receipt_given_by_hand_is_awaited)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const destination = queue();
        OutgoingMessage message(destination, "x");
        message.receipt("mine: \\1");
        auto const receipt = co_await session.send(std::move(message));
        BOOST_REQUIRE(receipt.has_value());
        BOOST_TEST(receipt->id() == "mine: \\1");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
