#include "support/raw_peer.hpp"

// While a slow consumer keeps the session from reading, the rest of it lives.
BOOST_FIXTURE_TEST_SUITE(suspended_reading, arbalest::test::ContextFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

std::string message_bytes(std::size_t size)
{
    return frame_bytes("MESSAGE\nsubscription:a\nmessage-id:1\ndestination:/queue/a", std::string(size, 'x'));
}

// A session whose only consumer never reads, and a peer that sends as much as it can.
class Flood
{
public:
    explicit Flood(asio::io_context& context) : peer(context) {}

    RawPeer peer;
    StompSession session;
    Subscription inbox;

    asio::awaitable<void> begin(StompConfig config, std::string heart_beat)
    {
        config.subscription_buffer.messages = 10;
        config.subscription_buffer.hard_limit = std::size_t{8} << 20;
        auto const executor = co_await asio::this_coro::executor;
        StompClient const client(std::move(config));
        auto const connecting = start(executor, client.connect(peer.url()));
        co_await peer.accept();
        co_await peer.receive("CONNECT");
        co_await peer.send(frame_bytes("CONNECTED\nversion:1.2\nheart-beat:" + heart_beat));
        co_await finished(connecting);
        session = connecting->value.value();
        SubscribeOptions how;
        how.id("a");
        inbox = co_await session.subscribe("/queue/a", how);
    }

    // Sends until the sockets between are full.
    asio::awaitable<void> fill()
    {
        auto const executor = co_await asio::this_coro::executor;
        auto const sending = start(executor, send_much());
        co_await until([&] { return inbox.buffered() >= 10; });
        co_await pause(100ms);
        BOOST_TEST(!sending->done);
        sending->cancel();
        co_await finished(sending);
    }

private:
    asio::awaitable<void> send_much()
    {
        auto const bytes = message_bytes(10'000);
        for (int i = 0; i < 10'000; ++i)
            co_await peer.send(bytes);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(heart_beats_go_on)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(30ms, 0ms);
        Flood flood(context);
        co_await flood.begin(config, "0,30");
        co_await flood.fill();
        auto const buffered = flood.inbox.buffered();
        co_await flood.peer.receive("SUBSCRIBE");
        // Its own line end, and ten heart-beats.
        auto const beats = co_await flood.peer.receive_raw(10);
        BOOST_TEST(beats == std::string(10, '\n'));
        BOOST_TEST(flood.inbox.buffered() == buffered);
        BOOST_TEST(flood.session.is_open());
    });
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_alive_is_not_taken_for_dead)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(0ms, 80ms);
        Flood flood(context);
        co_await flood.begin(config, "80,0");
        co_await flood.fill();
        // There is enough on its way to look at, a little at a time.
        co_await pause(800ms);
        BOOST_TEST(flood.session.is_open());
        BOOST_TEST(flood.inbox.buffered() < 200u);
    });
}

BOOST_AUTO_TEST_CASE(a_dead_peer_is_found)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(0ms, 50ms);
        Flood flood(context);
        co_await flood.begin(config, "50,0");
        // Just enough to suspend reading, and then nothing any more.
        std::string bytes;
        for (int i = 0; i < 10; ++i)
            bytes += message_bytes(100);
        co_await flood.peer.send(bytes);
        co_await until([&] { return flood.inbox.buffered() == 10; });
        auto const cause = co_await flood.session.closed();
        BOOST_TEST(is<MissingHeartBeat>(cause), cause.what());
        for (int i = 0; i < 10; ++i) {
            auto const message = co_await flood.inbox.next();
            BOOST_TEST(message.has_value());
        }
        auto const end = co_await failure_of(flood.inbox.next());
        BOOST_TEST(is<MissingHeartBeat>(end), end.what());
    });
}

BOOST_AUTO_TEST_CASE(a_sender_that_waits_for_room_makes_it_go_on)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(0ms, 0ms);
        config.write_buffer.limit = 1000;
        config.subscription_buffer.hard_limit = std::size_t{64} << 20;
        Flood flood(context);
        co_await flood.begin(config, "0,0");
        co_await flood.fill();
        auto const executor = co_await asio::this_coro::executor;
        auto const before = flood.session.stats().bytes_received;
        // The peer does not read either, as brokers do whose own output is stuck. One of the two must go on.
        auto const large = start(executor, flood.session.send("/queue/b", std::string(std::size_t{16} << 20, 'y')));
        co_await finished(large);
        auto const second = start(executor, flood.session.send("/queue/b", std::string(2000, 'y')));
        auto const third = start(executor, flood.session.send("/queue/b", std::string(2000, 'y')));
        co_await others_go_on();
        BOOST_TEST(!third->done);
        co_await until([&] { return flood.session.stats().bytes_received > before + 500'000; });
        BOOST_TEST(flood.session.is_open());
        third->cancel();
        co_await finished(third);
        second->cancel();
        co_await finished(second);
    });
}

BOOST_AUTO_TEST_SUITE_END()
