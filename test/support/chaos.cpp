#include "chaos.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <utility>

namespace arbalest::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// --- the proxy

namespace {

// Two sockets, and how many bytes may still pass between them.
struct Connection
{
    Connection(tcp::socket client, tcp::socket broker) : client(std::move(client)), broker(std::move(broker)) {}

    void close(bool reset)
    {
        boost::system::error_code ignored;
        if (reset)
            client.set_option(asio::socket_base::linger(true, 0), ignored);
        client.close(ignored);
        broker.close(ignored);
    }

    tcp::socket client;
    tcp::socket broker;
    std::size_t budget = 0; // zero: any number
    bool limited = false;
};

} // namespace

struct ChaosProxy::State
{
    State(asio::any_io_executor executor, tcp::endpoint broker, std::uint32_t seed)
        : executor(executor), broker(std::move(broker)),
          acceptor(executor, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), random(seed)
    {
    }

    asio::any_io_executor executor;
    tcp::endpoint broker;
    tcp::acceptor acceptor;
    std::minstd_rand random;
    std::size_t limit = 0;
    std::uint64_t cuts = 0;
    std::vector<std::weak_ptr<Connection>> connections;
};

namespace {

using ProxyState = std::shared_ptr<ChaosProxy::State>;

asio::awaitable<void> pump(ProxyState state, std::shared_ptr<Connection> connection, tcp::socket& from, tcp::socket& to)
{
    std::array<char, 4096> bytes;
    try {
        for (;;) {
            auto size = co_await from.async_read_some(asio::buffer(bytes), asio::use_awaitable);
            bool const last = connection->limited && size >= connection->budget;
            if (last)
                size = connection->budget;
            if (connection->limited)
                connection->budget -= size;
            co_await asio::async_write(to, asio::buffer(bytes.data(), size), asio::use_awaitable);
            if (!last)
                continue;
            ++state->cuts;
            connection->close(state->random() % 2 == 0);
            co_return;
        }
    } catch (boost::system::system_error const&) {
        connection->close(false);
    }
}

asio::awaitable<void> serve(ProxyState state, tcp::socket client)
{
    tcp::socket broker(state->executor);
    try {
        co_await broker.async_connect(state->broker, asio::use_awaitable);
    } catch (boost::system::system_error const&) {
        co_return; // the client's socket goes with this coroutine
    }
    auto const connection = std::make_shared<Connection>(std::move(client), std::move(broker));
    if (state->limit != 0) {
        connection->limited = true;
        connection->budget = 1 + state->random() % state->limit;
    }
    std::erase_if(state->connections, [](auto const& weak) { return weak.expired(); });
    state->connections.push_back(connection);
    asio::co_spawn(state->executor, pump(state, connection, connection->client, connection->broker), asio::detached);
    asio::co_spawn(state->executor, pump(state, connection, connection->broker, connection->client), asio::detached);
}

asio::awaitable<void> accept_all(ProxyState state)
{
    try {
        for (;;) {
            auto client = co_await state->acceptor.async_accept(asio::use_awaitable);
            asio::co_spawn(state->executor, serve(state, std::move(client)), asio::detached);
        }
    } catch (boost::system::system_error const&) {
    }
}

} // namespace

ChaosProxy::ChaosProxy(asio::any_io_executor executor, tcp::endpoint broker, std::uint32_t seed)
    : state_(std::make_shared<State>(executor, std::move(broker), seed))
{
    asio::co_spawn(executor, accept_all(state_), asio::detached);
}

ChaosProxy::~ChaosProxy()
{
    stop();
}

std::uint16_t ChaosProxy::port() const
{
    return state_->acceptor.local_endpoint().port();
}

void ChaosProxy::cut_after(std::size_t bytes)
{
    state_->limit = bytes;
}

std::uint64_t ChaosProxy::cuts() const noexcept
{
    return state_->cuts;
}

void ChaosProxy::stop()
{
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    for (auto const& weak : state_->connections) {
        if (auto const connection = weak.lock())
            connection->close(false);
    }
}

// --- producers and consumers

struct ChaosRun::Pair
{
    std::string queue;
    StompSession producer;
    StompSession consumer;
    Subscription inbox;
    bool stopping = false;
    bool sending = true;   // the producer's coroutine runs
    bool receiving = true; // the consumer's
    std::uint64_t next = 0;
    std::size_t waiting = 0; // for a confirmation
    std::set<std::uint64_t> confirmed;
    std::uint64_t failed = 0;
    std::uint64_t received = 0;
    std::uint64_t stale = 0;
    std::vector<std::uint64_t> first_deliveries;
    std::set<std::uint64_t> seen;
    std::string trouble;
};

namespace {

using PairPointer = std::shared_ptr<ChaosRun::Pair>;

asio::awaitable<void> sleep_for(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

// A failure that a lost connection explains: anything else is trouble.
bool is_expected(StompError const& error)
{
    return error.code() == errc::connection_lost;
}

asio::awaitable<void> await_confirmation(PairPointer pair, PendingReceipt pending, std::uint64_t number)
{
    try {
        co_await pending.confirmed();
        pair->confirmed.insert(number);
    } catch (StompError const& error) {
        ++pair->failed;
        if (!is_expected(error))
            pair->trouble += std::string(" send: ") + error.what() + ";";
    } catch (std::exception const& error) {
        pair->trouble += std::string(" send: ") + error.what() + ";";
    }
    --pair->waiting;
}

asio::awaitable<void> produce(PairPointer pair, std::size_t in_flight, std::chrono::milliseconds pause)
{
    auto const executor = co_await asio::this_coro::executor;
    try {
        while (!pair->stopping) {
            if (pair->waiting >= in_flight) {
                co_await sleep_for(1ms);
                continue;
            }
            auto const number = pair->next++;
            OutgoingMessage message(pair->queue, std::to_string(number));
            message.header("persistent", "true");
            auto pending = co_await pair->producer.submit(std::move(message));
            ++pair->waiting;
            asio::co_spawn(executor, await_confirmation(pair, std::move(pending), number), asio::detached);
            if (pause.count() > 0)
                co_await sleep_for(pause);
        }
    } catch (std::exception const& error) {
        pair->trouble += std::string(" submit: ") + error.what() + ";";
    }
    pair->sending = false;
}

// The plain loop, as everybody writes it. Returns whether the subscription was ended by a loss.
asio::awaitable<bool> consume_until_lost(PairPointer pair)
{
    try {
        while (auto const message = co_await pair->inbox.next()) {
            ++pair->received;
            auto const number = std::stoull(std::string(message->body()));
            if (pair->seen.insert(number).second)
                pair->first_deliveries.push_back(number);
            auto const taken = co_await pair->consumer.ack(*message);
            pair->stale += taken ? 0 : 1;
        }
    } catch (StompError const& error) {
        if (is_expected(error))
            co_return true;
        pair->trouble += std::string(" next: ") + error.what() + ";";
    } catch (std::exception const& error) {
        pair->trouble += std::string(" next: ") + error.what() + ";";
    }
    co_return false;
}

// A subscription whose SUBSCRIBE is lost with two connections in a row is taken for their cause, and ended.
asio::awaitable<void> consume(PairPointer pair)
{
    bool is_lost = co_await consume_until_lost(pair);
    while (is_lost) {
        try {
            pair->inbox = co_await pair->consumer.subscribe(pair->queue, AckMode::client_individual);
        } catch (StompError const& error) {
            if (is_expected(error))
                continue;
            pair->trouble += std::string(" subscribe: ") + error.what() + ";";
            break;
        }
        is_lost = co_await consume_until_lost(pair);
    }
    pair->receiving = false;
}

bool everything_arrived(ChaosRun::Pair const& pair)
{
    return std::ranges::includes(pair.seen, pair.confirmed);
}

} // namespace

ChaosRun::ChaosRun(Options options) : options_(std::move(options)) {}

asio::awaitable<void> ChaosRun::begin()
{
    auto const executor = co_await asio::this_coro::executor;
    StompClient client(options_.config);
    for (std::size_t i = 0; i < options_.pairs; ++i) {
        auto const pair = std::make_shared<Pair>();
        pair->queue = options_.queues + std::to_string(i);
        pair->producer = co_await client.connect(options_.url);
        pair->consumer = co_await client.connect(options_.url);
        pair->inbox = co_await pair->consumer.subscribe(pair->queue, AckMode::client_individual);
        pairs_.push_back(pair);
        asio::co_spawn(executor, consume(pair), asio::detached);
        asio::co_spawn(executor, produce(pair, options_.in_flight, options_.pause), asio::detached);
    }
}

std::uint64_t ChaosRun::confirmed() const
{
    std::uint64_t sum = 0;
    for (auto const& pair : pairs_)
        sum += pair->confirmed.size();
    return sum;
}

asio::awaitable<ChaosCounts> ChaosRun::end()
{
    auto const deadline = std::chrono::steady_clock::now() + options_.last_words;
    auto const in_time = [deadline] { return std::chrono::steady_clock::now() < deadline; };
    ChaosCounts counts;
    for (auto const& pair : pairs_) {
        pair->stopping = true;
        while ((pair->sending || pair->waiting != 0 || !everything_arrived(*pair)) && in_time())
            co_await sleep_for(5ms);
        counts.connections += pair->producer.stats().connections + pair->consumer.stats().connections;
        co_await pair->producer.disconnect();
        co_await pair->consumer.disconnect();
        for (int i = 0; i < 1000 && (pair->receiving || pair->sending || pair->waiting != 0); ++i)
            co_await sleep_for(5ms);
        counts.confirmed += pair->confirmed.size();
        counts.failed += pair->failed;
        counts.received += pair->received;
        counts.distinct += pair->seen.size();
        counts.stale += pair->stale;
        counts.hanging += pair->waiting + (pair->receiving ? 1 : 0) + (pair->sending ? 1 : 0);
        counts.trouble += pair->trouble;
        for (auto const number : pair->confirmed)
            counts.missing += pair->seen.contains(number) ? 0 : 1;
        std::uint64_t highest = 0;
        for (auto const number : pair->first_deliveries) {
            counts.disordered += number < highest ? 1 : 0;
            highest = std::max(highest, number);
        }
    }
    co_return counts;
}

std::string to_string(ChaosCounts const& counts)
{
    auto const number = [](std::uint64_t value) { return std::to_string(value); };
    return number(counts.connections) + " connections, " + number(counts.confirmed) + " messages confirmed, " +
           number(counts.failed) + " failed, " + number(counts.received) + " received (" + number(counts.distinct) +
           " different ones, " + number(counts.received - counts.distinct) + " again), " + number(counts.stale) +
           " acks too late; " + number(counts.missing) + " missing, " + number(counts.disordered) + " out of order, " +
           number(counts.hanging) + " hanging" + (counts.trouble.empty() ? "" : "; trouble:" + counts.trouble);
}

} // namespace arbalest::test
