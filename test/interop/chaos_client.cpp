#include "support/chaos.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <exception>
#include <iostream>
#include <string>
#include <unistd.h>

// Keeps producers and consumers busy on a broker until a line comes on the standard input, while it cuts their
// connections. Then it counts.
// Usage: chaos-client URL, a stomp:// URL with a port.
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t cut_within = 60'000; // bytes
constexpr std::uint64_t least_cuts = 24;

asio::awaitable<int> run(std::string url)
{
    auto const executor = co_await asio::this_coro::executor;
    boost::urls::url through(boost::urls::parse_uri(url).value());
    asio::ip::tcp::endpoint const broker(asio::ip::make_address(std::string(through.host())), through.port_number());
    arbalest::test::ChaosProxy proxy(executor, broker, static_cast<std::uint32_t>(::getpid()));
    through.set_port_number(proxy.port());

    arbalest::test::ChaosRun::Options options;
    options.url = std::string(through.buffer());
    options.queues += std::to_string(::getpid()) + "-";
    options.pause = 1ms;
    arbalest::ReconnectPolicy policy;
    policy.max = 500ms;
    options.config.reconnect = policy;
    options.config.receipt_timeout = 60s;
    arbalest::test::ChaosRun chaos(options);
    co_await chaos.begin();
    proxy.cut_after(cut_within);
    std::cout << "producers and consumers are at work" << std::endl;

    asio::posix::stream_descriptor input(executor, ::dup(STDIN_FILENO));
    std::string line;
    co_await asio::async_read_until(input, asio::dynamic_buffer(line), '\n', asio::use_awaitable);
    asio::steady_timer timer(executor);
    for (int i = 0; i < 600 && proxy.cuts() < least_cuts; ++i) {
        timer.expires_after(100ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    proxy.cut_after(0);
    auto const counts = co_await chaos.end();
    auto const cuts = proxy.cuts();
    proxy.stop();
    std::cout << cuts << " cuts, " << to_string(counts) << std::endl;
    bool const good = counts.confirmed > 0 && counts.missing == 0 && counts.disordered == 0 && counts.hanging == 0 &&
                      counts.trouble.empty() && cuts >= least_cuts;
    std::cout << (good ? "everything confirmed has arrived" : "FAILED") << std::endl;
    co_return good ? 0 : 1;
}

} // namespace

int main(int argc, char* argv[])
{
    if (argc != 2) {
        std::cerr << "usage: chaos-client URL\n";
        return 2;
    }
    asio::io_context io;
    int status = 1;
    asio::co_spawn(io, run(argv[1]), [&](std::exception_ptr thrown, int result) {
        status = result;
        try {
            if (thrown)
                std::rethrow_exception(thrown);
        } catch (std::exception const& error) {
            std::cerr << error.what() << '\n';
            status = 1;
        }
    });
    io.run();
    return status;
}
