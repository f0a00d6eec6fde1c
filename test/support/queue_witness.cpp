#include "queue_witness.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>
#include <utility>

namespace arbalest::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct QueueWitness::State
{
    State(std::string url, std::string queue, std::string prefix, MessageLedger& ledger)
        : url(std::move(url)), queue(std::move(queue)), prefix(std::move(prefix)), ledger(ledger)
    {
    }

    std::string const url;
    std::string const queue;
    std::string const prefix;
    MessageLedger& ledger;
    StompSession session;
    Subscription inbox;
    bool found_end = false; // the message that was sent after all others
    bool reading = false;
};

namespace {

constexpr std::string_view last_body = "the last message";

asio::awaitable<void> read_queue(std::shared_ptr<QueueWitness::State> state)
{
    try {
        while (auto const message = co_await state->inbox.next()) {
            auto const body = message->body();
            if (body == last_body) {
                state->found_end = true;
            } else if (body.starts_with(state->prefix)) {
                std::uint64_t number = 0;
                std::from_chars(body.data() + state->prefix.size(), body.data() + body.size(), number);
                state->ledger.seen(number);
            }
            co_await state->session.ack(*message);
        }
    } catch (std::exception const&) {
        // Then the end is not found.
    }
    state->reading = false;
}

} // namespace

QueueWitness::QueueWitness(std::string url, std::string queue, std::string prefix, MessageLedger& ledger)
    : state_(std::make_shared<State>(std::move(url), std::move(queue), std::move(prefix), ledger))
{
}

asio::awaitable<void> QueueWitness::begin()
{
    auto const executor = co_await asio::this_coro::executor;
    auto const state = state_;
    StompClient const client;
    state->session = co_await client.connect(state->url);
    state->inbox = co_await state->session.subscribe(state->queue, AckMode::client_individual);
    state->reading = true;
    asio::co_spawn(executor, read_queue(state), asio::detached);
}

asio::awaitable<bool> QueueWitness::end(std::chrono::seconds limit)
{
    auto const state = state_;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    OutgoingMessage last(state->queue, last_body);
    last.with_receipt();
    co_await state->session.send(std::move(last));
    auto const deadline = std::chrono::steady_clock::now() + limit;
    while (state->reading && !state->found_end && std::chrono::steady_clock::now() < deadline) {
        timer.expires_after(2ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_await state->session.disconnect();
    while (state->reading && std::chrono::steady_clock::now() < deadline) {
        timer.expires_after(2ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return state->found_end;
}

} // namespace arbalest::test
