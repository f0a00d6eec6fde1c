#pragma once

#include "../engine/buffered_subscription.hpp"
#include "wait_queue.hpp"
#include <arbalest/session/message.hpp>
#include <arbalest/session/stomp_config.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace arbalest::detail {

class SessionImpl;

/// A subscription with whoever waits for its messages. Lives on the session's executor.
class SubscriptionState : public BufferedSubscription, public std::enable_shared_from_this<SubscriptionState>
{
public:
    SubscriptionState(std::shared_ptr<SessionImpl> impl, std::string id, std::string destination, AckMode ack,
                      SubscriptionBuffer limits);

    std::shared_ptr<SessionImpl> const impl;

    /// Ends it and lets the waiter know. Without a cause it ends in order.
    void end(std::shared_ptr<StompError> cause);
    /// Lets the waiter go on if there is something for it.
    void wake_if_ready();
    /// The next message, which gets `self`.
    static std::optional<Message> take(std::shared_ptr<SubscriptionState> self);

    static boost::asio::awaitable<std::optional<Message>> next(std::shared_ptr<SubscriptionState> state);
    static boost::asio::awaitable<Message> receive(std::shared_ptr<SubscriptionState> state);
    static boost::asio::awaitable<std::optional<Message>> next_for(std::shared_ptr<SubscriptionState> state,
                                                                   std::chrono::nanoseconds limit);
    static boost::asio::awaitable<bool> ready(std::shared_ptr<SubscriptionState> state);

    /// Takes the waiting coroutine out, when its io_context goes down.
    WaitHandler release_waiter() { return waiters_.release_one(); }

private:
    boost::asio::awaitable<void> wait();

    WaitQueue waiters_; // one at the most
};

} // namespace arbalest::detail
