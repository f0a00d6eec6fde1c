#include "support/raw_peer.hpp"

// A buffer is full, reading is suspended, and the peer, whose output is stuck, does not read either before we do.
// Whatever then waits for the peer makes reading go on.
BOOST_FIXTURE_TEST_SUITE(suspended_waits, arbalest::test::ContextFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

constexpr std::size_t soft_limit = 10;
// More than fits into the buffers of both sockets.
constexpr std::size_t much = std::size_t{12} << 20;

std::string message_to(std::string_view subscription, std::size_t size)
{
    std::string head = "MESSAGE\nmessage-id:1\nack:1\ndestination:/queue/x\nsubscription:";
    head += subscription;
    return frame_bytes(head, std::string(size, 'x'));
}

// A broker that handles one frame after the other, and when it is told to, sends more than anybody wants to read.
class StuckBroker
{
public:
    explicit StuckBroker(asio::io_context& context) : peer_(context) {}

    std::string url() const { return peer_.url(); }
    bool is_stuck() const { return flooding_ && !flooded_; }

    asio::awaitable<void> serve()
    {
        co_await peer_.accept_session();
        for (;;) {
            auto const frame = co_await peer_.receive();
            auto const command = frame.command();
            auto const id = std::string(frame.header("id").value_or(""));
            if (frame.header("destination") == "/queue/flood") {
                co_await flood();
                co_await peer_.send(message_to("other", 1));
            }
            if (auto const receipt = frame.header("receipt")) {
                auto const answer = frame_bytes("RECEIPT\nreceipt-id:" + std::string(*receipt));
                co_await peer_.send(answer);
            }
            // Whoever subscribes to "other" is sent one message before the flood.
            if (command == "SUBSCRIBE" && id == "other")
                co_await peer_.send(message_to("other", 1));
        }
    }

private:
    asio::awaitable<void> flood()
    {
        flooding_ = true;
        std::string bytes;
        while (bytes.size() < much)
            bytes += message_to("slow", 10'000);
        co_await peer_.send(std::move(bytes));
        flooded_ = true;
    }

    RawPeer peer_;
    bool flooding_ = false;
    bool flooded_ = false;
};

class SuspendedSession
{
public:
    explicit SuspendedSession(asio::io_context& context) : broker(context) {}

    StuckBroker broker;
    StompSession session;
    Subscription slow;
    Subscription other; // with one message of it delivered and not settled, and one that comes behind the flood
    Message message;
    Transaction transaction;

    asio::awaitable<void> begin(StompConfig config)
    {
        auto const executor = co_await asio::this_coro::executor;
        serving_ = start(executor, broker.serve());
        config.heart_beat = HeartBeat(0ms, 0ms);
        config.receipt_timeout = config.disconnect_timeout = 0ms;
        StompClient const client(std::move(config));
        session = co_await client.connect(broker.url());
        SubscribeOptions how(AckMode::client_individual);
        how.id("other");
        other = co_await session.subscribe("/queue/other", how);
        message = co_await other.receive();
        transaction = co_await session.begin();
        SubscriptionBuffer buffer;
        buffer.messages = soft_limit;
        SubscribeOptions slowly;
        slowly.id("slow").buffer(buffer);
        slow = co_await session.subscribe("/queue/slow", slowly);
        Frame flood("SEND");
        flood.add_header("destination", "/queue/flood");
        co_await session.send_raw(std::move(flood));
        co_await until([&] { return slow.buffered() >= soft_limit; });
        for (std::uint64_t before = 0; before != session.stats().bytes_received;) {
            before = session.stats().bytes_received;
            co_await pause(20ms);
        }
        BOOST_REQUIRE(broker.is_stuck());
        BOOST_REQUIRE(other.buffered() == 0u);
    }

    asio::awaitable<void> end()
    {
        serving_->cancel();
        co_await finished(serving_);
    }

private:
    std::shared_ptr<Task<void>> serving_;
};

class SuspendedOperation
{
public:
    std::string name;
    std::function<asio::awaitable<void>(SuspendedSession&)> run;
    std::function<void(StompConfig&)> configure = [](StompConfig& config) { config.auto_receipt = true; };
};

// More than the sockets hold, so that it is written only when the peer reads.
asio::awaitable<void> send_much(StompSession session)
{
    OutgoingMessage message("/queue/b", std::string(much, 'y'));
    co_await session.send(std::move(message));
}

std::vector<SuspendedOperation> suspended_operations()
{
    std::vector<SuspendedOperation> all;
    auto const add = [&all](std::string name, std::function<asio::awaitable<void>(SuspendedSession&)> run) {
        all.push_back({std::move(name), std::move(run)});
    };
    add("send", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.session.send("/queue/b", "x"); });
    add("submit and confirmed", [](SuspendedSession& s) -> asio::awaitable<void> {
        auto pending = co_await s.session.submit("/queue/b", "x");
        co_await pending.confirmed();
    });
    add("send_raw", [](SuspendedSession& s) -> asio::awaitable<void> {
        Frame frame("SEND");
        frame.add_header("destination", "/queue/b");
        frame.add_header("receipt", "raw-1");
        co_await s.session.send_raw(std::move(frame));
    });
    add("subscribe", [](SuspendedSession& s) -> asio::awaitable<void> {
        auto const subscription = co_await s.session.subscribe("/queue/b");
    });
    add("unsubscribe", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.other.unsubscribe(); });
    add("ack", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.session.ack(s.message); });
    add("nack", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.session.nack(s.message); });
    add("begin",
        [](SuspendedSession& s) -> asio::awaitable<void> { auto const transaction = co_await s.session.begin(); });
    add("commit", [](SuspendedSession& s) -> asio::awaitable<void> {
        co_await s.transaction.send("/queue/b", "x");
        co_await s.transaction.commit();
    });
    add("abort", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.transaction.abort(); });
    add("next", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.other.next(); });
    add("receive", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.other.receive(); });
    add("next_for", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.other.next_for(1h); });
    add("ready", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.other.ready(); });
    add("disconnect", [](SuspendedSession& s) -> asio::awaitable<void> { co_await s.session.disconnect(); });

    auto const no_receipts = [](StompConfig&) {};
    auto const add_writing = [&](std::string name, std::function<asio::awaitable<void>(SuspendedSession&)> run) {
        all.push_back({std::move(name), std::move(run), no_receipts});
    };
    add_writing("flush", [](SuspendedSession& s) -> asio::awaitable<void> {
        co_await send_much(s.session); // into the empty buffer
        co_await s.session.flush();
    });
    add_writing("a sender that waits for room", [](SuspendedSession& s) -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i)
            co_await send_much(s.session);
    });
    add_writing("an ack that waits for room", [](SuspendedSession& s) -> asio::awaitable<void> {
        for (int i = 0; i < 2; ++i)
            co_await send_much(s.session);
        co_await s.session.ack(s.message);
    });
    add_writing("disconnect behind a full buffer", [](SuspendedSession& s) -> asio::awaitable<void> {
        co_await send_much(s.session);
        co_await s.session.disconnect();
    });
    all.push_back({"send without a buffer",
                   [](SuspendedSession& s) -> asio::awaitable<void> { co_await send_much(s.session); },
                   [](StompConfig& config) { config.write_buffer.limit = 0; }});
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(whatever_needs_the_peer_makes_reading_go_on)
{
    for (bool const reconnects : {false, true}) {
        for (auto const& operation : suspended_operations()) {
            BOOST_TEST_CONTEXT(operation.name << (reconnects ? ", reconnecting" : ""))
            {
                run(
                    [&]() -> asio::awaitable<void> {
                        StompConfig config;
                        operation.configure(config);
                        if (reconnects)
                            config.reconnect.emplace();
                        SuspendedSession suspended(context);
                        co_await suspended.begin(config);
                        auto const running = start(context.get_executor(), operation.run(suspended));
                        co_await finished(running);
                        BOOST_TEST(!running->failure, running->failure.what());
                        BOOST_TEST(!suspended.broker.is_stuck());
                        co_await suspended.end();
                    },
                    60s);
            }
        }
    }
}

namespace {

class SuspendedObservation
{
public:
    std::string name;
    std::function<asio::awaitable<void>(StompSession)> run;
};

SuspendedObservation const observations[] = {
    {"closed", [](StompSession session) -> asio::awaitable<void> { co_await session.closed(); }},
    {"connection_events",
     [](StompSession session) -> asio::awaitable<void> {
         auto events = session.connection_events();
         while (auto const event = co_await events.next()) {
         }
     }},
};

} // namespace

// Without heart-beats nothing else would look.
BOOST_AUTO_TEST_CASE(who_observes_sees_the_end)
{
    for (auto const& observation : observations) {
        BOOST_TEST_CONTEXT(observation.name)
        {
            run([&]() -> asio::awaitable<void> {
                auto const executor = co_await asio::this_coro::executor;
                RawPeer peer(context);
                StompConfig config;
                config.heart_beat = HeartBeat(0ms, 0ms);
                config.subscription_buffer.messages = soft_limit;
                StompClient const client(config);
                auto const connecting = start(executor, client.connect(peer.url()));
                co_await peer.accept_session();
                co_await finished(connecting);
                auto session = connecting->value.value();
                SubscribeOptions how;
                how.id("slow");
                auto slow = co_await session.subscribe("/queue/slow", how);
                // One begins before reading is suspended, one after.
                auto const before = start(executor, observation.run(session));
                for (std::size_t i = 0; i < soft_limit; ++i)
                    co_await peer.send(message_to("slow", 1));
                co_await until([&] { return slow.buffered() == soft_limit; });
                auto const after = start(executor, observation.run(session));
                co_await others_go_on();
                peer.close();
                co_await finished(before);
                co_await finished(after);
                BOOST_TEST(!session.is_open());
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(who_observes_does_not_resume_reading)
{
    for (auto const& observation : observations) {
        BOOST_TEST_CONTEXT(observation.name)
        {
            run([&]() -> asio::awaitable<void> {
                SuspendedSession suspended(context);
                co_await suspended.begin(StompConfig());
                auto const before = suspended.session.stats().bytes_received;
                auto const observing = start(context.get_executor(), observation.run(suspended.session));
                co_await until([&] { return suspended.session.stats().bytes_received != before; });
                // A look now and then, and no more.
                BOOST_TEST(suspended.session.stats().bytes_received - before <= 4 * 4096u);
                BOOST_TEST(suspended.broker.is_stuck());
                BOOST_TEST(!observing->done);
                observing->cancel();
                co_await finished(observing);
                co_await suspended.end();
            });
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
