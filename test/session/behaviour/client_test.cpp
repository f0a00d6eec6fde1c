#include "support/session_tools.hpp"

#include <stdexcept>

// Opening sessions, and what a session tells of itself.
BOOST_FIXTURE_TEST_SUITE(client, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

class Unwanted : public std::runtime_error
{
public:
    Unwanted() : std::runtime_error("not wanted") {}
};

} // namespace

BOOST_AUTO_TEST_CASE(use_connects_runs_and_disconnects)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        StompConfig config;
        config.observer = log;
        StompClient const client(settings(config));
        auto const destination = queue();
        auto const with_result = [&](StompSession session) -> asio::awaitable<std::string> {
            auto inbox = co_await session.subscribe(destination);
            co_await session.send(destination, "inside");
            auto message = co_await inbox.receive();
            co_return std::move(message).body();
        };
        auto const body = co_await client.use(url, with_result);
        BOOST_TEST(body == "inside");
        BOOST_TEST(log->count_sent("DISCONNECT") == 1u);

        auto const without_result = [&](StompSession session) -> asio::awaitable<void> {
            co_await session.send(destination, "x");
        };
        co_await client.use(url, without_result);
        BOOST_TEST(log->count_sent("DISCONNECT") == 2u);
    });
}

BOOST_AUTO_TEST_CASE(use_disconnects_also_when_the_function_throws)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        StompConfig config;
        config.observer = log;
        StompClient const client(settings(config));
        auto const throwing = [&](StompSession session) -> asio::awaitable<int> {
            co_await session.send(queue(), "x");
            throw Unwanted();
        };
        auto const failure = co_await failure_of(client.use(url, throwing));
        BOOST_TEST(is<Unwanted>(failure), failure.what());
        BOOST_TEST(log->count_sent("DISCONNECT") == 1u);
    });
}

BOOST_AUTO_TEST_CASE(the_client_and_its_configuration_may_go_before_the_session)
{
    run([this]() -> asio::awaitable<void> {
        auto client = std::make_unique<StompClient>(settings(confirming()));
        auto session = co_await client->connect(url);
        client.reset();
        auto const receipt = co_await session.send(queue(), "x");
        BOOST_TEST(receipt.has_value());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(the_first_url_that_works_is_taken)
{
    run([this]() -> asio::awaitable<void> {
        std::vector<std::string> urls;
        urls.push_back("stomp://127.0.0.1:1");
        urls.push_back(url);
        StompClient const client(settings());
        auto session = co_await client.connect(urls);
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(it_tells_its_version_server_heart_beat_and_executor)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(20s, 30s);
        auto session = co_await connect(config);
        BOOST_TEST(session.valid());
        BOOST_TEST(session.is_open());
        BOOST_TEST(session.version() == StompVersion::v1_2);
        BOOST_TEST(!session.server().empty());
        BOOST_TEST((session.negotiated_heart_beat().send >= 20s));
        BOOST_TEST((session.negotiated_heart_beat().receive >= 30s));
        BOOST_TEST((session.get_executor() == asio::any_io_executor(context.get_executor())));
        co_await session.disconnect();
        BOOST_TEST(!session.is_open());
        BOOST_TEST(session.version() == StompVersion::v1_2);
    });
}

BOOST_AUTO_TEST_CASE(stats_count_frames_messages_and_bytes)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const start = session.stats();
        BOOST_TEST(start.frames_sent == 1u);
        BOOST_TEST(start.frames_received == 1u);
        BOOST_TEST(start.messages_received == 0u);
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        for (int i = 0; i < 10; ++i)
            co_await session.send(destination, "0123456789");
        for (int i = 0; i < 10; ++i)
            co_await inbox.receive();
        auto const end = session.stats();
        BOOST_TEST(end.frames_sent == 12u);
        BOOST_TEST(end.frames_received == 22u);
        BOOST_TEST(end.messages_received == 10u);
        BOOST_TEST(end.bytes_sent > start.bytes_sent + 100);
        BOOST_TEST(end.bytes_received > start.bytes_received + 100);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_empty_handle_fails_with_session_closed)
{
    run([]() -> asio::awaitable<void> {
        StompSession const none;
        BOOST_TEST(!none.valid());
        BOOST_TEST(!none.is_open());
        BOOST_TEST(none.server() == "");
        BOOST_TEST(none.stats().frames_sent == 0u);
        BOOST_CHECK_THROW(none.get_executor(), SessionClosed);
        none.start_disconnect();
        none.add_observer(nullptr);
        auto const sending = co_await failure_of(none.send("/queue/a", "x"));
        BOOST_TEST(is<SessionClosed>(sending), sending.what());
        auto const subscribing = co_await failure_of(none.subscribe("/queue/a"));
        BOOST_TEST(is<SessionClosed>(subscribing), subscribing.what());
        auto const disconnecting = co_await failure_of(none.disconnect());
        BOOST_TEST(is<SessionClosed>(disconnecting), disconnecting.what());
        auto const closed = co_await failure_of(none.closed());
        BOOST_TEST(is<SessionClosed>(closed), closed.what());
        auto const flushing = co_await failure_of(none.flush());
        BOOST_TEST(is<SessionClosed>(flushing), flushing.what());
    });
}

BOOST_AUTO_TEST_CASE(what_belongs_to_nobody_is_told_as_unhandled)
{
    run([this]() -> asio::awaitable<void> {
        std::vector<Frame> unhandled;
        StompConfig config;
        config.on_unhandled = [&](Frame const& frame) { unhandled.push_back(frame); };
        auto session = co_await connect(config);
        auto const destination = queue();
        // A subscription that the session knows nothing of.
        Frame subscribe("SUBSCRIBE");
        subscribe.add_header("id", "raw-subscription").add_header("destination", destination);
        subscribe.add_header("ack", "auto");
        co_await session.send_raw(subscribe);
        co_await session.send(destination, "for nobody");
        co_await until([&] { return !unhandled.empty(); });
        BOOST_TEST(unhandled[0].command() == "MESSAGE");
        BOOST_TEST(unhandled[0].body() == "for nobody");
        {
            auto const dropped = co_await session.submit(destination, "second");
            BOOST_TEST(dropped.valid());
        }
        co_await until([&] { return unhandled.size() >= 3; });
        auto const is_receipt = [](Frame const& frame) { return frame.command() == "RECEIPT"; };
        BOOST_TEST(std::ranges::count_if(unhandled, is_receipt) == 1);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(as_result_gives_the_value_or_the_failure)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto const sent = co_await as_result(session.send(destination, "x"));
        BOOST_REQUIRE(sent.has_value());
        BOOST_TEST(sent->has_value());
        auto subscribed = co_await as_result(session.subscribe(destination));
        BOOST_REQUIRE(subscribed.has_value());
        auto const received = co_await as_result(subscribed->next());
        BOOST_REQUIRE(received.has_value());
        BOOST_TEST((*received)->body() == "x");
        auto const ended = co_await as_result(session.disconnect());
        BOOST_TEST(ended.has_value());
        auto const late = co_await as_result(session.send(destination, "late"));
        BOOST_REQUIRE(late.has_error());
        BOOST_TEST((late.error().code() == errc::session_closed));
        BOOST_TEST(late.error().outcome() == Outcome::not_sent);
        BOOST_CHECK_THROW(late.value(), SessionClosed);
    });
}

BOOST_AUTO_TEST_CASE(with_timeout_bounds_a_wait_and_lets_what_is_in_time_through)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto inbox = co_await with_timeout(10s, session.subscribe(destination));
        auto const receipt = co_await with_timeout(10s, session.send(destination, "x"));
        BOOST_TEST(receipt.has_value());
        auto const message = co_await with_timeout(10s, inbox.receive());
        BOOST_TEST(message.body() == "x");
        auto const sent = co_await with_timeout(10s, session.send(destination, "y"));
        BOOST_TEST(sent.has_value());
        co_await with_timeout(10s, session.flush());
        auto const second = co_await with_timeout(10s, inbox.next());
        BOOST_TEST(second.has_value());
        auto const failure = co_await failure_of(with_timeout(10ms, inbox.next()));
        BOOST_TEST(is<Timeout>(failure), failure.what());
        auto const closed = co_await failure_of(with_timeout(10ms, session.closed()));
        BOOST_TEST(is<Timeout>(closed), closed.what());
        BOOST_TEST(session.is_open());
        co_await with_timeout(10s, session.disconnect());
        auto const over = co_await failure_of(with_timeout(10s, session.send(destination, "z")));
        BOOST_TEST(is<SessionClosed>(over), over.what());
    });
}

BOOST_AUTO_TEST_SUITE_END()
