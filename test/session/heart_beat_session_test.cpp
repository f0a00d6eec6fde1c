#include "support/raw_peer.hpp"

#include <functional>
#include <limits>

// Heart-beats between real sockets; their arithmetic is tested with the protocol. Periods are short, and what is
// checked holds however late timers ring.
BOOST_FIXTURE_TEST_SUITE(heart_beats, arbalest::test::ContextFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

class BeatLog : public Observer
{
public:
    void on_heart_beat_sent() override { ++sent; }
    void on_heart_beat_received() override { ++received; }
    int sent = 0;
    int received = 0;
};

StompConfig beating(std::chrono::milliseconds send, std::chrono::milliseconds receive)
{
    StompConfig config;
    config.heart_beat = HeartBeat(send, receive);
    return config;
}

// Accepts a session whose peer promises and wants these heart-beats.
asio::awaitable<StompSession> accept(RawPeer& peer, StompConfig config, std::string header)
{
    auto const executor = co_await asio::this_coro::executor;
    StompClient const client(std::move(config));
    auto const connecting = start(executor, client.connect(peer.url()));
    co_await peer.accept();
    co_await peer.receive("CONNECT");
    co_await peer.send(frame_bytes("CONNECTED\nversion:1.2\nheart-beat:" + header));
    co_await finished(connecting);
    co_return connecting->value.value();
}

} // namespace

BOOST_AUTO_TEST_CASE(they_are_sent_while_there_is_nothing_else_to_send)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<BeatLog>();
        auto config = beating(40ms, 0ms);
        config.observer = log;
        RawPeer peer(context);
        auto session = co_await accept(peer, config, "0,40");
        BOOST_TEST((session.negotiated_heart_beat().send == 40ms));
        co_await until([&] { return log->sent >= 5; });
        auto const received = co_await peer.receive_raw(5);
        BOOST_TEST(received == "\n\n\n\n\n");
    });
}

BOOST_AUTO_TEST_CASE(none_are_sent_while_frames_go_out_often_enough)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<BeatLog>();
        auto config = beating(2s, 0ms);
        config.observer = log;
        RawPeer peer(context);
        auto session = co_await accept(peer, config, "0,2000");
        auto const end = std::chrono::steady_clock::now() + 3s;
        while (std::chrono::steady_clock::now() < end) {
            co_await session.send("/queue/a", "x");
            co_await pause(20ms);
        }
        BOOST_TEST(log->sent == 0);
    });
}

BOOST_AUTO_TEST_CASE(either_side_may_want_none)
{
    run([this]() -> asio::awaitable<void> {
        for (auto const* const header : {"0,0", "30,0", "0,30"}) {
            auto const log = std::make_shared<BeatLog>();
            auto config = beating(0ms, 0ms);
            config.observer = log;
            RawPeer peer(context);
            auto session = co_await accept(peer, config, header);
            BOOST_TEST((session.negotiated_heart_beat().send == 0ms));
            BOOST_TEST((session.negotiated_heart_beat().receive == 0ms));
            co_await pause(150ms);
            BOOST_TEST(log->sent == 0);
            BOOST_TEST(session.is_open()); // though nothing was heard
        }
    });
}

BOOST_AUTO_TEST_CASE(periods_beyond_32_bits_never_ring)
{
    run([this]() -> asio::awaitable<void> {
        auto const largest = std::chrono::milliseconds(std::numeric_limits<std::int64_t>::max());
        for (auto const* const header : {"9223372036854775807,9223372036854775807", "4294967297,4294967297",
                                         "18446744073709551615,18446744073709551615"}) {
            RawPeer peer(context);
            auto session = co_await accept(peer, beating(largest, largest), header);
            BOOST_TEST((session.negotiated_heart_beat().send > std::chrono::milliseconds(4294967296)));
            co_await pause(20ms);
            BOOST_TEST(session.is_open());
        }
    });
}

namespace {

class HeartBeatChanger : public Interceptor
{
public:
    explicit HeartBeatChanger(std::string value) : value_(std::move(value)) {}
    void on_outgoing(Frame& frame) override
    {
        if (frame.command() == "CONNECT")
            frame.set_header("heart-beat", value_);
    }

private:
    std::string value_;
};

struct HeartBeatSource
{
    std::string name;
    std::function<void(StompConfig&, std::string)> set;
};

HeartBeatSource const heart_beat_sources[] = {
    {"connect_headers", [](StompConfig& config,
                           std::string value) { config.connect_headers.emplace_back("heart-beat", std::move(value)); }},
    {"before_connect",
     [](StompConfig& config, std::string value) {
         config.before_connect = [value](ConnectParameters& parameters) -> asio::awaitable<void> {
             parameters.connect_headers.emplace_back("heart-beat", value);
             co_return;
         };
     }},
    {"interceptor",
     [](StompConfig& config, std::string value) {
         config.interceptor = std::make_shared<HeartBeatChanger>(std::move(value));
     }},
};

} // namespace

BOOST_AUTO_TEST_CASE(what_was_sent_is_negotiated_wherever_it_comes_from)
{
    for (auto const& source : heart_beat_sources) {
        BOOST_TEST_CONTEXT(source.name)
        {
            run([&]() -> asio::awaitable<void> {
                auto config = beating(10s, 10s);
                source.set(config, "4000,5000");
                RawPeer peer(context);
                auto session = co_await accept(peer, config, "3000,2000");
                BOOST_TEST((session.negotiated_heart_beat() == HeartBeat(4s, 5s)));
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(one_that_is_malformed_is_refused_before_it_is_sent_and_not_tried_again)
{
    for (auto const& source : heart_beat_sources) {
        for (bool const reconnects : {false, true}) {
            BOOST_TEST_CONTEXT(source.name << (reconnects ? ", reconnecting" : ""))
            {
                run([&]() -> asio::awaitable<void> {
                    auto config = beating(10s, 10s);
                    source.set(config, "often");
                    if (reconnects) {
                        config.reconnect.emplace();
                        config.reconnect->initial = 1ms;
                        config.reconnect->first_connect = true;
                    }
                    RawPeer peer(context);
                    StompClient const client(config);
                    auto const failure = co_await failure_of(client.connect(peer.url()));
                    BOOST_REQUIRE(is<InvalidConfig>(failure));
                    BOOST_TEST(as<InvalidConfig>(failure).value() == "'often'");
                    BOOST_TEST(as<InvalidConfig>(failure).field().find("heart-beat") != std::string::npos);
                });
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(every_byte_is_a_sign_of_life)
{
    run([this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto session = co_await accept(peer, beating(0ms, 300ms), "300,0");
        auto const executor = co_await asio::this_coro::executor;
        SubscribeOptions how;
        how.id("a");
        auto inbox = co_await session.subscribe("/queue/a", how);
        auto const receiving = start(executor, inbox.receive());
        // A frame that takes longer than the limit to arrive.
        auto const bytes = frame_bytes("MESSAGE\nsubscription:a\nmessage-id:1\ndestination:/queue/a", "slow");
        for (auto const byte : bytes) {
            co_await peer.send(std::string(1, byte));
            co_await pause(30ms);
        }
        co_await finished(receiving);
        BOOST_TEST(receiving->value.value().body() == "slow");
        BOOST_TEST(session.is_open());
        auto const cause = co_await session.closed();
        BOOST_TEST(is<MissingHeartBeat>(cause), cause.what());
    });
}

BOOST_AUTO_TEST_CASE(they_are_counted_one_by_one_also_before_connected)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<BeatLog>();
        auto config = beating(0ms, 10s);
        config.observer = log;
        RawPeer peer(context);
        auto const executor = co_await asio::this_coro::executor;
        StompClient const client(config);
        auto const connecting = start(executor, client.connect(peer.url()));
        co_await peer.accept();
        co_await peer.receive("CONNECT");
        co_await peer.send("\n\n\n");
        co_await until([&] { return log->received == 3; });
        co_await peer.send("\n" + frame_bytes("CONNECTED\nversion:1.2\nheart-beat:10000,0") + "\n\n\n\n");
        co_await finished(connecting);
        auto const session = connecting->value.value();
        // The first line end behind a frame belongs to that.
        co_await until([&] { return log->received == 7; });
        BOOST_TEST(session.is_open());
    });
}

BOOST_AUTO_TEST_CASE(a_missing_one_reaches_everybody_with_that_very_error)
{
    run([this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto session = co_await accept(peer, beating(0ms, 50ms), "50,0");
        auto const executor = co_await asio::this_coro::executor;
        auto one = co_await session.subscribe("/queue/1");
        auto two = co_await session.subscribe("/queue/2");
        auto const first = start(executor, one.next());
        auto const second = start(executor, two.receive());
        OutgoingMessage message("/queue/a", "x");
        message.with_receipt();
        auto const sending = start(executor, session.send(message));
        auto const cause = co_await session.closed();
        BOOST_TEST(is<MissingHeartBeat>(cause), cause.what());
        co_await finished(first);
        co_await finished(second);
        co_await finished(sending);
        for (auto const& failure : {first->failure, second->failure, sending->failure}) {
            BOOST_TEST(is<MissingHeartBeat>(failure), failure.what());
            try {
                failure.raise();
            } catch (MissingHeartBeat const& error) {
                BOOST_TEST((error.period() == 50ms));
            }
        }
        BOOST_TEST(sending->failure.outcome() == Outcome::unknown);
        co_await peer.wait_for_end();
    });
}

BOOST_AUTO_TEST_SUITE_END()
