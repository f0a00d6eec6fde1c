#pragma once

#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace arbalest::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// An io_context that a test's coroutines run on, for a bounded time.
class ContextFixture
{
public:
    asio::io_context context;

    /// Runs a coroutine function to its end, and rethrows what it throws. Fails the test when that takes too long.
    /// Whatever else is still going on then is left in the io_context.
    void run(std::function<asio::awaitable<void>()> test, std::chrono::seconds limit = 30s)
    {
        bool done = false;
        std::exception_ptr failure;
        asio::co_spawn(context, test(), [&](std::exception_ptr thrown) {
            done = true;
            failure = thrown;
            context.stop();
        });
        context.restart();
        context.run_for(limit);
        BOOST_REQUIRE_MESSAGE(done, "the test hangs");
        if (failure)
            std::rethrow_exception(failure);
    }

    /// Runs until nothing is left to be done. Returns false when that takes too long: then something was left running.
    bool run_dry(std::chrono::seconds limit = 20s)
    {
        context.restart();
        auto const end = std::chrono::steady_clock::now() + limit;
        while (std::chrono::steady_clock::now() < end) {
            if (context.run_one_for(limit) == 0)
                return true;
        }
        return false;
    }
};

/// A broker to run behaviour tests on: the one that ARBALEST_RABBITMQ_URL names, else an embedded one.
class BehaviourFixture : public ContextFixture
{
public:
    BehaviourFixture()
    {
        if (auto const* const named = std::getenv("ARBALEST_RABBITMQ_URL")) {
            url = named;
            is_real = true;
        } else {
            embedded.emplace(context.get_executor());
            embedded->listen();
            url = embedded->url();
        }
    }

    /// A destination of this test's own, so that tests on a real broker do not meet.
    std::string queue(std::string_view name = "q") const
    {
        return "/queue/arbalest-test-" + std::string(name) + unique();
    }
    std::string topic(std::string_view name = "t") const
    {
        return "/topic/arbalest-test-" + std::string(name) + unique();
    }

    asio::awaitable<StompSession> connect(StompConfig config = StompConfig()) const
    {
        StompClient client(std::move(config));
        return client.connect(url);
    }

    std::optional<EmbeddedBroker> embedded;
    std::string url;
    bool is_real = false;

private:
    static std::string unique()
    {
        static auto const run = std::chrono::system_clock::now().time_since_epoch().count();
        static int counter = 0;
        return "-" + std::to_string(run) + "-" + std::to_string(++counter);
    }
};

/// Suspends for a while; for tests in which nothing is supposed to happen.
inline asio::awaitable<void> pause(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

} // namespace arbalest::test
