#include "support/session_fixture.hpp"

#include <set>

// What becomes of messages that were not acknowledged when their subscription ends: they go back to the broker.
BOOST_FIXTURE_TEST_SUITE(giving_back, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

enum class End { unsubscribed, handle_destroyed };

struct Case
{
    End end;
    AckMode ack;
    StompVersion version;
};

std::ostream& operator<<(std::ostream& out, Case const& c)
{
    return out << (c.end == End::unsubscribed ? "unsubscribed, " : "handle destroyed, ") << to_string(c.ack) << ", "
               << c.version;
}

Case const cases[] = {
    {End::unsubscribed, AckMode::client_individual, StompVersion::v1_2},
    {End::unsubscribed, AckMode::client, StompVersion::v1_2},
    {End::unsubscribed, AckMode::client_individual, StompVersion::v1_1},
    {End::handle_destroyed, AckMode::client_individual, StompVersion::v1_2},
    {End::handle_destroyed, AckMode::client, StompVersion::v1_1},
};

} // namespace

BOOST_AUTO_TEST_CASE(unsettled_messages_are_delivered_to_the_next_subscription)
{
    for (auto const& c : cases) {
        BOOST_TEST_CONTEXT(c)
        {
            run([&]() -> asio::awaitable<void> {
                StompConfig config;
                config.auto_receipt = true;
                config.accept_versions.assign(1, c.version);
                auto session = co_await connect(config);
                auto const destination = queue();
                auto first = co_await session.subscribe(destination, c.ack);
                for (int i = 0; i < 6; ++i)
                    co_await session.send(destination, std::to_string(i));
                auto const acknowledged = co_await first.receive();
                bool const accepted = co_await session.ack(acknowledged);
                BOOST_TEST(accepted);
                auto const taken = co_await first.receive();
                // So that all of them have come, and wait here.
                while (first.buffered() < 4)
                    co_await pause(5ms);
                if (c.end == End::unsubscribed)
                    co_await first.unsubscribe();
                else
                    first = Subscription();
                bool const late = co_await session.ack(taken);
                BOOST_TEST(!late);

                auto second = co_await session.subscribe(destination, c.ack);
                std::set<std::string> bodies;
                for (int i = 0; i < 5; ++i) {
                    auto message = co_await second.next_for(10s);
                    BOOST_REQUIRE(message.has_value());
                    bodies.insert(std::string(message->body()));
                    co_await session.ack(*message);
                }
                BOOST_TEST((bodies == std::set<std::string>{"1", "2", "3", "4", "5"}));
                co_await session.disconnect();
                auto const cause = co_await session.closed();
                BOOST_TEST((cause.code() == errc::session_closed), cause.what());
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(what_an_aborted_transaction_acknowledged_goes_back)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.auto_receipt = true;
        auto session = co_await connect(config);
        auto const destination = queue();
        auto first = co_await session.subscribe(destination, AckMode::client_individual);
        co_await session.send(destination, "kept");
        auto const message = co_await first.receive();
        auto transaction = co_await session.begin();
        bool const accepted = co_await transaction.ack(message);
        BOOST_TEST(accepted);
        co_await transaction.abort();
        co_await first.unsubscribe();
        auto second = co_await session.subscribe(destination, AckMode::client_individual);
        auto again = co_await second.next_for(10s);
        BOOST_REQUIRE(again.has_value());
        BOOST_TEST(again->body() == "kept");
        co_await session.ack(*again);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
