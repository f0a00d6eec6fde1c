#pragma once

#include "event_queue.hpp"
#include <arbalest/session/connection_events.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace arbalest::detail {

/// Hands the connection events of a session out to whoever listens. Lives on the session's executor.
class EventLog
{
public:
    /// The last event; a default one before the first.
    ConnectionEvent const& last() const noexcept { return last_; }

    void publish(ConnectionEvent event)
    {
        for (auto const& weak : queues_) {
            if (auto const queue = weak.lock())
                queue->push(event);
        }
        std::erase_if(queues_, [](auto const& weak) { return weak.expired(); });
        last_ = std::move(event);
    }

    /// The queue gets the last event at once, and all that follow.
    void attach(std::shared_ptr<EventQueue> const& queue)
    {
        queue->push(last_);
        queues_.push_back(queue);
    }

    /// The io_context goes down: takes every waiting coroutine out, which is destroyed here.
    void release_waiters()
    {
        for (auto const& weak : std::exchange(queues_, {})) {
            if (auto const queue = weak.lock())
                queue->release_waiter();
        }
    }

private:
    ConnectionEvent last_;
    std::vector<std::weak_ptr<EventQueue>> queues_;
};

} // namespace arbalest::detail
