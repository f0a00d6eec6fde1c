#include "job.hpp"
#include <arbalest/session/outgoing_message.hpp>
#include <arbalest/session/receipt.hpp>

#include <deque>
#include <utility>
#include <vector>

namespace bench {

namespace asio = boost::asio;
using arbalest::StompSession;

// Sends without receipts, one behind the other. When the last, which has one, is confirmed, the peer has read them all.
// Latencies are how long the sender is held up.
asio::awaitable<void> fire(StompSession session, ClientJob const& job, Measurement& measurement)
{
    std::string const body(job.body, 'x');
    measurement.start();
    for (std::size_t i = 1; i < job.count; ++i) {
        if (!Measurement::sampled(i)) {
            co_await session.send(job.destination, body);
            continue;
        }
        auto const began = Clock::now();
        co_await session.send(job.destination, body);
        measurement.took(Clock::now() - began);
    }
    arbalest::OutgoingMessage last(job.destination, body);
    last.with_receipt();
    co_await session.send(std::move(last));
    measurement.stop(job.count);
}

// Each send waits for its confirmation before the next begins.
asio::awaitable<void> confirm(StompSession session, ClientJob const& job, Measurement& measurement)
{
    std::string const body(job.body, 'x');
    measurement.start();
    for (std::size_t i = 0; i < job.count; ++i) {
        auto const began = Clock::now();
        arbalest::OutgoingMessage message(job.destination, body);
        message.with_receipt();
        co_await session.send(std::move(message));
        measurement.took(Clock::now() - began);
    }
    measurement.stop(job.count);
}

// A window of confirmed sends in flight.
asio::awaitable<void> pipeline(StompSession session, ClientJob const& job, Measurement& measurement)
{
    std::string const body(job.body, 'x');
    std::vector<arbalest::PendingReceipt> pending(job.window); // a ring
    std::size_t newest = 0;
    std::size_t oldest = 0;
    std::deque<Clock::time_point> began;
    measurement.start();
    for (std::size_t sent = 0, done = 0; done < job.count;) {
        if (sent < job.count && sent - done < job.window) {
            if (Measurement::sampled(sent))
                began.push_back(Clock::now());
            pending[newest] = co_await session.submit(job.destination, body);
            newest = newest + 1 == job.window ? 0 : newest + 1;
            ++sent;
            continue;
        }
        co_await pending[oldest].confirmed();
        oldest = oldest + 1 == job.window ? 0 : oldest + 1;
        if (Measurement::sampled(done)) {
            measurement.took(Clock::now() - began.front());
            began.pop_front();
        }
        ++done;
    }
    measurement.stop(job.count);
}

} // namespace bench
