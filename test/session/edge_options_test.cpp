#include "session/concurrency_check.hpp"
#include "support/raw_peer.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

// Options and hooks that only show at the edges of a connection.
namespace edge_options_test {

using namespace arbalest;
using namespace arbalest::test;

class EdgeLog : public Observer
{
public:
    void on_connecting(std::string_view) override { events.emplace_back("connecting"); }
    void on_transport_connected(std::string_view endpoint) override
    {
        events.push_back("transport " + std::string(endpoint));
    }
    void on_frame_sent(Frame const& frame) override { events.push_back("sent " + std::string(frame.command())); }
    void on_connected(Frame const&) override { events.emplace_back("connected"); }
    void on_heart_beat_sent() override { ++beats; }
    void on_lost(Failure const&) override { events.emplace_back("lost"); }

    std::vector<std::string> events;
    int beats = 0;
};

asio::awaitable<Frame> accept_with(RawPeer& peer, std::string connected)
{
    co_await peer.accept();
    auto frame = co_await peer.receive();
    co_await peer.send(std::move(connected));
    co_return frame;
}

/// Whether a process that does that is aborted.
bool is_aborted_by_itself(std::function<void()> const& action)
{
    auto const child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        std::freopen("/dev/null", "w", stderr);
        alarm(20);
        action();
        _exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    bool const has_exited = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool const is_aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    BOOST_TEST((has_exited || is_aborted), "it hangs, or ends in another way");
    return is_aborted;
}

// A thread that is in the middle of the session's work, and another one that comes in.
void enter_from_two_threads(bool asserts)
{
    detail::ConcurrencyCheck exclusive(asserts);
    detail::ConcurrencyCheck::Section const outer(exclusive);
    detail::ConcurrencyCheck::Section const nested(exclusive); // of the same thread: allowed
    std::thread([&exclusive] { detail::ConcurrencyCheck::Section const other(exclusive); }).join();
}

/// Holds up the thread that sends the first message, in the middle of it.
class HoldingInterceptor : public Interceptor
{
public:
    void on_outgoing(Frame& frame) override
    {
        if (frame.command() != "SEND" || held_.exchange(true))
            return;
        in_the_middle.set_value();
        go_on.get_future().wait();
    }

    std::promise<void> in_the_middle;
    std::promise<void> go_on;

private:
    std::atomic<bool> held_ = false;
};

// Two threads run the executor of a session, which is no strand, and each of them sends.
void send_from_two_threads()
{
    asio::io_context context;
    EmbeddedBroker broker(context.get_executor());
    broker.listen();
    auto const interceptor = std::make_shared<HoldingInterceptor>();
    StompConfig config;
    config.interceptor = interceptor;
    config.assert_no_concurrency = true;
    auto const opening = start(context.get_executor(), StompClient(config).connect(broker.url()));
    while (!opening->done)
        context.run_one();
    auto session = opening->value.value();
    auto const sending = start(context.get_executor(), session.send("/queue/q", "one"));
    std::thread other([&] { context.run(); });
    interceptor->in_the_middle.get_future().wait();
    auto const sending_another = start(context.get_executor(), session.send("/queue/q", "another"));
    // Without the check, a send waits until the hook has returned: it posts itself again and again.
    for (int i = 0; i < 100; ++i)
        context.poll_one();
    context.stop();
    interceptor->go_on.set_value();
    other.join();
}

BOOST_FIXTURE_TEST_SUITE(edge_options, ContextFixture)

BOOST_AUTO_TEST_CASE(the_stomp_command_opens_a_session)
{
    StompConfig config;
    config.connect_with_stomp_command = true;
    run([&, this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto const accepting =
            start(context.get_executor(), accept_with(peer, frame_bytes("CONNECTED\nversion:1.2\nheart-beat:0,0")));
        StompClient const client(config);
        auto session = co_await client.connect(peer.url());
        co_await finished(accepting);
        BOOST_TEST(accepting->value->command() == "STOMP");
        BOOST_TEST(accepting->value->header("accept-version").value_or("") == "1.2,1.1,1.0");
        session.start_disconnect();
        EmbeddedBroker broker(context.get_executor());
        broker.listen();
        auto other = co_await client.connect(broker.url());
        BOOST_TEST(other.is_open());
        co_await other.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(heart_beats_are_sent_after_a_part_of_the_period)
{
    auto const log = std::make_shared<EdgeLog>();
    StompConfig config;
    config.observer = log;
    config.heart_beat = HeartBeat(60s, 0s);
    config.heart_beat_tolerance.send_scale = 0.0005; // every 30 ms
    run([&, this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto const accepting =
            start(context.get_executor(), accept_with(peer, frame_bytes("CONNECTED\nversion:1.2\nheart-beat:0,60000")));
        StompClient const client(config);
        auto session = co_await client.connect(peer.url());
        co_await finished(accepting);
        co_await until([&] { return log->beats >= 3; });
        session.start_disconnect();
    });
}

BOOST_AUTO_TEST_CASE(the_transport_is_told_before_connect_is_sent)
{
    auto const log = std::make_shared<EdgeLog>();
    StompConfig config;
    config.observer = log;
    config.reconnect.emplace().initial = 1ms;
    run([&, this]() -> asio::awaitable<void> {
        EmbeddedBroker broker(context.get_executor());
        broker.listen();
        StompClient const client(config);
        auto session = co_await client.connect(broker.url());
        auto const endpoint = "transport 127.0.0.1:" + std::to_string(broker.port());
        std::vector<std::string> const expected{"connecting", endpoint, "sent CONNECT", "connected"};
        BOOST_TEST(log->events == expected, boost::test_tools::per_element());
        log->events.clear();
        broker.stop();
        broker.listen();
        co_await until([&] { return !log->events.empty() && log->events.back() == "connected"; });
        std::vector<std::string> const again{"lost", "connecting", endpoint, "sent CONNECT", "connected"};
        BOOST_TEST(log->events == again, boost::test_tools::per_element());
        session.start_disconnect();
    });
}

BOOST_AUTO_TEST_CASE(two_threads_in_a_session_are_noticed)
{
    BOOST_TEST(is_aborted_by_itself([] { enter_from_two_threads(true); }));
    BOOST_TEST(!is_aborted_by_itself([] { enter_from_two_threads(false); }));
}

BOOST_AUTO_TEST_CASE(operations_from_two_threads_at_once_are_noticed)
{
    BOOST_TEST(is_aborted_by_itself(send_from_two_threads));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace edge_options_test
