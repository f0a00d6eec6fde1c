// Arbalest in large numbers, against bench-sink.
//
//   bench-scale idle --url URL --sessions N [--seconds N]            many sessions with heart-beats that do nothing
//   else bench-scale threads --url URL --sessions N --threads N [--count N] [--body BYTES]   confirmed sends in flight
//   bench-scale retain --url URL [--count N] [--body BYTES]          messages that are received and kept

#include "../support/measurement.hpp"
#include "../support/options.hpp"
#include <arbalest/session/receipt.hpp>
#include <arbalest/session/stomp_client.hpp>
#include <arbalest/session/subscription.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <exception>
#include <memory>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

namespace bench {
namespace {

namespace asio = boost::asio;
using arbalest::StompSession;

void rethrow(std::exception_ptr failure)
{
    if (failure)
        std::rethrow_exception(failure);
}

// Thousands of sessions need as many descriptors.
void raise_descriptor_limit(std::size_t sessions)
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < sessions + 64)
        throw std::runtime_error("the system allows only " + std::to_string(limit.rlim_cur) + " open files");
}

/// Opens sessions, some at a time, as a program that starts up would.
class Opening
{
public:
    Opening(std::string url, arbalest::StompConfig config, std::size_t count)
        : client_(std::move(config)), url_(std::move(url)), count_(count)
    {
        sessions.reserve(count);
    }

    asio::awaitable<void> work()
    {
        while (begun_ < count_) {
            ++begun_;
            auto session = co_await client_.connect(url_);
            sessions.push_back(std::move(session));
        }
    }

    std::vector<StompSession> sessions;

private:
    arbalest::StompClient client_;
    std::string url_;
    std::size_t count_;
    std::size_t begun_ = 0;
};

void open_all(asio::io_context& context, Opening& opening)
{
    constexpr int at_a_time = 64;
    for (int i = 0; i < at_a_time; ++i)
        asio::co_spawn(context, opening.work(), rethrow);
}

void idle(Options const& options)
{
    auto const count = options.number("sessions", 1000);
    auto const seconds = options.number("seconds", 20);
    raise_descriptor_limit(count);
    arbalest::StompConfig config;
    config.heart_beat = {std::chrono::seconds(10), std::chrono::seconds(10)};
    config.connect_timeout = std::chrono::minutes(2);
    asio::io_context context(1);
    Measurement measurement;
    {
        // What the first session brings along belongs to none.
        Opening first(options.text("url"), config, 1);
        open_all(context, first);
        while (first.sessions.empty())
            context.run_one();
        auto const memory_before = memory_kib("RssAnon");
        Opening opening(options.text("url"), config, count);
        measurement.start();
        auto const began = Clock::now();
        open_all(context, opening);
        while (opening.sessions.size() < count)
            context.run_one();
        measurement.stop(count);
        measurement.note("connect_seconds", std::chrono::duration<double>(Clock::now() - began).count());
        // Buffers that connecting took are given back by then.
        context.run_for(std::chrono::seconds(1));
        auto const cpu_before = cpu_seconds();
        context.run_for(std::chrono::seconds(seconds));
        measurement.note("cpu_per_second", (cpu_seconds() - cpu_before) / static_cast<double>(seconds));
        measurement.note("kib_per_session",
                         static_cast<double>(memory_kib("RssAnon") - memory_before) / static_cast<double>(count));
        auto const open = static_cast<std::size_t>(
            std::ranges::count_if(opening.sessions, [](StompSession const& session) { return session.is_open(); }));
        if (open != count)
            throw std::runtime_error(std::to_string(count - open) + " sessions have ended by themselves");
    }
    measurement.print();
}

asio::awaitable<void> send_pipelined(StompSession session, std::size_t count, std::size_t body_size)
{
    constexpr std::size_t window = 1000;
    std::string const body(body_size, 'x');
    std::deque<arbalest::PendingReceipt> pending;
    for (std::size_t sent = 0; sent < count; ++sent) {
        if (pending.size() == window) {
            co_await pending.front().confirmed();
            pending.pop_front();
        }
        auto receipt = co_await session.submit("/queue/bench", body);
        pending.push_back(std::move(receipt));
    }
    while (!pending.empty()) {
        co_await pending.front().confirmed();
        pending.pop_front();
    }
}

asio::awaitable<StompSession> connect(std::string url)
{
    arbalest::StompClient client;
    co_return co_await client.connect(url);
}

void threads(Options const& options)
{
    auto const sessions = options.number("sessions", 8);
    auto const thread_count = options.number("threads", 1);
    auto const count = options.number("count", 100'000);
    auto const url = options.text("url");
    asio::io_context context(static_cast<int>(thread_count));
    std::vector<StompSession> open;
    std::vector<asio::strand<asio::io_context::executor_type>> strands;
    for (std::size_t i = 0; i < sessions; ++i) {
        auto const& strand = strands.emplace_back(asio::make_strand(context));
        asio::co_spawn(strand, connect(url), [&](std::exception_ptr failure, StompSession session) {
            rethrow(failure);
            open.push_back(std::move(session));
        });
    }
    while (open.size() < sessions)
        context.run_one();
    Measurement measurement;
    std::atomic<std::size_t> busy = sessions;
    auto const share = count / sessions;
    measurement.start();
    for (std::size_t i = 0; i < sessions; ++i) {
        auto session = open[i];
        auto const executor = session.get_executor();
        asio::co_spawn(executor, send_pipelined(std::move(session), share, options.number("body", 100)),
                       [&](std::exception_ptr failure) {
                           rethrow(failure);
                           if (--busy == 0)
                               context.stop();
                       });
    }
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < thread_count; ++i)
        helpers.emplace_back([&] { context.run(); });
    context.run();
    measurement.stop(share * sessions);
    helpers.clear(); // joins them
    measurement.print();
}

asio::awaitable<void> keep_messages(std::string url, std::size_t count, std::size_t body, Measurement& measurement)
{
    arbalest::StompClient client;
    auto session = co_await client.connect(url);
    std::vector<arbalest::Message> kept;
    kept.reserve(count);
    auto const before = memory_kib("RssAnon");
    measurement.start();
    auto inbox = co_await session.subscribe("/push/1/" + std::to_string(count) + "/" + std::to_string(body));
    while (kept.size() < count) {
        auto message = co_await inbox.receive();
        kept.push_back(std::move(message));
    }
    measurement.stop(count);
    measurement.note("bytes_per_message",
                     1024.0 * static_cast<double>(memory_kib("RssAnon") - before) / static_cast<double>(count));
    co_await session.disconnect();
}

void retain(Options const& options)
{
    asio::io_context context(1);
    Measurement measurement;
    asio::co_spawn(context,
                   keep_messages(options.text("url"), options.number("count", 1'000'000), options.number("body", 100),
                                 measurement),
                   rethrow);
    context.run();
    measurement.print();
}

} // namespace
} // namespace bench

int main(int argc, char** argv)
{
    try {
        bench::Options const options(argc, argv);
        if (options.scenario() == "idle")
            bench::idle(options);
        else if (options.scenario() == "threads")
            bench::threads(options);
        else if (options.scenario() == "retain")
            bench::retain(options);
        else
            throw std::invalid_argument("there is no scenario '" + options.scenario() + "'");
        return 0;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench-scale: %s\n", error.what());
        return 1;
    }
}
