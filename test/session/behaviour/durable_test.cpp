#include "support/session_tools.hpp"

// A durable subscription outlives its handle and its session, until it is deleted.
BOOST_FIXTURE_TEST_SUITE(durable, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

SubscribeOptions durable_options(std::string_view id)
{
    SubscribeOptions how(AckMode::client);
    how.id(std::string(id)).header("durable", "true").header("auto-delete", "false").with_receipt();
    return how;
}

asio::awaitable<void> publish(StompSession session, std::string destination, std::string body)
{
    OutgoingMessage message(destination, body);
    message.with_receipt();
    co_await session.send(std::move(message));
}

} // namespace

BOOST_AUTO_TEST_CASE(unsubscribe_repeats_what_made_it_durable_only_where_it_is_deleted)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        StompConfig config;
        config.observer = log;
        auto session = co_await connect(config);
        auto const destination = topic();
        auto const how = durable_options("durable-1");
        {
            auto const dropped = co_await session.subscribe(destination, how);
        }
        auto left = co_await session.subscribe(destination, how);
        co_await left.unsubscribe();
        auto deleted = co_await session.subscribe(destination, how);
        co_await deleted.unsubscribe(delete_durable);
        co_await session.disconnect();
        std::vector<Frame> unsubscribed;
        for (auto const& frame : log->sent) {
            if (frame.command() == "UNSUBSCRIBE")
                unsubscribed.push_back(frame);
        }
        BOOST_REQUIRE(unsubscribed.size() == 3u);
        BOOST_TEST(!unsubscribed[0].has_header("durable"));
        BOOST_TEST(!unsubscribed[1].has_header("durable"));
        BOOST_TEST((unsubscribed[2].header("durable") == "true"));
        BOOST_TEST((unsubscribed[2].header("auto-delete") == "false"));
        for (auto const& frame : unsubscribed)
            BOOST_TEST((frame.header("id") == "durable-1"));
    });
}

BOOST_AUTO_TEST_CASE(it_keeps_what_is_published_meanwhile)
{
    if (!is_real)
        return; // the embedded broker keeps nothing for those who come later
    run([this]() -> asio::awaitable<void> {
        auto publisher = co_await connect();
        auto const destination = topic();
        auto const how = durable_options("durable-2");
        {
            auto session = co_await connect();
            auto inbox = co_await session.subscribe(destination, how);
            inbox = Subscription(); // its handle goes, then its session
            co_await session.disconnect();
        }
        co_await publish(publisher, destination, "kept");
        // The deletion must have been done before the next message is published, over another connection.
        auto session = co_await connect(confirming());
        auto inbox = co_await session.subscribe(destination, how);
        auto const message = co_await inbox.next_for(10s);
        BOOST_TEST(message.value().body() == "kept");
        co_await session.ack(*message);
        co_await inbox.unsubscribe(delete_durable);
        co_await publish(publisher, destination, "for nobody");
        auto again = co_await session.subscribe(destination, how);
        auto const failure = co_await failure_of(again.next_for(300ms));
        BOOST_TEST(is<Timeout>(failure), failure.what());
        co_await again.unsubscribe(delete_durable);
        co_await session.disconnect();
        co_await publisher.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
