#include "support/chaos.hpp"
#include "support/random_round.hpp"
#include <arbalest/broker/embedded_broker.hpp>

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
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

// Puts what reconnecting promises to the proof, by cutting connections at random bytes.
//
// chaos-client URL: keeps producers and consumers busy on a broker until a line comes on the standard input; what was
// confirmed must have arrived, in order.
//
// chaos-client --seconds N [--round R] [--seed S] [--configuration C] [--within B] [URL…]: for N seconds, in rounds of
// R seconds, random operations on sessions of one configuration after the other, on the brokers at these URLs in turn;
// on an embedded one without. A witness reads the broker's queue.
//
// URLs are stomp:// or ws:// ones with an IP address and a port.
namespace asio = boost::asio;
using namespace arbalest::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t cut_within = 60'000; // bytes
constexpr std::uint64_t least_cuts = 24;

asio::awaitable<int> run_pairs(std::string url)
{
    auto const executor = co_await asio::this_coro::executor;
    boost::urls::url through(boost::urls::parse_uri(url).value());
    asio::ip::tcp::endpoint const broker(asio::ip::make_address(std::string(through.host())), through.port_number());
    ChaosProxy proxy(executor, broker, static_cast<std::uint32_t>(::getpid()));
    through.set_port_number(proxy.port());

    ChaosRun::Options options;
    options.url = std::string(through.buffer());
    options.queues += std::to_string(::getpid()) + "-";
    options.pause = 1ms;
    arbalest::ReconnectPolicy policy;
    policy.max = 500ms;
    options.config.reconnect = policy;
    options.config.receipt_timeout = 60s;
    ChaosRun chaos(options);
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

class Arguments
{
public:
    Arguments() = default;

    std::chrono::seconds time{0};
    std::chrono::seconds round{5};
    std::uint32_t seed = 1;
    std::optional<std::uint32_t> configuration;
    std::size_t within = 20'000;
    std::vector<std::string> urls;
};

asio::awaitable<int> run_rounds(Arguments arguments)
{
    auto const executor = co_await asio::this_coro::executor;
    std::optional<arbalest::EmbeddedBroker> embedded;
    if (arguments.urls.empty()) {
        embedded.emplace(executor);
        for (auto const kind : {arbalest::Listen::tcp, arbalest::Listen::websocket}) {
            embedded->listen(kind);
            arguments.urls.push_back(embedded->url(kind));
        }
    }
    std::minstd_rand random(arguments.seed);
    auto const run = std::chrono::system_clock::now().time_since_epoch().count();
    auto const end = std::chrono::steady_clock::now() + arguments.time;
    std::uint64_t confirmed = 0;
    std::uint32_t failed = 0;
    std::uint32_t rounds = 0;
    for (; std::chrono::steady_clock::now() < end; ++rounds) {
        RandomRound round;
        round.url = arguments.urls[rounds % arguments.urls.size()];
        round.queues = "/queue/arbalest-chaos-" + std::to_string(run) + "-" + std::to_string(rounds);
        round.number = arguments.configuration.value_or(rounds / static_cast<std::uint32_t>(arguments.urls.size()) %
                                                        RandomRound::configurations);
        round.seed = static_cast<std::uint32_t>(random());
        round.time = arguments.round;
        round.cut_within = 1000 + random() % arguments.within;
        if (embedded)
            embedded->faults().delay_receipts(std::chrono::milliseconds(random() % 4 == 0 ? random() % 20 : 0));
        auto const counts = co_await run_round(round);
        confirmed += counts.confirmed;
        failed += counts.good() ? 0 : 1;
        std::cout << (counts.good() ? "good" : "FAILED") << ": " << round.url.substr(0, round.url.find(':')) << ", "
                  << RandomRound::describe(round.number) << ": " << to_string(counts) << std::endl;
    }
    std::cout << rounds << " rounds, " << failed << " of them failed, " << confirmed << " messages confirmed"
              << std::endl;
    co_return failed == 0 && rounds != 0 ? 0 : 1;
}

std::optional<Arguments> parse(int argc, char* argv[])
{
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        std::string_view const name(argv[i]);
        if (!name.starts_with("--")) {
            arguments.urls.emplace_back(name);
            continue;
        }
        if (++i == argc)
            return std::nullopt;
        auto const value = std::stoul(argv[i]);
        if (name == "--seconds")
            arguments.time = std::chrono::seconds(value);
        else if (name == "--round")
            arguments.round = std::chrono::seconds(value);
        else if (name == "--seed")
            arguments.seed = static_cast<std::uint32_t>(value);
        else if (name == "--configuration")
            arguments.configuration = static_cast<std::uint32_t>(value) % RandomRound::configurations;
        else if (name == "--within")
            arguments.within = value;
        else
            return std::nullopt;
    }
    return arguments;
}

} // namespace

int main(int argc, char* argv[])
{
    auto const arguments = parse(argc, argv);
    if (!arguments || (arguments->time.count() == 0 && arguments->urls.size() != 1)) {
        std::cerr << "usage: chaos-client URL\n"
                     "       chaos-client --seconds N [--round R] [--seed S] [--configuration C] [--within B] [URL…]\n";
        return 2;
    }
    asio::io_context io;
    int status = 1;
    auto program = arguments->time.count() == 0 ? run_pairs(arguments->urls.front()) : run_rounds(*arguments);
    asio::co_spawn(io, std::move(program), [&](std::exception_ptr thrown, int result) {
        status = result;
        try {
            if (thrown)
                std::rethrow_exception(thrown);
        } catch (std::exception const& error) {
            std::cerr << error.what() << '\n';
            status = 1;
        }
        io.stop();
    });
    io.run();
    return status;
}
