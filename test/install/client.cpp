// What a program that has found the client library can do without a broker: it is told that nobody is there.

#include <arbalest/arbalest.hpp>

#include <iostream>

boost::asio::awaitable<void> nobody_there()
{
    try {
        arbalest::StompClient client;
        co_await client.connect("stomp://127.0.0.1:1");
    } catch (arbalest::ConnectError const& error) {
        std::cout << "as expected: " << error.what() << '\n';
    }
}

int main()
{
    boost::asio::io_context io;
    boost::asio::co_spawn(io, nobody_there(), [](std::exception_ptr error) {
        if (error)
            std::rethrow_exception(error);
    });
    io.run();
}
