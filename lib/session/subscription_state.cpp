#include "subscription_state.hpp"

#include "operation.hpp"
#include "run_on.hpp"
#include "session_guards.hpp"
#include "yield.hpp"
#include <arbalest/session/error.hpp>
#include <arbalest/session/with_timeout.hpp>

#include <algorithm>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

[[noreturn]] void belongs_nowhere()
{
    throw SessionClosed("the subscription belongs to no session");
}

inline void require_state(std::shared_ptr<SubscriptionState> const& state)
{
    if (!state)
        belongs_nowhere();
    require(state->impl);
}

} // namespace

SubscriptionState::SubscriptionState(std::shared_ptr<SessionImpl> impl, std::string id, std::string destination,
                                     AckMode ack, SubscriptionBuffer limits)
    : BufferedSubscription(std::move(id), std::move(destination), ack, limits, impl->full_buffers()),
      impl(std::move(impl))
{
}

std::optional<Message> SubscriptionState::take(std::shared_ptr<SubscriptionState> self)
{
    bool const was_full = self->counts_as_full();
    auto front = self->BufferedSubscription::take();
    if (!front)
        return std::nullopt;
    if (was_full)
        self->impl->update_reading();
    return SessionImpl::make_message(std::move(front->frame), std::move(self), front->connection, front->sequence);
}

void SubscriptionState::end(std::shared_ptr<StompError> cause)
{
    if (!BufferedSubscription::end(std::move(cause)))
        return;
    impl->update_reading();
    waiters_.wake_all(impl->executor());
}

void SubscriptionState::wake_if_ready()
{
    if (has_messages())
        waiters_.wake_all(impl->executor());
}

asio::awaitable<void> SubscriptionState::wait()
{
    if (!waiters_.empty())
        throw OperationInProgress("another operation waits for the messages of '" + destination + "'");
    PeerWaiter waiter(*impl);
    co_await waiters_.wait(impl->executor(), waiter);
    impl->inline_budget().reset();
}

asio::awaitable<std::optional<Message>> SubscriptionState::next(std::shared_ptr<SubscriptionState> state)
{
    require_state(state);
    bool here = state->impl->on_executor();
    bool const yields = here && state->has_messages() && state->impl->inline_budget().spend();
    if (here && (yields || !state->has_messages())) {
        auto const caller = co_await asio::this_coro::executor;
        here = state->impl->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = next(state);
        co_return co_await run_on(state->impl->home(), std::move(operation));
    }
    if (yields) {
        YieldPoint point;
        co_await yield(state->impl->executor(), point);
    }
    while (!state->has_messages()) {
        if (state->has_ended()) {
            if (state->cause())
                state->cause()->raise();
            co_return std::nullopt;
        }
        co_await state->wait();
    }
    ConcurrencyCheck::Section const section(state->impl->concurrency_check());
    co_return take(std::move(state));
}

asio::awaitable<Message> SubscriptionState::receive(std::shared_ptr<SubscriptionState> state)
{
    auto message = co_await next(state);
    if (!message)
        throw SessionClosed("the subscription has ended");
    co_return std::move(*message);
}

asio::awaitable<bool> SubscriptionState::ready(std::shared_ptr<SubscriptionState> state)
{
    require_state(state);
    bool here = state->impl->on_executor();
    bool const yields = here && state->has_messages() && state->impl->inline_budget().spend();
    if (here && (yields || !state->has_messages())) {
        auto const caller = co_await asio::this_coro::executor;
        here = state->impl->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = ready(state);
        co_return co_await run_on(state->impl->home(), std::move(operation));
    }
    if (yields) {
        YieldPoint point;
        co_await yield(state->impl->executor(), point);
    }
    while (!state->has_messages()) {
        if (state->has_ended()) {
            if (state->cause())
                state->cause()->raise();
            co_return false;
        }
        co_await state->wait();
    }
    co_return true;
}

// Waits without taking, so that a timeout that comes together with a message loses nothing.
asio::awaitable<std::optional<Message>> SubscriptionState::next_for(std::shared_ptr<SubscriptionState> state,
                                                                    std::chrono::nanoseconds limit)
{
    require_state(state);
    auto const caller = co_await asio::this_coro::executor;
    if (!state->impl->may_suspend_on(caller)) {
        auto operation = next_for(state, limit);
        co_return co_await run_on(state->impl->home(), std::move(operation));
    }
    // More than once only where a lost connection has taken the message away again.
    auto const began = std::chrono::steady_clock::now();
    auto remaining = limit;
    while (!state->has_messages() && !state->has_ended()) {
        if (remaining.count() <= 0) {
            // A consumer that polls yields, too.
            if (state->impl->inline_budget().spend()) {
                YieldPoint point;
                co_await yield(state->impl->executor(), point);
            }
            if (!state->has_messages() && !state->has_ended())
                throw Timeout(limit);
            break;
        }
        auto wait = ready(state);
        co_await with_timeout(remaining, std::move(wait));
        remaining = limit - (std::chrono::steady_clock::now() - began);
    }
    co_return co_await next(state);
}

} // namespace arbalest::detail
