// A producer and a consumer whose broker goes away in the middle, and comes back. Neither of them has a line of code
// for that. Usage: reconnecting [URL]     on a broker of one's own: stop it and start it again while this runs

#include "run_sample.hpp"
#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <iostream>
#include <set>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

std::string const destination = "/queue/arbalest.reconnecting";
constexpr int count = 20;

asio::awaitable<void> sleep_for(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

// Returns when the broker has confirmed every order, however often it went away meanwhile.
asio::awaitable<void> produce(arbalest::StompSession session)
{
    for (int i = 1; i <= count; ++i) {
        arbalest::OutgoingMessage order(destination, "order " + std::to_string(i));
        order.header("persistent", "true").with_receipt();
        co_await session.send(std::move(order));
        co_await sleep_for(25ms);
    }
    std::cout << "all " << count << " orders are confirmed\n";
}

// An order may come twice: when its receipt, or our ack, was lost together with the connection.
asio::awaitable<void> consume(arbalest::StompSession session, arbalest::Subscription inbox)
{
    std::set<std::string> known;
    while (known.size() < count) {
        auto message = co_await inbox.receive();
        bool const is_new = known.emplace(message.body()).second;
        std::cout << (is_new ? "got " : "got again ") << message.body() << '\n';
        co_await session.ack(message);
    }
    co_await session.disconnect();
}

asio::awaitable<void> look_on(arbalest::ConnectionEvents events)
{
    while (auto event = co_await events.next()) {
        std::cout << "    -- " << to_string(event->state);
        if (event->state == arbalest::ConnectionEvent::State::waiting)
            std::cout << ' ' << event->delay.count() << " ms";
        if (event->cause)
            std::cout << ": " << event->cause.what();
        std::cout << '\n';
    }
}

// What an administrator does, or a power failure.
asio::awaitable<void> trouble(arbalest::EmbeddedBroker& broker)
{
    co_await sleep_for(150ms);
    broker.stop();
    co_await sleep_for(300ms);
    broker.listen();
}

asio::awaitable<void> reconnecting(std::string url, arbalest::EmbeddedBroker* broker)
{
    auto const executor = co_await asio::this_coro::executor;
    if (broker)
        asio::co_spawn(executor, trouble(*broker), asio::detached);

    arbalest::StompConfig config;
    config.reconnect.emplace();
    arbalest::StompClient client(config);
    auto session = co_await client.connect(url);
    auto inbox = co_await session.subscribe(destination, arbalest::AckMode::client_individual);

    asio::co_spawn(executor, look_on(session.connection_events()), asio::detached);
    asio::co_spawn(executor, produce(session), asio::detached);
    co_await consume(session, std::move(inbox));
}

int main(int argc, char** argv)
{
    return run_sample(argc, argv, reconnecting);
}
