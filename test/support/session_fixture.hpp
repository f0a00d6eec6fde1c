#pragma once

#include "certificates.hpp"
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
    void run(std::function<asio::awaitable<void>()> test, std::chrono::seconds limit = 120s)
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

    /// Runs until the context has run out of work. Returns false when that takes too long: then something was left
    /// running, a timer or an operation on a socket for instance.
    bool run_dry(std::chrono::milliseconds limit = 20s)
    {
        context.restart();
        auto const end = std::chrono::steady_clock::now() + limit;
        while (!context.stopped() && std::chrono::steady_clock::now() < end)
            context.run_one_until(end);
        return context.stopped();
    }
};

/// A broker to run behaviour tests on: the one that ARBALEST_BROKER_URL names, whose certificate the authority in the
/// file ARBALEST_BROKER_CA has signed; else an embedded one, which is reached in the way that ARBALEST_TEST_TRANSPORT
/// says: tcp, tls, websocket, secure_websocket or sockjs.
class BehaviourFixture : public ContextFixture
{
public:
    BehaviourFixture()
    {
        if (auto const* const named = std::getenv("ARBALEST_BROKER_URL")) {
            url = named;
            is_real = true;
            if (auto const* const file = std::getenv("ARBALEST_BROKER_CA"))
                ca_file = file;
            return;
        }
        auto const kind = chosen_transport();
        BrokerConfig config;
        if (kind == Listen::tls || kind == Listen::secure_websocket) {
            static TestAuthority authority;
            static auto const certificate = issue_for_loopback(authority);
            config.tls.certificate_file = certificate.certificate_file;
            config.tls.private_key_file = certificate.key_file;
            ca_file = authority.ca_file();
        }
        config.websocket.sockjs_path = "/sockjs";
        embedded.emplace(context.get_executor(), config);
        embedded->listen(kind);
        url = embedded->url(kind);
        if (chosen_name() == "sockjs") {
            url = "sockjs+http://127.0.0.1:" + std::to_string(embedded->port(kind)) + config.websocket.sockjs_path;
            carries_any_bytes = false;
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

    /// With what it takes to reach this broker.
    StompConfig settings(StompConfig config = StompConfig()) const
    {
        config.tls.ca_file = ca_file;
        // RabbitMQ 3.10 closes a Web STOMP connection when its flow control lets go of it again, if it was promised
        // heart-beats ("unexpected_message,resume" of its heart-beat receiver).
        if (is_real && url.starts_with("ws") && config.heart_beat.send == StompConfig().heart_beat.send)
            config.heart_beat.send = 0ms;
        return config;
    }

    asio::awaitable<StompSession> connect(StompConfig config = StompConfig()) const
    {
        StompClient client(settings(std::move(config)));
        return client.connect(url);
    }

    std::optional<EmbeddedBroker> embedded;
    std::string url;
    std::string ca_file;
    bool is_real = false;
    /// Else text in UTF-8 only.
    bool carries_any_bytes = true;

private:
    static std::string_view chosen_name()
    {
        auto const* const named = std::getenv("ARBALEST_TEST_TRANSPORT");
        return named ? named : "tcp";
    }

    static Listen chosen_transport()
    {
        auto const name = chosen_name();
        if (name == "tls")
            return Listen::tls;
        if (name == "websocket" || name == "sockjs")
            return Listen::websocket;
        if (name == "secure_websocket")
            return Listen::secure_websocket;
        BOOST_REQUIRE_EQUAL(name, "tcp");
        return Listen::tcp;
    }

    static IssuedCertificate issue_for_loopback(TestAuthority& authority)
    {
        CertificateRequest request;
        request.ip_addresses.emplace_back("127.0.0.1");
        return authority.issue(request);
    }

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
