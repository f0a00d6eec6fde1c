// Sends a message, waits until the broker has confirmed it, receives it, acknowledges it and disconnects in order.
// Usage: quickstart [URL]     without an URL it runs on a broker inside this program

#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
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
    asio::io_context context;
    std::optional<arbalest::EmbeddedBroker> broker;
    std::string url;
    if (argc > 1) {
        url = argv[1];
    } else {
        broker.emplace(context.get_executor());
        broker->listen();
        url = broker->url();
    }

    int status = 0;
    auto const done = [&](std::exception_ptr failure) {
        if (broker)
            broker->stop(); // nothing is left to be done then, and run() returns
        try {
            if (failure)
                std::rethrow_exception(failure);
        } catch (std::exception const& error) {
            std::cerr << "quickstart: " << error.what() << '\n';
            status = 1;
        }
    };
    asio::co_spawn(context, orders(url), done);
    context.run();
    return status;
}
