// How a program without coroutines of its own uses a session: asio::co_spawn runs an operation on the session's
// executor and completes by any completion token, here a callback and a future. Usage: callbacks_and_futures [URL]
// without an URL it runs on a broker inside this program

#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <exception>
#include <future>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;

std::string const destination = "/topic/arbalest.callbacks-and-futures";
constexpr int messages = 3;

arbalest::StompConfig config()
{
    arbalest::StompConfig config;
    config.auto_receipt = true;
    return config;
}

/// Receives the messages and acknowledges each: every callback starts the next operation. All of them are called on
/// the executor, so the members need no lock. It must outlive the thread that runs the executor.
class Consumer
{
public:
    Consumer(asio::any_io_executor executor, std::string url) : executor_(std::move(executor)), url_(std::move(url)) {}

    std::future<void> subscribed() { return subscribed_.get_future(); }
    std::future<void> done() { return done_.get_future(); }

    void start()
    {
        arbalest::StompClient const client(config());
        asio::co_spawn(executor_, client.connect(url_),
                       [this](std::exception_ptr failure, arbalest::StompSession session) {
                           if (failure)
                               return subscribed_.set_exception(failure);
                           session_ = std::move(session);
                           subscribe();
                       });
    }

private:
    void subscribe()
    {
        asio::co_spawn(executor_, session_.subscribe(destination, arbalest::AckMode::client_individual),
                       [this](std::exception_ptr failure, arbalest::Subscription inbox) {
                           if (failure)
                               return subscribed_.set_exception(failure);
                           inbox_ = std::move(inbox);
                           subscribed_.set_value();
                           receive();
                       });
    }

    void receive()
    {
        asio::co_spawn(executor_, inbox_.receive(), [this](std::exception_ptr failure, arbalest::Message message) {
            if (failure)
                return done_.set_exception(failure);
            std::cout << "received: " << message.body() << '\n';
            acknowledge(message);
        });
    }

    void acknowledge(arbalest::Message const& message)
    {
        asio::co_spawn(executor_, session_.ack(message), [this](std::exception_ptr failure, bool) {
            if (failure)
                return done_.set_exception(failure);
            if (--wanted_ > 0)
                return receive();
            disconnect();
        });
    }

    void disconnect()
    {
        asio::co_spawn(executor_, session_.disconnect(), [this](std::exception_ptr) { done_.set_value(); });
    }

    asio::any_io_executor executor_;
    std::string url_;
    int wanted_ = messages;
    std::promise<void> subscribed_;
    std::promise<void> done_;
    arbalest::StompSession session_;
    arbalest::Subscription inbox_;
};

/// Runs an operation on the session's executor and blocks this thread until it is done. Never call it in a thread that
/// runs the executor: nobody would be left to complete the operation.
template <class T>
T wait_for(asio::any_io_executor executor, asio::awaitable<T> operation)
{
    return asio::co_spawn(executor, std::move(operation), asio::use_future).get();
}

void run(asio::io_context& context, std::string const& url, Consumer& consumer)
{
    auto subscribed = consumer.subscribed();
    auto done = consumer.done();
    consumer.start();
    subscribed.get();

    arbalest::StompClient const client(config());
    auto const session = wait_for(context.get_executor(), client.connect(url));
    for (int i = 1; i <= messages; ++i) {
        auto const receipt = wait_for(session.get_executor(), session.send(destination, "pallet " + std::to_string(i)));
        std::cout << "confirmed: " + receipt->id() + '\n';
    }
    wait_for(session.get_executor(), session.disconnect());

    if (done.wait_for(10s) != std::future_status::ready)
        throw std::runtime_error("not everything was received");
    done.get();
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

    Consumer consumer(context.get_executor(), url);
    // One thread runs the io_context, which therefore needs no strand.
    auto work = asio::make_work_guard(context);
    std::thread thread([&context] { context.run(); });

    int status = 0;
    try {
        run(context, url, consumer);
    } catch (std::exception const& error) {
        std::cerr << "callbacks_and_futures: " << error.what() << '\n';
        status = 1;
    }
    work.reset();
    context.stop();
    thread.join();
    return status;
}
