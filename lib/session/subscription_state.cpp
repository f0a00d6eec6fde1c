#include "subscription_state.hpp"

#include "core.hpp"
#include "hop.hpp"
#include "operation.hpp"
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
    require(state->core);
}

} // namespace

SubscriptionState::SubscriptionState(std::shared_ptr<Core> core, std::string id, std::string destination, AckMode ack,
                                     SubscriptionBuffer limits)
    : BufferedSubscription(std::move(id), std::move(destination), ack, limits, core->full_buffers()),
      core(std::move(core))
{
}

std::optional<Message> SubscriptionState::take(std::shared_ptr<SubscriptionState> self)
{
    bool const was_full = self->counts_as_full();
    auto front = self->BufferedSubscription::take();
    if (!front)
        return std::nullopt;
    if (was_full)
        self->core->update_reading();
    return Core::make_message(std::move(front->frame), std::move(self), front->connection, front->sequence);
}

void SubscriptionState::end(std::shared_ptr<StompError> cause)
{
    if (!BufferedSubscription::end(std::move(cause)))
        return;
    core->update_reading();
    waiters_.wake_all(core->executor());
}

void SubscriptionState::wake_if_ready()
{
    if (has_messages())
        waiters_.wake_all(core->executor());
}

asio::awaitable<void> SubscriptionState::wait()
{
    if (!waiters_.empty())
        throw OperationInProgress("another operation waits for the messages of '" + destination + "'");
    PeerWaiter waiter(*core);
    co_await waiters_.wait(core->executor(), waiter);
    core->turns().taken();
}

asio::awaitable<std::optional<Message>> SubscriptionState::next(std::shared_ptr<SubscriptionState> state)
{
    require_state(state);
    bool here = state->core->on_executor();
    bool const yields = here && state->has_messages() && state->core->turns().due();
    if (here && (yields || !state->has_messages())) {
        auto const caller = co_await asio::this_coro::executor;
        here = state->core->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = next(state);
        co_return co_await hop_to(state->core->home(), std::move(operation));
    }
    if (yields)
        co_await trip(state->core->executor());
    while (!state->has_messages()) {
        if (state->has_ended()) {
            if (state->cause())
                state->cause()->raise();
            co_return std::nullopt;
        }
        co_await state->wait();
    }
    Exclusive::Section const section(state->core->exclusive());
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
    bool here = state->core->on_executor();
    bool const yields = here && state->has_messages() && state->core->turns().due();
    if (here && (yields || !state->has_messages())) {
        auto const caller = co_await asio::this_coro::executor;
        here = state->core->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = ready(state);
        co_return co_await hop_to(state->core->home(), std::move(operation));
    }
    if (yields)
        co_await trip(state->core->executor());
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
    if (!state->core->may_suspend_on(caller)) {
        auto operation = next_for(state, limit);
        co_return co_await hop_to(state->core->home(), std::move(operation));
    }
    // More than once only where a lost connection has taken the message away again.
    auto const began = std::chrono::steady_clock::now();
    auto remaining = limit;
    while (!state->has_messages() && !state->has_ended()) {
        if (remaining.count() <= 0) {
            // Whoever polls lets others have their turn, too.
            if (state->core->turns().due())
                co_await trip(caller);
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
