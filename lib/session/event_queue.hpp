#pragma once

#include "wait_queue.hpp"
#include <arbalest/session/connection_events.hpp>

#include <boost/asio/awaitable.hpp>

#include <deque>
#include <memory>
#include <optional>

namespace arbalest::detail {

class SessionImpl;

/// One channel of connection events. Lives on the session's executor.
class EventQueue : public std::enable_shared_from_this<EventQueue>
{
public:
    explicit EventQueue(std::shared_ptr<SessionImpl> impl) noexcept;

    void push(ConnectionEvent const& event);

    static boost::asio::awaitable<std::optional<ConnectionEvent>> next(std::shared_ptr<EventQueue> queue);

    /// Takes the waiting coroutine out, when its io_context goes down.
    WaitHandler release_waiter() { return waiters_.release_one(); }

private:
    std::shared_ptr<SessionImpl> const impl_;
    std::deque<ConnectionEvent> events_;
    bool closed_ = false;
    WaitQueue waiters_; // one at the most
};

} // namespace arbalest::detail
