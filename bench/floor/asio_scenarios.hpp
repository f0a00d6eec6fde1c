#pragma once

#include "floor.hpp"
#include "frames.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <deque>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

// The floor's scenarios in coroutines, over anything with
//   awaitable<void> write(std::string const& bytes, std::vector<std::size_t> const& frame_ends)
//   awaitable<std::size_t> read(mutable_buffer)
namespace bench {

namespace asio = boost::asio;

/// Frames that go out in one write where the stream knows no boundaries.
struct Outgoing
{
    void clear()
    {
        bytes.clear();
        ends.clear();
    }
    void end_frame() { ends.push_back(bytes.size()); }

    std::string bytes;
    std::vector<std::size_t> ends;
};

template <class Stream>
asio::awaitable<void> read_frame(Stream& stream, Incoming& incoming)
{
    while (!incoming.take_frame()) {
        auto const room = incoming.room();
        auto const size = co_await stream.read(asio::buffer(room.data(), room.size()));
        incoming.filled(size);
    }
}

template <class Stream>
asio::awaitable<void> fire(Stream& stream, Incoming& incoming, FloorJob const& job, Frames const& frames)
{
    Outgoing out;
    for (std::size_t i = 1; i < job.count; ++i) {
        frames.append_plain(out.bytes);
        out.end_frame();
        if (out.bytes.size() >= write_size) {
            co_await stream.write(out.bytes, out.ends);
            out.clear();
        }
    }
    frames.append_confirmed(out.bytes, job.count);
    out.end_frame();
    co_await stream.write(out.bytes, out.ends);
    co_await read_frame(stream, incoming);
}

template <class Stream>
asio::awaitable<void> confirm(Stream& stream, Incoming& incoming, FloorJob const& job, Frames const& frames,
                              Measurement& measurement)
{
    Outgoing out;
    for (std::size_t i = 0; i < job.count; ++i) {
        auto const began = Clock::now();
        out.clear();
        frames.append_confirmed(out.bytes, i);
        out.end_frame();
        co_await stream.write(out.bytes, out.ends);
        co_await read_frame(stream, incoming);
        measurement.took(Clock::now() - began);
    }
}

template <class Stream>
asio::awaitable<void> pipeline(Stream& stream, Incoming& incoming, FloorJob const& job, Frames const& frames,
                               Measurement& measurement)
{
    Outgoing out;
    std::deque<Clock::time_point> began;
    std::size_t sent = 0;
    std::size_t done = 0;
    while (done < job.count) {
        out.clear();
        for (; sent < job.count && sent - done < job.window && out.bytes.size() < write_size; ++sent) {
            if (Measurement::sampled(sent))
                began.push_back(Clock::now());
            frames.append_confirmed(out.bytes, sent);
            out.end_frame();
        }
        if (!out.ends.empty())
            co_await stream.write(out.bytes, out.ends);
        co_await read_frame(stream, incoming);
        do {
            if (Measurement::sampled(done)) {
                measurement.took(Clock::now() - began.front());
                began.pop_front();
            }
            ++done;
        } while (incoming.take_frame());
    }
}

template <class Stream>
asio::awaitable<void> deliver(Stream& stream, Incoming& incoming, FloorJob const& job)
{
    Outgoing out;
    for (std::size_t i = 1; i <= job.subscriptions; ++i) {
        out.bytes += Frames::subscribe(i, job.subscriptions, job.count, job.body);
        out.end_frame();
    }
    co_await stream.write(out.bytes, out.ends);
    for (std::size_t i = 0; i < job.count; ++i) {
        if (!incoming.take_frame())
            co_await read_frame(stream, incoming);
    }
}

/// Opens the stream, then runs the scenario.
template <class Stream>
asio::awaitable<void> run_scenario(Stream& stream, FloorJob const& job, Measurement& measurement)
{
    asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), job.port);
    co_await stream.connect(endpoint);
    Frames const frames(job.body);
    Incoming incoming;
    Outgoing hello;
    hello.bytes = Frames::connect();
    hello.end_frame();
    co_await stream.write(hello.bytes, hello.ends);
    co_await read_frame(stream, incoming);
    measurement.start();
    if (job.scenario == "fire")
        co_await fire(stream, incoming, job, frames);
    else if (job.scenario == "confirm")
        co_await confirm(stream, incoming, job, frames, measurement);
    else if (job.scenario == "pipeline")
        co_await pipeline(stream, incoming, job, frames, measurement);
    else if (job.scenario == "deliver")
        co_await deliver(stream, incoming, job);
    else
        throw std::invalid_argument("there is no scenario '" + job.scenario + "'");
    measurement.stop(job.count);
}

template <class Stream>
void run_floor(Stream& stream, asio::io_context& context, FloorJob const& job, Measurement& measurement)
{
    asio::co_spawn(context, run_scenario(stream, job, measurement), [](std::exception_ptr failure) {
        if (failure)
            std::rethrow_exception(failure);
    });
    context.run();
}

} // namespace bench
