// Sends a message to a broker in this program and waits until it is confirmed.

#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <iostream>

boost::asio::awaitable<void> send_one(arbalest::EmbeddedBroker& broker)
{
    arbalest::StompConfig config;
    config.auto_receipt = true;
    arbalest::StompClient client(config);
    auto session = co_await client.connect(broker.url());
    auto receipt = co_await session.send("/queue/orders", "one pallet");
    std::cout << "confirmed: " << receipt->id() << '\n';
    co_await session.disconnect();
    broker.stop();
}

int main()
{
    boost::asio::io_context io;
    arbalest::EmbeddedBroker broker(io.get_executor());
    broker.listen();
    boost::asio::co_spawn(io, send_one(broker), [](std::exception_ptr error) {
        if (error)
            std::rethrow_exception(error);
    });
    io.run();
}
