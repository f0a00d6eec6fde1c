#pragma once

#include "delivery.hpp"
#include <arbalest/broker/broker_stats.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace arbalest::broker {

class Subscription;

/// Messages in order, and the subscriptions that take them in turn. A subscription to a topic has one of its own.
class Queue
{
public:
    /// @param stats where to count; shared by all queues of a topic. @param clock of expiries; empty: the system's.
    explicit Queue(std::shared_ptr<DestinationStats> stats, WallClock clock = {}) noexcept
        : stats_(std::move(stats)), clock_(std::move(clock))
    {
    }
    ~Queue();
    Queue(Queue const&) = delete;
    Queue& operator=(Queue const&) = delete;

    /// Behind all others. Hands out nothing yet, see pump().
    void push(std::shared_ptr<Frame const> frame);
    /// To where it was before it was delivered. Hands out nothing yet.
    void put_back(StoredMessage message);
    /// Gives consumers what they can take, in turn.
    void pump();
    /// Drops the messages at the front that have expired.
    void drop_expired();
    /// Drops all that waits, and returns how many there were.
    std::size_t purge() noexcept;

    void add(Subscription& consumer);
    void remove(Subscription& consumer) noexcept;

    std::size_t size() const noexcept { return ready_.size(); }
    /// The bytes of memory that the waiting messages hold, at least.
    std::size_t bytes() const noexcept { return bytes_; }
    bool has_consumers() const noexcept { return !consumers_.empty(); }
    DestinationStats& stats() noexcept { return *stats_; }

private:
    Subscription* next_consumer() noexcept;
    bool has_expired(StoredMessage const& message) const;
    StoredMessage take_front() noexcept;

    std::shared_ptr<DestinationStats> stats_;
    WallClock const clock_;
    std::deque<StoredMessage> ready_; // in the order of their sequence
    std::vector<Subscription*> consumers_;
    std::size_t next_ = 0; // whose turn it is
    std::size_t bytes_ = 0;
    std::uint64_t last_sequence_ = 0;
};

} // namespace arbalest::broker
