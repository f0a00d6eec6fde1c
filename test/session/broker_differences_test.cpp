#include "scripted_session.hpp"
#include "support/raw_peer.hpp"

// What is sent to a broker in its own way, and what it says about subscriptions that it has ended.
BOOST_FIXTURE_TEST_SUITE(broker_differences, arbalest::test::ScriptedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

constexpr auto rabbitmq = "RabbitMQ/3.10.8";
constexpr auto activemq = "ActiveMQ/5.18.3";
constexpr auto artemis = "ActiveMQ-Artemis/2.40.0 ActiveMQ Artemis Messaging Engine";
constexpr auto receipt = "RECEIPT\nreceipt-id:{receipt}";

SubscribeOptions durable(AckMode mode = AckMode::automatic)
{
    SubscribeOptions how(mode);
    how.id("s").header("activemq.subscriptionName", "name").header("durable", "true");
    return how;
}

StompConfig tolerant()
{
    auto config = ScriptedFixture::quiet();
    config.error_frames_are_fatal = false;
    return config;
}

// Expects a frame with exactly these headers, of which the names are given that `all` does not mention.
void expect_exactly(testing::Script& script, std::string command, std::vector<std::string> lines)
{
    std::ranges::sort(lines);
    auto const matches = [command, lines](Frame const& frame) {
        std::vector<std::string> found;
        for (auto const [name, value] : frame.headers())
            found.push_back(std::string(name) + (name == "receipt" ? "" : ":" + std::string(value)));
        std::ranges::sort(found);
        return frame.command() == command && found == lines;
    };
    std::string what = command;
    for (auto const& line : lines)
        what += " " + line;
    script.expect(matches, what);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_durable_subscription_is_deleted_as_the_broker_wants_it)
{
    for (std::string const broker : {rabbitmq, activemq, artemis, "some broker"}) {
        BOOST_TEST_CONTEXT(broker)
        {
            ScriptedFixture fixture;
            fixture.run([&]() -> asio::awaitable<void> {
                auto config = fixture.quiet();
                config.auto_receipt = true;
                auto session = co_await fixture.open(broker, config);
                fixture.script.expect_frame("SUBSCRIBE").reply_frame(receipt);
                auto how = durable(AckMode::client);
                auto inbox = co_await session.subscribe("/topic/t", std::move(how));
                if (broker == activemq) {
                    expect_exactly(fixture.script, "UNSUBSCRIBE", {"id:s"});
                    expect_exactly(fixture.script, "UNSUBSCRIBE",
                                   {"id:s", "activemq.subscriptionName:name", "receipt"});
                } else {
                    expect_exactly(fixture.script, "UNSUBSCRIBE",
                                   {"id:s", "activemq.subscriptionName:name", "durable:true", "receipt"});
                }
                fixture.script.reply_frame(receipt);
                co_await inbox.unsubscribe(delete_durable);
                co_await fixture.finish(session);
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(a_durable_subscription_that_is_only_left_is_not_deleted)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(activemq);
        script.expect_frame("SUBSCRIBE");
        auto how = durable();
        auto inbox = co_await session.subscribe("/topic/t", std::move(how));
        expect_exactly(script, "UNSUBSCRIBE", {"id:s", "receipt"});
        script.reply_frame(receipt);
        co_await inbox.unsubscribe();
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(the_broker_is_told_the_size_of_the_buffer_in_its_own_way)
{
    std::vector<std::pair<std::string, std::vector<std::string>>> const expected{
        {rabbitmq, {"prefetch-count:10"}},
        {activemq, {"activemq.prefetchSize:10"}},
        {artemis, {"consumer-window-size:5000"}},
        {"apache-apollo/1.7.1", {"credit:10,0"}},
        {"some broker", {"prefetch-count:10", "activemq.prefetchSize:10"}},
    };
    for (auto const& row : expected) {
        auto const& broker = row.first; // clang 14 captures no structured bindings
        auto const& own = row.second;
        BOOST_TEST_CONTEXT(broker)
        {
            ScriptedFixture fixture;
            fixture.run([&]() -> asio::awaitable<void> {
                auto config = fixture.quiet();
                config.subscription_buffer.messages = 10;
                config.subscription_buffer.bytes = 5000;
                auto session = co_await fixture.open(broker, config);
                auto lines = own;
                lines.insert(lines.end(), {"id:sub-1", "destination:/queue/a", "ack:client"});
                expect_exactly(fixture.script, "SUBSCRIBE", lines);
                auto acknowledged = co_await session.subscribe("/queue/a", AckMode::client);
                expect_exactly(fixture.script, "SUBSCRIBE", {"id:sub-2", "destination:/queue/a", "ack:auto"});
                auto const automatic = co_await session.subscribe("/queue/a");
                // It says nothing to UNSUBSCRIBE.
                expect_exactly(fixture.script, "UNSUBSCRIBE", {"id:sub-1", "receipt"});
                fixture.script.reply_frame(receipt);
                co_await acknowledged.unsubscribe(delete_durable);
                co_await fixture.finish(session);
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(the_next_connection_may_be_to_another_broker)
{
    run([this]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        StompConfig config;
        config.heart_beat = HeartBeat(0ms, 0ms);
        config.reconnect.emplace();
        config.reconnect->initial = 1ms;
        config.reconnect->stable_after = 0ms;
        RawPeer peer(context);
        StompClient const client(config);
        auto const connecting = start(executor, client.connect(peer.url()));
        auto const accept = [&](std::string version, std::string server) -> asio::awaitable<void> {
            co_await peer.accept();
            co_await peer.receive("CONNECT");
            auto connected = frame_bytes("CONNECTED\nversion:" + version + "\nserver:" + server);
            co_await peer.send(std::move(connected));
        };
        co_await accept("1.2", rabbitmq);
        co_await finished(connecting);
        auto session = connecting->value.value();
        auto cumulative = co_await session.subscribe("/queue/a", AckMode::client);
        auto individual = co_await session.subscribe("/queue/b", AckMode::client_individual);
        for (int i = 0; i < 2; ++i) {
            auto const frame = co_await peer.receive("SUBSCRIBE");
            BOOST_TEST(frame.has_header("prefetch-count"));
        }
        peer.close();
        co_await accept("1.1", artemis);
        for (int i = 0; i < 2; ++i) {
            auto const frame = co_await peer.receive("SUBSCRIBE");
            BOOST_TEST(!frame.has_header("prefetch-count"));
            BOOST_TEST(frame.has_header("consumer-window-size"));
        }
        peer.close();
        co_await accept("1.0", activemq);
        // This one has no client-individual.
        auto const frame = co_await peer.receive("SUBSCRIBE");
        BOOST_TEST(frame.header("destination").value_or("") == "/queue/a");
        BOOST_TEST(frame.has_header("activemq.prefetchSize"));
        BOOST_TEST(!frame.has_header("consumer-window-size"));
        auto const failure = co_await failure_of(individual.next());
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        co_await session.send("/queue/c", "after");
        co_await peer.receive("SEND");
    });
}

// An earlier connection may have carried it, so nobody may say that it was not sent.
BOOST_AUTO_TEST_CASE(what_the_next_version_cannot_express_may_have_arrived)
{
    run([this]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        StompConfig config;
        config.auto_receipt = true;
        config.heart_beat = HeartBeat(0ms, 0ms);
        config.reconnect.emplace();
        config.reconnect->initial = 1ms;
        config.reconnect->stable_after = 0ms;
        RawPeer peer(context);
        StompClient const client(config);
        auto const connecting = start(executor, client.connect(peer.url()));
        co_await peer.accept();
        co_await peer.receive("CONNECT");
        auto connected = frame_bytes("CONNECTED\nversion:1.2");
        co_await peer.send(std::move(connected));
        co_await finished(connecting);
        auto session = connecting->value.value();
        OutgoingMessage message("/queue/a", "x");
        message.header("two-lines", "a\nb"); // which 1.0 cannot escape
        auto const sending = start(executor, session.send(message));
        co_await peer.receive("SEND");
        auto const subscribing = start(executor, session.subscribe("/queue/b", AckMode::client_individual));
        co_await peer.receive("SUBSCRIBE");
        peer.close();
        co_await peer.accept();
        co_await peer.receive("CONNECT");
        auto const unsent = start(executor, session.send(message)); // into the outbox, as the last version would allow
        co_await others_go_on();
        connected = frame_bytes("CONNECTED\nversion:1.0");
        co_await peer.send(std::move(connected));
        co_await finished(sending);
        BOOST_TEST(is<InvalidFrame>(sending->failure), sending->failure.what());
        BOOST_TEST(sending->failure.outcome() == Outcome::unknown);
        co_await finished(subscribing);
        BOOST_TEST(is<InvalidFrame>(subscribing->failure), subscribing->failure.what());
        BOOST_TEST(subscribing->failure.outcome() == Outcome::unknown);
        co_await finished(unsent);
        BOOST_TEST(is<InvalidFrame>(unsent->failure), unsent->failure.what());
        BOOST_TEST(unsent->failure.outcome() == Outcome::not_sent);
    });
}

BOOST_AUTO_TEST_CASE(an_error_that_names_a_subscription_ends_it)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(rabbitmq, tolerant());
        auto const executor = co_await asio::this_coro::executor;
        script.expect_frame("SUBSCRIBE", {{"id", "s"}});
        SubscribeOptions how(AckMode::client_individual);
        how.id("s");
        auto inbox = co_await session.subscribe("/queue/deleted", how);
        deliver("1");
        auto const message = co_await inbox.receive();
        script.expect_frame("SUBSCRIBE", {{"id", "t"}});
        SubscribeOptions other_how;
        other_how.id("t");
        auto other = co_await session.subscribe("/queue/other", other_how);
        auto const waiting = start(executor, inbox.next());
        co_await others_go_on();
        script.reply_frame("ERROR\nmessage:Server cancelled subscription\nsubscription:s", "gone");
        co_await finished(waiting);
        BOOST_REQUIRE(is<ErrorFrameReceived>(waiting->failure));
        BOOST_TEST(as<ErrorFrameReceived>(waiting->failure).frame().body() == "gone");
        auto const every_time = co_await failure_of(inbox.receive());
        BOOST_TEST(is<ErrorFrameReceived>(every_time), every_time.what());
        // Nothing more is sent about it.
        bool const acknowledged = co_await session.ack(message);
        BOOST_TEST(!acknowledged);
        co_await inbox.unsubscribe();
        inbox = Subscription();
        // Its id is free, and the others go on.
        script.expect_frame("SUBSCRIBE", {{"id", "s"}});
        auto again = co_await session.subscribe("/queue/deleted", how);
        deliver("2");
        auto const second = co_await again.receive();
        BOOST_TEST(second.body() == "2");
        script.reply_frame("MESSAGE\nsubscription:t\ndestination:/queue/other\nmessage-id:3");
        auto const third = co_await other.receive();
        BOOST_TEST(third.message_id() == "3");
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(what_is_buffered_may_be_taken_if_it_needs_no_acknowledgement)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(rabbitmq, tolerant());
        script.expect_frame("SUBSCRIBE");
        SubscribeOptions how;
        how.id("s");
        auto inbox = co_await session.subscribe("/queue/deleted", how);
        deliver("1");
        script.reply_frame("ERROR\nmessage:Server cancelled subscription\nsubscription:s");
        script.reply_frame("ERROR\nmessage:about another\nsubscription:unknown");
        co_await until([&] { return session.stats().frames_received == 4; });
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "1");
        auto const failure = co_await failure_of(inbox.receive());
        BOOST_TEST(is<ErrorFrameReceived>(failure), failure.what());
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(an_error_that_names_a_subscription_answers_who_waits_for_it)
{
    run([this]() -> asio::awaitable<void> {
        auto config = tolerant();
        config.auto_receipt = true;
        auto session = co_await open(rabbitmq, config);
        script.expect_frame("SUBSCRIBE").reply_frame("ERROR\nmessage:no\nsubscription:{id}");
        auto const failure = co_await failure_of(session.subscribe("/queue/q"));
        BOOST_TEST(is<ErrorFrameReceived>(failure), failure.what());
        BOOST_TEST(failure.outcome() == Outcome::refused);
        script.expect_frame("SUBSCRIBE").reply_frame(receipt);
        auto inbox = co_await session.subscribe("/queue/q");
        script.expect_frame("UNSUBSCRIBE").reply_frame("ERROR\nmessage:ended before\nsubscription:{id}");
        co_await inbox.unsubscribe();
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(it_ends_the_session_where_errors_do)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open(rabbitmq);
        script.expect_frame("SUBSCRIBE");
        auto inbox = co_await session.subscribe("/queue/q");
        script.reply_frame("ERROR\nmessage:Server cancelled subscription\nsubscription:sub-1");
        auto const failure = co_await failure_of(inbox.receive());
        BOOST_TEST(is<ErrorFrameReceived>(failure), failure.what());
        BOOST_TEST(!session.is_open());
    });
}

BOOST_AUTO_TEST_SUITE_END()
