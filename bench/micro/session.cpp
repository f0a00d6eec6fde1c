#include "sample_frames.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/session/stomp_session.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

// What the operations of a session cost beyond the system's calls: its transport only copies memory.
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

/// What a transport and the program that measures share.
struct Wire
{
    explicit Wire(asio::any_io_executor executor) : executor(executor), wake(executor)
    {
        wake.expires_at(asio::steady_timer::time_point::max());
    }

    /// Lets the session read these bytes.
    void feed(std::string const& bytes)
    {
        incoming.erase(0, std::exchange(taken, 0));
        incoming += bytes;
        wake.cancel();
    }
    bool empty() const noexcept { return taken == incoming.size(); }

    asio::any_io_executor executor;
    asio::steady_timer wake;
    std::string incoming;
    std::size_t taken = 0; // of it
    bool aborted = false;
};

/// Swallows what is written.
class MemoryTransport : public arbalest::Transport
{
public:
    explicit MemoryTransport(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}

    asio::any_io_executor get_executor() override { return wire_->executor; }

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer) override
    {
        auto const wire = wire_;
        while (wire->empty()) {
            try {
                co_await wire->wake.async_wait(asio::use_awaitable);
            } catch (boost::system::system_error const&) {
                // Woken, which a timer tells by an error.
            }
            if (wire->aborted)
                throw boost::system::system_error(asio::error::operation_aborted);
        }
        auto const size = std::min(buffer.size(), wire->incoming.size() - wire->taken);
        std::memcpy(buffer.data(), wire->incoming.data() + wire->taken, size);
        wire->taken += size;
        co_return size;
    }

    asio::awaitable<std::size_t> write_some(asio::const_buffer buffer, std::span<std::size_t const>) override
    {
        co_await asio::post(wire_->executor, asio::use_awaitable);
        co_return buffer.size();
    }

    asio::awaitable<void> close(arbalest::CloseReason) override { co_return; }

    void abort() noexcept override
    {
        wire_->aborted = true;
        wire_->wake.cancel();
    }

private:
    std::shared_ptr<Wire> wire_;
};

asio::awaitable<arbalest::StompSession> open(std::shared_ptr<Wire> wire, arbalest::StompConfig config)
{
    using namespace std::string_literals;
    wire->feed("CONNECTED\nversion:1.2\n\n\0"s);
    std::unique_ptr<arbalest::Transport> transport = std::make_unique<MemoryTransport>(wire);
    co_return co_await arbalest::StompSession::over(std::move(transport), std::move(config));
}

/// Runs a coroutine that measures, on an executor of the context's.
template <class Executor>
void run(asio::io_context& context, Executor executor, asio::awaitable<void> measure)
{
    std::exception_ptr failure;
    asio::co_spawn(executor, std::move(measure), [&](std::exception_ptr thrown) {
        failure = thrown;
        context.stop();
    });
    context.run();
    if (failure)
        std::rethrow_exception(failure);
}

double seconds_since(Clock::time_point began)
{
    return std::chrono::duration<double>(Clock::now() - began).count();
}

constexpr std::size_t batch = 4096;

std::string messages()
{
    auto frame = bench::sample_frame(100, 5, false);
    frame.set_header("subscription", "sub-1");
    std::string bytes;
    for (std::size_t i = 0; i < batch; ++i)
        arbalest::encode(frame, arbalest::StompVersion::v1_2, bytes);
    return bytes;
}

asio::awaitable<void> fill(asio::any_io_executor executor, Wire& wire, arbalest::Subscription& inbox,
                           std::string const& bytes)
{
    wire.feed(bytes);
    while (inbox.buffered() < batch)
        co_await asio::post(executor, asio::use_awaitable);
}

enum class How { next, try_receive, as_they_come };

asio::awaitable<void> receive(asio::any_io_executor executor, benchmark::State& state, How how)
{
    auto const wire = std::make_shared<Wire>(executor);
    arbalest::StompConfig config;
    config.subscription_buffer.messages = 2 * batch;
    auto session = co_await open(wire, config);
    auto inbox = co_await session.subscribe("/queue/bench");
    auto const bytes = messages();
    for (auto _ : state) {
        if (how != How::as_they_come)
            co_await fill(executor, *wire, inbox, bytes);
        auto const began = Clock::now();
        if (how == How::as_they_come)
            wire->feed(bytes);
        for (std::size_t i = 0; i < batch; ++i) {
            if (how == How::try_receive) {
                auto const message = inbox.try_receive();
                benchmark::DoNotOptimize(message->body().data());
            } else {
                auto const message = co_await inbox.next();
                benchmark::DoNotOptimize(message->body().data());
            }
        }
        state.SetIterationTime(seconds_since(began));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void next(benchmark::State& state)
{
    asio::io_context context(1);
    run(context, context.get_executor(), receive(context.get_executor(), state, How::next));
}
BENCHMARK(next)->UseManualTime();

void try_receive(benchmark::State& state)
{
    asio::io_context context(1);
    run(context, context.get_executor(), receive(context.get_executor(), state, How::try_receive));
}
BENCHMARK(try_receive)->UseManualTime();

void read_decode_and_next(benchmark::State& state)
{
    asio::io_context context(1);
    run(context, context.get_executor(), receive(context.get_executor(), state, How::as_they_come));
}
BENCHMARK(read_decode_and_next)->UseManualTime();

asio::awaitable<void> send_all(asio::any_io_executor executor, benchmark::State& state)
{
    auto const wire = std::make_shared<Wire>(executor);
    auto session = co_await open(wire, arbalest::StompConfig());
    std::string const body(100, 'x');
    for (auto _ : state) {
        auto const began = Clock::now();
        for (std::size_t i = 0; i < batch; ++i)
            co_await session.send("/queue/bench", body);
        state.SetIterationTime(seconds_since(began));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void send(benchmark::State& state)
{
    asio::io_context context(1);
    run(context, context.get_executor(), send_all(context.get_executor(), state));
}
BENCHMARK(send)->UseManualTime();

// flush() with nothing to flush is the cheapest operation there is: what is left is the way to it.
asio::awaitable<void> flush_all(asio::any_io_executor executor, benchmark::State& state)
{
    auto const wire = std::make_shared<Wire>(executor);
    auto session = co_await open(wire, arbalest::StompConfig());
    co_await session.flush();
    for (auto _ : state) {
        auto const began = Clock::now();
        for (std::size_t i = 0; i < batch; ++i)
            co_await session.flush();
        state.SetIterationTime(seconds_since(began));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void operation_inline(benchmark::State& state)
{
    asio::io_context context(1);
    run(context, context.get_executor(), flush_all(context.get_executor(), state));
}
BENCHMARK(operation_inline)->UseManualTime();

// The session lives on another strand: there and back.
void operation_with_hop(benchmark::State& state)
{
    asio::io_context context(1);
    auto const there = asio::make_strand(context);
    run(context, asio::make_strand(context), flush_all(there, state));
}
BENCHMARK(operation_with_hop)->UseManualTime();

} // namespace
