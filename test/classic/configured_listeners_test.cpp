#include "recorder.hpp"
#include "support/session_tools.hpp"

#include <boost/asio/thread_pool.hpp>

#include <future>
#include <stdexcept>
#include <thread>

// Listeners of a configuration: it may make several sessions.
BOOST_FIXTURE_TEST_SUITE(configured_listeners, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;
using classic::get_listener;
using classic::remove_listener;
using classic::set_listener;

BOOST_AUTO_TEST_CASE(one_session_after_the_other)
{
    auto const recorder = std::make_shared<Recorder>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        set_listener(config, "recorder", recorder);
        auto first = co_await connect(config);
        auto second = co_await connect(config);
        co_await first.disconnect();
        co_await until([&] { return !recorder->only({"receiver_loop_completed"}).empty(); });
        auto inbox = co_await second.subscribe("/queue/a");
        OutgoingMessage message("/queue/a");
        message.body("x").with_receipt();
        co_await second.send(std::move(message));
        co_await inbox.receive();
        co_await second.disconnect();
    });
    auto const trace = recorder->only({"connecting", "connected", "message", "disconnected", "receiver"});
    BOOST_TEST(trace == (Trace{"connecting", "connected", "connecting", "connected", "disconnected",
                               "receiver_loop_completed RECEIPT", "message x", "disconnected",
                               "receiver_loop_completed RECEIPT"}),
               line_of(trace));
    BOOST_TEST(recorder->only({"receipt"}).size() == 3u); // of a message, and of two DISCONNECTs
}

BOOST_AUTO_TEST_CASE(two_sessions_at_once_on_threads_of_their_own)
{
    auto const recorder = std::make_shared<Recorder>();
    StompConfig config;
    set_listener(config, "recorder", recorder);
    constexpr int messages = 200;
    auto const send_some = [&](int number) {
        BrokerThread broker;
        asio::io_context own;
        asio::co_spawn(
            own,
            [&]() -> asio::awaitable<void> {
                StompClient client(config);
                auto session = co_await client.connect(broker.broker.url());
                auto inbox = co_await session.subscribe("/queue/a");
                for (int i = 0; i < messages; ++i) {
                    co_await session.send("/queue/a", std::to_string(number));
                    co_await inbox.receive();
                }
                co_await session.disconnect();
            },
            [](std::exception_ptr failure) {
                if (failure)
                    std::rethrow_exception(failure);
            });
        own.run();
    };
    std::thread other([&] { send_some(2); });
    send_some(1);
    other.join();
    BOOST_TEST(recorder->only({"message 1"}).size() == static_cast<std::size_t>(messages));
    BOOST_TEST(recorder->only({"message 2"}).size() == static_cast<std::size_t>(messages));
    BOOST_TEST(recorder->only({"connecting"}).size() == 2u);
    BOOST_TEST(recorder->only({"disconnected"}).size() == 2u);
    BOOST_TEST(recorder->only({"receiver_loop_completed RECEIPT"}).size() == 2u);
}

BOOST_AUTO_TEST_CASE(listeners_of_a_session_are_not_those_of_its_configuration)
{
    auto const shared = std::make_shared<Recorder>();
    auto const hidden = std::make_shared<Recorder>();
    auto const own = std::make_shared<Recorder>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        set_listener(config, "shared", shared);
        set_listener(config, "replaced", hidden);
        auto first = co_await connect(config);
        auto second = co_await connect(config);
        set_listener(first, "replaced", own);
        BOOST_TEST((get_listener(first, "replaced") == own));
        BOOST_TEST((get_listener(second, "replaced") == hidden));
        BOOST_TEST((get_listener(config, "replaced") == hidden));
        co_await first.send("/queue/a", "x");
        BOOST_TEST(own->only({"send SEND"}).size() == 1u);
        BOOST_TEST(hidden->only({"send SEND"}).empty());
        BOOST_TEST(remove_listener(second, "shared"));
        BOOST_TEST(!get_listener(config, "shared"));
        BOOST_TEST(!get_listener(first, "shared"));
        co_await first.disconnect();
        co_await second.disconnect();
    });
    BOOST_TEST(shared->only({"disconnecting"}).empty());
    BOOST_TEST(hidden->only({"disconnecting"}).size() == 1u);
    BOOST_TEST(own->only({"disconnecting"}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_interceptor_that_was_there_comes_first)
{
    class Marking : public Interceptor
    {
    public:
        void on_outgoing(Frame& frame) override { frame.set_header("marked", "yes"); }
        bool on_incoming(Frame& frame) override { return frame.body() != "swallowed"; }
    };
    class Looking : public Recorder
    {
    public:
        void on_send(Frame& frame) override { add("marked " + std::string(frame.header("marked").value_or("no"))); }
    };
    auto const looking = std::make_shared<Looking>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.interceptor = std::make_shared<Marking>();
        set_listener(config, "looking", looking);
        auto session = co_await connect(config);
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "swallowed");
        co_await session.send("/queue/a", "x");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "x");
        co_await session.disconnect();
    });
    BOOST_TEST(looking->only({"marked no"}).empty());
    BOOST_TEST(looking->only({"message"}) == Trace{"message x"});
}

// Observers are promised to be called on the session's executor.
BOOST_AUTO_TEST_CASE(what_a_listener_elsewhere_throws_is_reported_on_the_executor)
{
    class Throwing : public classic::ConnectionListener
    {
    public:
        void on_message(Frame const&) override { throw std::runtime_error("mine"); }
    };
    class Watching : public Observer
    {
    public:
        void on_callback_failed(std::string_view callback, Failure const&) override
        {
            log.add(std::string(callback) + (std::this_thread::get_id() == expected ? " here" : " elsewhere"));
        }
        std::thread::id const expected = std::this_thread::get_id();
        Recorder log;
    };
    asio::thread_pool pool(1);
    auto const watching = std::make_shared<Watching>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.observer = watching;
        set_listener(config, "throwing", std::make_shared<Throwing>(), pool.get_executor());
        auto session = co_await connect(config);
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "x");
        co_await inbox.receive();
        co_await until([&] { return !watching->log.trace().empty(); });
        co_await session.disconnect();
    });
    BOOST_TEST(watching->log.trace() == Trace{"throwing.on_message here"}, line_of(watching->log.trace()));
}

namespace {

/// Holds its executor's thread in on_message until the test lets it go on.
class Held : public Recorder
{
public:
    void on_message(Frame const& frame) override
    {
        released_.wait();
        Recorder::on_message(frame);
    }
    void release() { go_on_.set_value(); }

private:
    std::promise<void> go_on_;
    std::shared_future<void> released_ = go_on_.get_future().share();
};

void publish_some(EmbeddedBroker& broker, std::size_t messages, std::size_t size)
{
    for (std::size_t i = 0; i < messages; ++i)
        broker.publish("/queue/a", std::string(size, 'x'));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_slow_listener_elsewhere_stops_reading_as_a_slow_consumer_does)
{
    asio::thread_pool pool(1);
    auto const held = std::make_shared<Held>();
    constexpr std::size_t messages = 300;
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(0ms, 0ms);
        config.subscription_buffer.messages = 10;
        set_listener(config, "held", held, pool.get_executor());
        auto session = co_await connect(config);
        publish_some(broker, messages, 100'000);
        SubscriptionBuffer large; // not what stops reading
        large.bytes = large.hard_limit = std::size_t{1} << 30;
        SubscribeOptions options;
        options.buffer(large);
        auto inbox = co_await session.subscribe("/queue/a", options);
        co_await until([&] { return session.stats().messages_received >= 10; });
        co_await pause(50ms);
        auto const received = session.stats().messages_received;
        BOOST_TEST(received < messages / 2);
        held->release();
        // What is buffered is taken without waiting, which would make the session read.
        std::size_t taken = 0;
        co_await until([&] {
            while (inbox.try_receive())
                ++taken;
            return taken == messages;
        });
        co_await session.disconnect();
    });
    held->wait_for("receiver_loop_completed");
    BOOST_TEST(held->only({"message"}).size() == messages);
}

BOOST_AUTO_TEST_CASE(a_listener_elsewhere_that_falls_too_far_behind_is_cut_off)
{
    class Failures : public Observer
    {
    public:
        void on_callback_failed(std::string_view callback, Failure const& failure) override
        {
            log.push_back(std::string(callback) + (is<SlowConsumer>(failure) ? " slow" : " other"));
        }
        Trace log;
    };
    asio::thread_pool pool(1);
    auto const held = std::make_shared<Held>();
    auto const failures = std::make_shared<Failures>();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.observer = failures;
        config.subscription_buffer.bytes = config.subscription_buffer.hard_limit = 10'000;
        set_listener(config, "held", held, pool.get_executor());
        auto session = co_await connect(config);
        SubscribeOptions options;
        options.buffer(SubscriptionBuffer());
        auto inbox = co_await session.subscribe("/queue/a", options);
        publish_some(broker, 100, 1'000);
        for (int i = 0; i < 100; ++i)
            co_await inbox.receive(); // somebody waits, so the session reads on
        BOOST_TEST(failures->log == Trace{"held.on_message slow"}, line_of(failures->log));
        held->release();
        held->wait_for("message");
        co_await session.disconnect();
    });
    held->wait_for("receiver_loop_completed RECEIPT");
    auto const messages = held->only({"message"}).size();
    BOOST_TEST(messages >= 2u);
    BOOST_TEST(messages < 20u);
}

BOOST_AUTO_TEST_SUITE_END()
