#include "random_round.hpp"

#include "chaos.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <array>
#include <utility>

namespace arbalest::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::size_t, 3> write_limits{0, 200, std::size_t{64} << 10};

} // namespace

StompConfig RandomRound::configuration(std::uint32_t number)
{
    ReconnectPolicy policy;
    policy.initial = 1ms;
    policy.max = 50ms;
    policy.first_connect = true;
    policy.resend_unconfirmed = number / 3 % 2 == 0;
    StompConfig config;
    config.reconnect = policy;
    config.auto_receipt = number / 6 % 2 == 0;
    config.write_buffer.limit = write_limits[number % 3];
    config.receipt_timeout = 30s;
    return config;
}

std::string RandomRound::describe(std::uint32_t number)
{
    auto const config = configuration(number);
    std::string text = config.auto_receipt ? "auto_receipt" : "no auto_receipt";
    text += config.reconnect->resend_unconfirmed ? ", resend_unconfirmed" : ", no resend_unconfirmed";
    return text + ", write_buffer.limit " + std::to_string(config.write_buffer.limit);
}

asio::awaitable<RandomOperations::Counts> run_round(RandomRound round)
{
    auto const executor = co_await asio::this_coro::executor;
    boost::urls::url through(boost::urls::parse_uri(round.url).value());
    asio::ip::tcp::endpoint const broker(asio::ip::make_address(std::string(through.host())), through.port_number());
    ChaosProxy proxy(executor, broker, round.seed);
    through.set_port_number(proxy.port());
    RandomOperations::Options options;
    options.url = std::string(through.buffer());
    options.witness_url = round.url;
    options.config = RandomRound::configuration(round.number);
    options.queues = round.queues;
    options.seed = round.seed;
    proxy.cut_after(round.cut_within);
    RandomOperations operations(std::move(options));
    co_await operations.begin();
    auto const end = std::chrono::steady_clock::now() + round.time;
    asio::steady_timer timer(executor);
    while (proxy.cuts() < round.cuts || operations.confirmed() < round.confirmed ||
           std::chrono::steady_clock::now() < end) {
        timer.expires_after(5ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    proxy.cut_after(0);
    auto const counts = co_await operations.end();
    proxy.stop();
    co_return counts;
}

} // namespace arbalest::test
