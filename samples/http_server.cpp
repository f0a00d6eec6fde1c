// An HTTP server that takes orders and passes them on to a broker. Its handlers share one session; each awaits the
// broker's confirmation and answers 202 with the receipt id, or 503 with the reason why there is none.
// Usage: http_server                      posts some orders to itself, on a broker inside this program
//        http_server URL                  the same on that broker
//        http_server --listen PORT URL    serves until it is interrupted: curl --data 'one pallet' localhost:PORT

#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using namespace std::chrono_literals;

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

std::string const destination = "/queue/arbalest.http-server";

// The server

asio::awaitable<Response> answer(arbalest::StompSession session, Request request)
{
    Response response(http::status::accepted, request.version());
    response.keep_alive(request.keep_alive());
    response.set(http::field::content_type, "text/plain");
    if (request.method() == http::verb::post) {
        arbalest::OutgoingMessage order(destination, request.body());
        order.with_receipt().receipt_timeout(5s);
        auto const receipt = co_await arbalest::as_result(session.send(std::move(order)));
        if (receipt) {
            response.body() = receipt.value()->id();
        } else {
            response.result(http::status::service_unavailable);
            response.body() = std::string(to_string(receipt.error().outcome())) + ": " + receipt.error().what();
        }
    } else {
        response.result(http::status::method_not_allowed);
        response.set(http::field::allow, "POST");
    }
    response.prepare_payload();
    co_return response;
}

asio::awaitable<void> serve_connection(beast::tcp_stream stream, arbalest::StompSession session)
{
    try {
        beast::flat_buffer buffer;
        for (bool keep_alive = true; keep_alive;) {
            Request request;
            stream.expires_after(30s);
            co_await http::async_read(stream, buffer, request, asio::use_awaitable);
            stream.expires_never();
            auto response = co_await answer(session, std::move(request));
            keep_alive = response.keep_alive();
            stream.expires_after(30s);
            co_await http::async_write(stream, response, asio::use_awaitable);
        }
        stream.socket().shutdown(tcp::socket::shutdown_send);
    } catch (boost::system::system_error const&) {
        // The HTTP client went away or is too slow: nobody is left to be told.
    }
}

asio::awaitable<void> accept_connections(tcp::acceptor acceptor, arbalest::StompSession session)
{
    for (;;) {
        boost::system::error_code failure;
        auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failure));
        if (failure) {
            // For instance too many open files: that passes.
            asio::steady_timer pause(acceptor.get_executor(), 100ms);
            co_await pause.async_wait(asio::use_awaitable);
            continue;
        }
        beast::tcp_stream stream(std::move(socket));
        asio::co_spawn(acceptor.get_executor(), serve_connection(std::move(stream), session), asio::detached);
    }
}

// One session for all: an order that the broker refuses must not end it for the others.
arbalest::StompConfig config()
{
    arbalest::StompConfig config;
    config.error_frames_are_fatal = false;
    return config;
}

asio::awaitable<void> serve(std::string url, std::string port)
{
    auto const executor = co_await asio::this_coro::executor;
    arbalest::StompClient client(config());
    auto session = co_await client.connect(url);
    tcp::endpoint const local(asio::ip::address_v4::loopback(), static_cast<unsigned short>(std::stoul(port)));
    tcp::acceptor acceptor(executor, local);
    std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
    asio::co_spawn(executor, accept_connections(std::move(acceptor), session), asio::detached);

    asio::signal_set signals(executor, SIGINT, SIGTERM);
    auto const interrupted = [session](boost::system::error_code code, int) {
        if (!code)
            session.start_disconnect(); // orders that are under way are still confirmed, within disconnect_timeout
    };
    signals.async_wait(interrupted);
    auto const cause = co_await session.closed();
    if (cause.code() != arbalest::errc::session_closed)
        cause.raise();
}

// The HTTP clients of the test

asio::awaitable<Response> post(beast::tcp_stream& stream, beast::flat_buffer& buffer, std::string order)
{
    Request request(http::verb::post, "/", 11, std::move(order));
    request.set(http::field::host, "localhost");
    request.prepare_payload();
    stream.expires_after(30s);
    co_await http::async_write(stream, request, asio::use_awaitable);
    Response response;
    co_await http::async_read(stream, buffer, response, asio::use_awaitable);
    co_return response;
}

// Posts some orders, one after the other, and notes the answers.
asio::awaitable<void> order_pallets(tcp::endpoint server, int orders, std::multiset<std::string>& accepted,
                                    std::multiset<std::string>& failed)
{
    beast::tcp_stream stream(co_await asio::this_coro::executor);
    co_await stream.async_connect(server, asio::use_awaitable);
    beast::flat_buffer buffer;
    for (int i = 0; i < orders; ++i) {
        auto const response = co_await post(stream, buffer, "one pallet");
        bool const is_accepted = response.result() == http::status::accepted;
        if (!is_accepted && response.result() != http::status::service_unavailable)
            throw std::runtime_error("unexpected HTTP status " + std::to_string(response.result_int()));
        (is_accepted ? accepted : failed).insert(response.body());
    }
}

asio::awaitable<void> test(std::string url, arbalest::EmbeddedBroker* broker)
{
    using namespace asio::experimental::awaitable_operators;
    auto const executor = co_await asio::this_coro::executor;
    arbalest::StompClient client(config());
    auto session = co_await client.connect(url);
    tcp::acceptor acceptor(executor, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    auto const server = acceptor.local_endpoint();
    asio::co_spawn(executor, accept_connections(std::move(acceptor), session), asio::detached);
    std::multiset<std::string> accepted, failed;

    std::size_t const refused = broker ? 1 : 0;
    if (broker)
        broker->faults().refuse_next("SEND");
    co_await (order_pallets(server, 5, accepted, failed) && order_pallets(server, 5, accepted, failed) &&
              order_pallets(server, 5, accepted, failed));
    for (auto const& receipt : accepted)
        std::cout << "202 " << receipt << '\n';
    for (auto const& reason : failed)
        std::cout << "503 " << reason << '\n';
    if (failed.size() != refused || accepted.size() + failed.size() != 15)
        throw std::runtime_error("not the answers that were expected");

    // What was answered with 202 is at the broker indeed.
    auto inbox = co_await session.subscribe(destination, arbalest::AckMode::client_individual);
    for (auto left = accepted.size(); left > 0; --left) {
        auto const message = co_await inbox.next_for(10s);
        if (!message)
            throw std::runtime_error("an order that was accepted is missing");
        co_await session.ack(*message);
    }
    co_await session.disconnect();
}

int main(int argc, char** argv)
{
    asio::io_context context;
    int status = 0;
    auto const done = [&](std::exception_ptr failure) {
        context.stop();
        try {
            if (failure)
                std::rethrow_exception(failure);
        } catch (std::exception const& error) {
            std::cerr << "http_server: " << error.what() << '\n';
            status = 1;
        }
    };

    std::optional<arbalest::EmbeddedBroker> broker;
    if (argc == 4 && argv[1] == std::string("--listen")) {
        asio::co_spawn(context, serve(argv[3], argv[2]), done);
    } else if (argc == 2) {
        asio::co_spawn(context, test(argv[1], nullptr), done);
    } else if (argc == 1) {
        arbalest::BrokerConfig kept_open;
        kept_open.close_after_error = false; // as RabbitMQ and ActiveMQ do
        broker.emplace(context.get_executor(), kept_open);
        broker->listen();
        asio::co_spawn(context, test(broker->url(), &*broker), done);
    } else {
        std::cerr << "usage: http_server [URL] | http_server --listen PORT URL\n";
        return 2;
    }
    context.run();
    return status;
}
