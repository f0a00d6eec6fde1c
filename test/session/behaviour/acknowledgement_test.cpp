#include "support/session_tools.hpp"

#include <set>

// Acknowledging and refusing messages, in every version of the protocol.
BOOST_FIXTURE_TEST_SUITE(acknowledgement, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

StompConfig speaking(StompVersion version)
{
    auto config = confirming();
    config.accept_versions.assign(1, version);
    return config;
}

asio::awaitable<std::vector<std::string>> take_all(StompSession session, std::string destination, std::size_t count)
{
    auto inbox = co_await session.subscribe(destination, AckMode::client);
    std::vector<std::string> bodies;
    while (bodies.size() < count) {
        auto const message = co_await inbox.next_for(10s);
        BOOST_REQUIRE(message.has_value());
        bodies.emplace_back(message->body());
        co_await session.ack(*message);
    }
    // A message that should not be there has had its chance once another one, sent behind it, has come.
    co_await session.send(destination, "sentinel");
    auto const last = co_await inbox.next_for(10s);
    BOOST_REQUIRE(last.has_value());
    BOOST_TEST(last->body() == "sentinel");
    co_await session.ack(*last);
    co_return bodies;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_version_sends_subscribes_and_acknowledges_with_receipts)
{
    for (auto const version : {StompVersion::v1_0, StompVersion::v1_1, StompVersion::v1_2}) {
        BOOST_TEST_CONTEXT(version)
        {
            run([&]() -> asio::awaitable<void> {
                auto session = co_await connect(speaking(version));
                BOOST_TEST(session.version() == version);
                auto const destination = queue();
                auto inbox = co_await session.subscribe(destination, AckMode::client);
                auto const receipt = co_await session.send(destination, "over the wire");
                BOOST_TEST(receipt.has_value());
                auto const message = co_await inbox.next_for(10s);
                BOOST_REQUIRE(message.has_value());
                BOOST_TEST(message->body() == "over the wire");
                bool const acknowledged = co_await session.ack(*message);
                BOOST_TEST(acknowledged);
                co_await inbox.unsubscribe();
                auto const left = co_await take_all(session, destination, 0);
                BOOST_TEST(left.empty());
                co_await session.disconnect();
                auto const cause = co_await session.closed();
                BOOST_TEST((cause.code() == errc::session_closed), cause.what());
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(a_refused_message_is_delivered_again)
{
    for (auto const version : {StompVersion::v1_1, StompVersion::v1_2}) {
        BOOST_TEST_CONTEXT(version)
        {
            run([&]() -> asio::awaitable<void> {
                auto session = co_await connect(speaking(version));
                auto const destination = queue();
                auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
                co_await session.send(destination, "twice");
                auto const first = co_await inbox.receive();
                BOOST_TEST((first.header("redelivered").value_or("false") == "false"));
                bool const refused = co_await first.nack();
                BOOST_TEST(refused);
                auto const second = co_await inbox.next_for(10s);
                BOOST_REQUIRE(second.has_value());
                BOOST_TEST(second->body() == "twice");
                BOOST_TEST((second->header("redelivered").value_or("") == "true"));
                bool const accepted = co_await second->ack();
                BOOST_TEST(accepted);
                co_await session.disconnect();
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(client_mode_is_cumulative)
{
    run([this]() -> asio::awaitable<void> {
        auto const destination = queue();
        {
            auto session = co_await connect(confirming());
            auto inbox = co_await session.subscribe(destination, AckMode::client);
            std::vector<Message> messages;
            for (int i = 0; i < 4; ++i)
                co_await session.send(destination, std::to_string(i));
            for (int i = 0; i < 4; ++i) {
                auto message = co_await inbox.receive();
                messages.push_back(std::move(message));
            }
            co_await session.ack(messages[2]);
            co_await session.disconnect();
        }
        auto session = co_await connect(confirming());
        auto const left = co_await take_all(session, destination, 1);
        BOOST_TEST((left == std::vector<std::string>{"3"}));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(client_individual_mode_is_not)
{
    run([this]() -> asio::awaitable<void> {
        auto const destination = queue();
        {
            auto session = co_await connect(confirming());
            auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
            std::vector<Message> messages;
            for (int i = 0; i < 4; ++i)
                co_await session.send(destination, std::to_string(i));
            for (int i = 0; i < 4; ++i) {
                auto message = co_await inbox.receive();
                messages.push_back(std::move(message));
            }
            co_await session.ack(messages[2]);
            co_await session.ack(messages[0]);
            co_await session.disconnect();
        }
        auto session = co_await connect(confirming());
        auto left = co_await take_all(session, destination, 2);
        std::ranges::sort(left);
        BOOST_TEST((left == std::vector<std::string>{"1", "3"}));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_was_not_acknowledged_when_the_last_handle_went_comes_again)
{
    run([this]() -> asio::awaitable<void> {
        auto const destination = queue();
        {
            auto session = co_await connect(confirming());
            auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
            co_await session.send(destination, "kept");
            auto const message = co_await inbox.receive();
            BOOST_TEST(message.body() == "kept");
        }
        auto session = co_await connect(confirming());
        auto const left = co_await take_all(session, destination, 1);
        BOOST_TEST((left == std::vector<std::string>{"kept"}));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_message_that_needs_no_acknowledgement_cannot_be_acknowledged)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        co_await session.send(destination, "x");
        auto const message = co_await inbox.receive();
        auto const failure = co_await failure_of(session.ack(message));
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        auto const of_nothing = co_await failure_of(session.ack(Message()));
        BOOST_TEST(is<InvalidFrame>(of_nothing), of_nothing.what());
        auto const unowned = co_await failure_of(Message().ack());
        BOOST_TEST(is<SessionClosed>(unowned), unowned.what());
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(stomp_1_0_has_no_nack)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(speaking(StompVersion::v1_0));
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination, AckMode::client);
        co_await session.send(destination, "x");
        auto const message = co_await inbox.receive();
        auto const failure = co_await failure_of(session.nack(message));
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        BOOST_TEST(failure.outcome() == Outcome::not_sent);
        bool const acknowledged = co_await session.ack(message);
        BOOST_TEST(acknowledged);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_stale_message_is_not_acknowledged)
{
    for (bool const strict : {false, true}) {
        run([&]() -> asio::awaitable<void> {
            auto const log = std::make_shared<FrameLog>();
            auto config = confirming();
            config.strict_acks = strict;
            config.observer = log;
            auto session = co_await connect(config);
            auto const destination = queue();
            auto inbox = co_await session.subscribe(destination, AckMode::client_individual);
            co_await session.send(destination, "x");
            auto const message = co_await inbox.receive();
            co_await inbox.unsubscribe();
            auto const acknowledged = co_await as_result(session.ack(message));
            BOOST_TEST(acknowledged.has_value() == !strict);
            if (acknowledged)
                BOOST_TEST(!*acknowledged);
            else
                BOOST_TEST(is<StaleMessage>(acknowledged.error()));
            BOOST_TEST(log->count_sent("ACK") == 0u);
            // Nor by a session that it did not come from.
            auto other = co_await connect(config);
            auto const elsewhere = co_await as_result(other.ack(message));
            BOOST_TEST(elsewhere.has_value() == !strict);
            co_await other.disconnect();
            co_await take_all(session, destination, 1);
            co_await session.disconnect();
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
