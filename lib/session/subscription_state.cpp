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
    : core(std::move(core)), id(std::move(id)), destination(std::move(destination)), ack(ack), limits(limits)
{
}

std::shared_ptr<StompError> SubscriptionState::push_carefully(Frame&& frame, std::uint64_t connection, std::size_t size)
{
    // Also of a message that is one too many: the broker waits for what becomes of it.
    Unsettled::Sequence sequence = 0;
    if (gives_back) {
        auto const name = core->version() == StompVersion::v1_2 ? "ack" : "message-id";
        sequence = unsettled.add(frame.header(name).value_or(""));
    } else if (ack != AckMode::automatic) {
        sequence = unsettled.add();
    }
    bool const was_full = is_full();
    if (was_full && limits.policy == OverflowPolicy::drop_newest)
        return nullptr;
    if (was_full && limits.policy == OverflowPolicy::drop_oldest) {
        while (!buffer_.empty() && (buffer_.size() >= limits.messages || buffered_bytes_ + size > limits.bytes))
            drop_front();
    }
    // One message alone is bounded by Limits.
    bool const exceeds = !buffer_.empty() && buffered_bytes_ + size > limits.hard_limit;
    if ((was_full && limits.policy == OverflowPolicy::fail) || exceeds)
        return std::make_shared<SlowConsumer>(destination, buffer_.size(), buffered_bytes_);
    append(std::move(frame), connection, sequence, size);
    update_fullness();
    return nullptr;
}

void SubscriptionState::update_fullness()
{
    bool const is_over = is_over_soft_limit();
    if (std::exchange(counts_as_full_, is_over) != is_over)
        core->full_buffers_changed(is_over ? +1 : -1);
}

void SubscriptionState::discard_buffer()
{
    buffer_.clear();
    buffered_bytes_ = 0;
    update_fullness();
}

void SubscriptionState::connection_lost()
{
    unsettled.forget();
    if (ack == AckMode::automatic)
        return;
    discard_buffer();
}

void SubscriptionState::drop_front()
{
    buffered_bytes_ -= size_of(buffer_.front().frame);
    buffer_.pop_front();
}

std::optional<Message> SubscriptionState::take(std::shared_ptr<SubscriptionState> self)
{
    auto& state = *self;
    if (state.buffer_.empty())
        return std::nullopt;
    auto front = state.buffer_.take_front();
    state.buffered_bytes_ -= size_of(front.frame);
    if (state.counts_as_full_)
        state.update_fullness();
    return Core::make_message(std::move(front.frame), std::move(self), front.connection, front.sequence);
}

void SubscriptionState::end_in_order()
{
    end(nullptr);
}

void SubscriptionState::end(std::shared_ptr<StompError> cause)
{
    if (ended)
        return;
    ended = true;
    cause_ = std::move(cause);
    update_fullness();
    waiters_.wake_all(core->executor());
}

void SubscriptionState::wake_if_ready()
{
    if (!buffer_.empty())
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
    bool const yields = here && !state->buffer_.empty() && state->core->turns().due();
    if (here && (yields || state->buffer_.empty())) {
        auto const caller = co_await asio::this_coro::executor;
        here = state->core->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = next(state);
        co_return co_await hop_to(state->core->home(), std::move(operation));
    }
    if (yields)
        co_await trip(state->core->executor());
    while (state->buffer_.empty()) {
        if (state->ended) {
            if (state->cause_)
                state->cause_->raise();
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
    bool const yields = here && !state->buffer_.empty() && state->core->turns().due();
    if (here && (yields || state->buffer_.empty())) {
        auto const caller = co_await asio::this_coro::executor;
        here = state->core->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = ready(state);
        co_return co_await hop_to(state->core->home(), std::move(operation));
    }
    if (yields)
        co_await trip(state->core->executor());
    while (state->buffer_.empty()) {
        if (state->ended) {
            if (state->cause_)
                state->cause_->raise();
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
    while (state->buffer_.empty() && !state->ended) {
        if (remaining.count() <= 0) {
            // Whoever polls lets others have their turn, too.
            if (state->core->turns().due())
                co_await trip(caller);
            if (state->buffer_.empty() && !state->ended)
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
