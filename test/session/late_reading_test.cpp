#include "support/certificates.hpp"
#include "support/raw_peer.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <future>
#include <thread>

// The executor was blocked for longer than a limit, and the timer is served before the socket: what lies unread there
// counts.
BOOST_FIXTURE_TEST_SUITE(late_reading, arbalest::test::ContextFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

constexpr auto period = 40ms; // a machine under load stands still for less
constexpr auto block = 80ms;  // longer than 1.5 periods

// Blocks the executor until the session's timer is due. When it returns, the timer's handler is queued, and nothing has
// been polled that comes from now on.
asio::awaitable<void> let_timer_become_due(std::chrono::milliseconds time = block)
{
    auto const executor = co_await asio::this_coro::executor;
    // The reactor runs between the two, for the second is posted behind it.
    co_await asio::post(executor, asio::use_awaitable);
    std::this_thread::sleep_for(time);
    co_await asio::post(executor, asio::use_awaitable);
}

StompConfig listening()
{
    StompConfig config;
    config.heart_beat = HeartBeat(0ms, period);
    return config;
}

asio::awaitable<StompSession> open(RawPeer& peer, StompConfig config, std::string heart_beat)
{
    auto const executor = co_await asio::this_coro::executor;
    StompClient const client(std::move(config));
    auto const connecting = start(executor, client.connect(peer.url()));
    co_await peer.accept();
    co_await peer.receive("CONNECT");
    co_await peer.send(frame_bytes("CONNECTED\nversion:1.2\nheart-beat:" + heart_beat));
    co_await finished(connecting);
    co_return connecting->value.value();
}

// A broker with an executor and a thread of its own, which is not blocked.
class BrokerApart
{
public:
    explicit BrokerApart(Listen kind) : broker_(context_.get_executor(), config_of())
    {
        broker_.listen(kind);
        url = broker_.url(kind);
        thread_ = std::thread([this] { context_.run(); });
    }
    BrokerApart(BrokerApart const&) = delete;
    BrokerApart& operator=(BrokerApart const&) = delete;
    ~BrokerApart()
    {
        broker_.stop();
        work_.reset();
        context_.stop();
        thread_.join();
    }

    // Blocks until no heart-beat is under way any more.
    void fall_silent()
    {
        broker_.faults().fall_silent();
        let_broker_run();
    }

    // Blocks until the broker has sent a message.
    void publish(std::string const& destination)
    {
        auto const before = broker_.stats(destination).delivered;
        broker_.faults().fall_silent(false);
        broker_.publish(destination, "x");
        while (broker_.stats(destination).delivered == before)
            std::this_thread::sleep_for(100us);
        let_broker_run();
    }

    static TestAuthority& authority()
    {
        static TestAuthority only;
        return only;
    }

    std::string url;

private:
    // Blocks until what the broker has begun to write is in the socket.
    void let_broker_run()
    {
        for (int step = 0; step < 20; ++step) {
            std::promise<void> done;
            asio::post(context_, [&] { done.set_value(); });
            done.get_future().wait();
        }
    }

    static BrokerConfig config_of()
    {
        CertificateRequest request;
        request.ip_addresses.emplace_back("127.0.0.1");
        static auto const certificate = authority().issue(request);
        BrokerConfig config;
        config.heart_beat = HeartBeat(period, 0ms);
        config.tls.certificate_file = certificate.certificate_file;
        config.tls.private_key_file = certificate.key_file;
        return config;
    }

    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    EmbeddedBroker broker_;
    std::thread thread_;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_heart_beat_in_the_socket_is_read_before_silence_is_judged)
{
    run([this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto session = co_await open(peer, listening(), "10,0");
        for (int round = 0; round < 6; ++round) {
            // The first beat has three periods.
            co_await let_timer_become_due(round == 0 ? 3 * block : block);
            co_await peer.send("\n");
            co_await others_go_on(5);
            BOOST_REQUIRE(session.is_open());
        }
        auto const cause = co_await session.closed();
        BOOST_TEST(is<MissingHeartBeat>(cause), cause.what());
    });
}

BOOST_AUTO_TEST_CASE(a_receipt_in_the_socket_is_read_before_it_is_called_lost)
{
    run([this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto session = co_await open(peer, StompConfig(), "0,0");
        for (int round = 0; round < 6; ++round) {
            OutgoingMessage message("/queue/a", "x");
            message.with_receipt().receipt_timeout(period);
            auto const sending = start(session.get_executor(), session.send(message));
            auto const frame = co_await peer.receive("SEND");
            co_await let_timer_become_due();
            auto const answer = frame_bytes("RECEIPT\nreceipt-id:" + std::string(frame.header("receipt").value()));
            co_await peer.send(answer);
            co_await finished(sending);
            BOOST_REQUIRE_MESSAGE(!sending->failure, sending->failure.what());
        }
        OutgoingMessage message("/queue/a", "x");
        message.with_receipt().receipt_timeout(period);
        auto const lost = co_await failure_of(session.send(message));
        BOOST_TEST(is<LostReceipt>(lost), lost.what());
    });
}

BOOST_AUTO_TEST_CASE(on_every_transport)
{
    for (auto const kind : {Listen::tcp, Listen::tls, Listen::websocket, Listen::secure_websocket}) {
        BOOST_TEST_CONTEXT("transport " << static_cast<int>(kind))
        {
            BrokerApart broker(kind);
            run([&]() -> asio::awaitable<void> {
                auto config = listening();
                config.tls.ca_file = BrokerApart::authority().ca_file();
                StompClient const client(config);
                auto session = co_await client.connect(broker.url);
                auto inbox = co_await session.subscribe("/queue/late");
                co_await session.flush();
                for (int round = 0; round < 4; ++round) {
                    broker.fall_silent();
                    co_await others_go_on(5); // what had come is read
                    co_await let_timer_become_due(round == 0 ? 3 * block : block);
                    broker.publish("/queue/late");
                    auto const message = co_await failure_of(inbox.next());
                    BOOST_REQUIRE_MESSAGE(!message, message.what());
                }
                co_await session.disconnect();
            });
        }
    }
}

// Also while a slow consumer keeps the session from reading.
BOOST_AUTO_TEST_CASE(while_reading_is_suspended)
{
    run([this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto config = listening();
        config.subscription_buffer.messages = 1;
        auto session = co_await open(peer, config, "10,0");
        SubscribeOptions how;
        how.id("a");
        auto inbox = co_await session.subscribe("/queue/a", how);
        co_await peer.send(frame_bytes("MESSAGE\nsubscription:a\nmessage-id:1\ndestination:/queue/a", "x"));
        co_await until([&] { return inbox.buffered() == 1; });
        for (int round = 0; round < 4; ++round) {
            co_await let_timer_become_due(round == 0 ? 3 * block : block);
            co_await peer.send("\n");
            co_await others_go_on(5);
            BOOST_REQUIRE(session.is_open());
        }
        auto const cause = co_await session.closed();
        BOOST_TEST(is<MissingHeartBeat>(cause), cause.what());
    });
}

BOOST_AUTO_TEST_SUITE_END()
