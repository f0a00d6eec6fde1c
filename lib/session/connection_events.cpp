#include "event_queue.hpp"
#include "operation.hpp"
#include "run_on.hpp"
#include "session_guards.hpp"
#include <arbalest/session/connection_events.hpp>

#include <utility>

namespace arbalest {

namespace asio = boost::asio;

std::string_view to_string(ConnectionEvent::State state) noexcept
{
    using State = ConnectionEvent::State;
    switch (state) {
    case State::connecting:
        return "connecting";
    case State::connected:
        return "connected";
    case State::lost:
        return "lost";
    case State::waiting:
        return "waiting";
    case State::closed:
        return "closed";
    }
    return "";
}

ConnectionEvents::ConnectionEvents(std::shared_ptr<detail::EventQueue> queue) noexcept : queue_(std::move(queue)) {}

asio::awaitable<std::optional<ConnectionEvent>> ConnectionEvents::next()
{
    return detail::EventQueue::next(queue_);
}

namespace detail {

namespace {

constexpr std::size_t longest = 1000;

} // namespace

EventQueue::EventQueue(std::shared_ptr<SessionImpl> impl) noexcept : impl_(std::move(impl)) {}

void EventQueue::push(ConnectionEvent const& event)
{
    if (closed_)
        return;
    if (events_.size() == longest)
        events_.pop_front();
    events_.push_back(event);
    closed_ = event.state == ConnectionEvent::State::closed;
    waiters_.wake_all(impl_->executor());
}

asio::awaitable<std::optional<ConnectionEvent>> EventQueue::next(std::shared_ptr<EventQueue> queue)
{
    if (!queue)
        throw SessionClosed("the channel belongs to no session");
    require(queue->impl_);
    auto const caller = co_await asio::this_coro::executor;
    if (!queue->impl_->may_suspend_on(caller)) {
        auto operation = next(queue);
        co_return co_await run_on(queue->impl_->home(), std::move(operation));
    }
    while (queue->events_.empty()) {
        if (queue->closed_)
            co_return std::nullopt;
        if (!queue->waiters_.empty())
            throw OperationInProgress("another operation waits for the connection events");
        ObservingWaiter waiter(*queue->impl_);
        co_await queue->waiters_.wait(queue->impl_->executor(), waiter);
    }
    std::optional<ConnectionEvent> event(std::move(queue->events_.front()));
    queue->events_.pop_front();
    co_return event;
}

} // namespace detail

} // namespace arbalest
