// Sends a message, waits until the broker has confirmed it, receives it, acknowledges it and disconnects in order.
// Usage: quickstart [URL]     without an URL it runs on a broker inside this program

#include "run_sample.hpp"
#include <arbalest/arbalest.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> orders(std::string url)
{
    arbalest::StompConfig config;
    config.auto_receipt = true; // every operation waits for the broker's confirmation

    arbalest::StompClient client(config);
    auto session = co_await client.connect(url);
    std::cout << "connected to " << (session.server().empty() ? "a broker without a name" : session.server())
              << ", STOMP " << session.version() << '\n';

    auto inbox = co_await session.subscribe("/queue/arbalest.quickstart", arbalest::AckMode::client_individual);
    auto receipt = co_await session.send("/queue/arbalest.quickstart", "one pallet");
    std::cout << "confirmed: " << receipt->id() << '\n';

    auto message = co_await inbox.next_for(10s);
    std::cout << "received: " << message->body() << '\n';
    co_await session.ack(*message);

    co_await inbox.unsubscribe();
    co_await session.disconnect();
    std::cout << "disconnected\n";
}

int main(int argc, char** argv)
{
    return run_sample(argc, argv, orders);
}
