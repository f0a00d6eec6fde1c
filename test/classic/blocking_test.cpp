#include "recorder.hpp"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <future>
#include <limits>
#include <optional>

// What a blocking operation waits for, and for how long; what is refused before anything is waited for.
BOOST_AUTO_TEST_SUITE(blocking)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

/// Whether every blocking member is refused on a thread that runs this executor's context.
template <class Context>
void check_refused(Context& context, asio::any_io_executor const& executor, BrokerThread const& broker)
{
    Connection12 connection(executor, broker.options());
    connection.connect("", "", true);
    std::promise<void> done;
    asio::post(context, [&] {
        BOOST_CHECK_THROW(connection.send("x", "/queue/a"), OperationInProgress);
        BOOST_CHECK_THROW(connection.connect(), OperationInProgress);
        BOOST_CHECK_THROW(connection.disconnect(), OperationInProgress);
        BOOST_CHECK_THROW(connection.stop(), OperationInProgress);
        done.set_value();
    });
    bool const is_done = done.get_future().wait_for(wait_limit) == std::future_status::ready;
    BOOST_REQUIRE(is_done);
    connection.send("x", "/queue/a");
    connection.disconnect();
}

} // namespace

BOOST_AUTO_TEST_CASE(on_a_thread_that_runs_the_context_outside_of_the_strand)
{
    BrokerThread broker;
    asio::io_context context;
    auto work = asio::make_work_guard(context);
    std::thread thread([&] { context.run(); });
    asio::any_io_executor const plain = context.get_executor();
    check_refused(context, plain, broker);
    check_refused(context, asio::make_strand(context), broker);
    check_refused(context, asio::make_strand(plain), broker);
    check_refused(context, asio::make_strand(asio::any_io_executor(asio::make_strand(context))), broker);
    check_refused(context, asio::prefer(context.get_executor(), asio::execution::outstanding_work.tracked), broker);
    asio::thread_pool pool(1);
    check_refused(pool, pool.get_executor(), broker);
    check_refused(pool, asio::make_strand(pool), broker);
    work.reset();
    thread.join();
}

BOOST_AUTO_TEST_CASE(the_context_was_stopped)
{
    BrokerThread broker;
    asio::io_context context;
    std::optional work(asio::make_work_guard(context));
    std::thread thread([&] { context.run(); });
    auto options = broker.options();
    options.timeout = Seconds(0.5);
    auto const recorder = std::make_shared<Recorder>();
    auto const begin = std::chrono::steady_clock::now();
    {
        Connection12 connection(asio::make_strand(context), options);
        connection.set_listener("recorder", recorder);
        connection.connect("", "", true);
        context.stop();
        thread.join();
        BOOST_CHECK_THROW(connection.send("x", "/queue/a"), Timeout);
        BOOST_TEST(connection.stop());
        BOOST_CHECK_THROW(connection.send("x", "/queue/a"), SessionClosed);
    }
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 8s));
    BOOST_TEST(recorder->only({"disconnected"}).size() == 1u);
    // What could not be sent then is not sent later.
    work.reset();
    context.restart();
    context.run_for(wait_limit);
    BOOST_TEST(broker.broker.queue_depth("/queue/a") == 0u);
}

BOOST_AUTO_TEST_CASE(a_limit_of_zero_and_one_that_no_clock_can_count)
{
    BrokerThread broker;
    for (double const limit : {0.0, 1e300, std::numeric_limits<double>::infinity()}) {
        BOOST_TEST_CONTEXT(limit)
        {
            auto options = broker.options();
            options.timeout = Seconds(limit);
            Connection12 connection(options);
            auto const listener = std::make_shared<TestListener>("r", true, [](std::string_view) {});
            connection.set_listener("test", listener);
            connection.connect("", "", true);
            connection.subscribe("/queue/a");
            connection.send("x", "/queue/a", "", {{"receipt", "r"}});
            BOOST_TEST(listener->wait_on_receipt(std::chrono::nanoseconds::max()));
            BOOST_TEST(listener->wait_for_message(std::chrono::nanoseconds::max()).has_value());
            connection.disconnect();
            BOOST_TEST(connection.stop(std::chrono::nanoseconds::max()));
        }
    }
    for (double const limit : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
        auto options = broker.options();
        options.timeout = Seconds(limit);
        BOOST_CHECK_THROW(Connection12{options}, std::invalid_argument);
    }
}

BOOST_AUTO_TEST_CASE(hosts_that_are_none)
{
    using namespace std::string_literals;
    for (auto const& host : {"127.0.0.1\0.secret"s, "user:secret@host"s, "host/secret"s, "secret\nhost"s, "[::1]"s}) {
        ConnectionOptions options({{"127.0.0.1", 61613}, {host, 61613}});
        ConnectionOptions binding({{"127.0.0.1", 61613}});
        binding.bind_host_port = HostAndPort(host, 0);
        for (auto const& refused : {options, binding}) {
            try {
                Connection12 connection(refused);
                BOOST_ERROR("a host was taken that is none");
            } catch (std::invalid_argument const& error) {
                BOOST_TEST(std::string(error.what()).find("secret") == std::string::npos, error.what());
            }
        }
    }
    Connection12 v6({{"fe80::1%eth0", 61613}, {"::1", 61613}, {"a_host.example", 61613}});
    BOOST_TEST(v6.host_and_ports().size() >= 3u);
}

namespace {

/// Is never read or written.
class UnusedTransport : public Transport
{
public:
    explicit UnusedTransport(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    asio::any_io_executor get_executor() override { return executor_; }
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer) override { co_return 0; }
    asio::awaitable<std::size_t> write_some(asio::const_buffer, std::span<std::size_t const>) override { co_return 0; }
    asio::awaitable<void> close(CloseReason) override { co_return; }
    void abort() noexcept override {}
    std::string remote_endpoint() const override { return "nowhere:1"; }

private:
    asio::any_io_executor executor_;
};

} // namespace

BOOST_AUTO_TEST_CASE(an_open_web_socket_is_taken_once)
{
    asio::io_context context;
    for (int round = 0; round < 200; ++round) {
        OpenWebSocket const open(std::make_unique<UnusedTransport>(context.get_executor()));
        std::atomic<int> ready = 0;
        std::atomic<int> taken = 0;
        auto const take = [&, copy = open] {
            ++ready;
            while (ready < 2)
                std::this_thread::yield();
            if (copy.take(WebSocketOptions()))
                ++taken;
        };
        std::thread other(take);
        take();
        other.join();
        BOOST_TEST(taken == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
