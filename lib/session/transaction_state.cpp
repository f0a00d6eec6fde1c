#include "transaction_state.hpp"

#include "../protocol/client_frames.hpp"
#include "core.hpp"
#include "hop.hpp"
#include "operation.hpp"
#include <arbalest/session/with_timeout.hpp>

#include <exception>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

void require_state(std::shared_ptr<TransactionState> const& state)
{
    if (!state)
        throw SessionClosed("the transaction belongs to no session");
    require(state->core);
}

} // namespace

// Once COMMIT or ABORT was encoded, the subscriptions are told of it, however the wait for the receipt ends.
class TransactionState::EndGuard
{
public:
    EndGuard(TransactionState& state, bool committed) noexcept : state_(state), committed_(committed) {}
    EndGuard(EndGuard const&) = delete;
    EndGuard& operator=(EndGuard const&) = delete;
    ~EndGuard()
    {
        if (state_.over_)
            state_.tell_subscriptions(committed_);
    }

private:
    TransactionState& state_;
    bool committed_;
};

void TransactionState::check_open() const
{
    if (over_)
        throw SessionClosed("the transaction is over");
    core->check_open();
    if (is_lost())
        throw ConnectionLost(make_error_code(errc::connection_lost),
                             "the connection was lost on which the transaction was begun", Outcome::not_sent);
}

asio::awaitable<Transaction> TransactionState::begin(std::shared_ptr<Core> core, FrameOptions options)
{
    require(core);
    auto const caller = co_await asio::this_coro::executor;
    if (!core->may_suspend_on(caller)) {
        auto operation = begin(core, std::move(options));
        co_return co_await hop_to(core->home(), std::move(operation));
    }
    auto const state = std::make_shared<TransactionState>(core, core->next_transaction());
    // Whatever happens from here on, the handle sees to it that nothing stays open.
    auto transaction = Core::make_transaction(state);
    auto frame = transaction_frame("BEGIN", state->id);
    add_headers(frame, options);
    auto how = transmit_options(options);
    FrameEffects effects;
    effects.encoded = &state->begun_;
    effects.connection = &state->connection_;
    how.effects = &effects;
    how.may_suspend = true;
    co_await Core::transmit(core, std::move(frame), how);
    co_return transaction;
}

// Nothing waits for its receipt before COMMIT: RabbitMQ confirms only then.
asio::awaitable<bool> TransactionState::send_frame(std::shared_ptr<TransactionState> state, Frame frame,
                                                   TransmitOptions how)
{
    auto const core = state->core;
    how.may_suspend = true;
    if (!frame.has_header("transaction"))
        frame.add_header("transaction", state->id);
    if (how.with_receipt || core->config().auto_receipt || frame.has_header("receipt")) {
        how.with_receipt = true;
        how.defer_deadline = true;
        auto pending = co_await Core::submit(core, std::move(frame), how);
        state->pending_.push_back(std::move(pending));
    } else {
        co_await Core::transmit(core, std::move(frame), how);
    }
    co_return true;
}

asio::awaitable<void> TransactionState::send(std::shared_ptr<TransactionState> state, OutgoingMessage message)
{
    require_state(state);
    auto const caller = co_await asio::this_coro::executor;
    if (!state->core->may_suspend_on(caller)) {
        auto operation = with_monostate(send(state, std::move(message)));
        co_await hop_to(state->core->home(), std::move(operation));
        co_return;
    }
    state->check_open();
    auto const how = transmit_options(message);
    co_await send_frame(state, std::move(message).frame(), how);
}

asio::awaitable<bool> TransactionState::acknowledge(std::shared_ptr<TransactionState> state,
                                                    std::shared_ptr<SubscriptionState> subscription,
                                                    std::uint64_t connection, std::uint64_t sequence,
                                                    std::optional<Frame> frame)
{
    require_state(state);
    auto const caller = co_await asio::this_coro::executor;
    if (!state->core->may_suspend_on(caller)) {
        auto operation = acknowledge(state, std::move(subscription), connection, sequence, std::move(frame));
        co_return co_await hop_to(state->core->home(), std::move(operation));
    }
    state->check_open();
    if (!state->core->may_acknowledge(subscription.get(), connection, frame.has_value()))
        co_return false;
    FrameEffects effects;
    effects.settles = subscription.get();
    effects.settled = sequence;
    effects.transaction = state->number;
    TransmitOptions how;
    how.effects = &effects;
    if (state->subscriptions_.empty() || state->subscriptions_.back().lock() != subscription)
        state->subscriptions_.push_back(subscription);
    co_await send_frame(state, std::move(*frame), how);
    co_return true;
}

asio::awaitable<void> TransactionState::commit(std::shared_ptr<TransactionState> state)
{
    require_state(state);
    auto const core = state->core;
    auto const caller = co_await asio::this_coro::executor;
    if (!core->may_suspend_on(caller)) {
        auto operation = with_monostate(commit(state));
        co_await hop_to(core->home(), std::move(operation));
        co_return;
    }
    state->check_open();
    FrameEffects effects;
    effects.encoded = &state->over_;
    effects.starts = &state->pending_;
    TransmitOptions how;
    how.effects = &effects;
    how.may_suspend = true;
    auto frame = transaction_frame("COMMIT", state->id);
    {
        EndGuard const guard(*state, true);
        co_await Core::transmit(core, std::move(frame), how);
    }
    // A total cancellation that has come since COMMIT was encoded is to be ignored, but the caller's coroutine
    // remembers it, and would throw.
    auto const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto rest = await_confirmations(state);
    auto const failure = co_await as_exception_ptr(std::move(rest));
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (failure)
        std::rethrow_exception(failure);
}

// In the order in which they were sent, so that the first failure is the first.
asio::awaitable<void> TransactionState::await_confirmations(std::shared_ptr<TransactionState> state)
{
    auto const pending = std::exchange(state->pending_, {});
    for (auto const& receipt : pending)
        co_await state->core->await_confirmation(receipt);
}

asio::awaitable<void> TransactionState::abort(std::shared_ptr<TransactionState> state)
{
    require_state(state);
    auto const core = state->core;
    auto const caller = co_await asio::this_coro::executor;
    if (!core->may_suspend_on(caller)) {
        auto operation = with_monostate(abort(state));
        co_await hop_to(core->home(), std::move(operation));
        co_return;
    }
    state->check_open();
    FrameEffects effects;
    effects.encoded = &state->over_;
    TransmitOptions how;
    how.effects = &effects;
    how.may_suspend = true;
    auto frame = transaction_frame("ABORT", state->id);
    EndGuard const guard(*state, false);
    co_await Core::transmit(core, std::move(frame), how);
    state->pending_.clear();
}

bool TransactionState::is_lost() const noexcept
{
    return begun_ && connection_ != core->connection();
}

void TransactionState::tell_subscriptions(bool committed)
{
    for (auto const& weak : subscriptions_) {
        if (auto const subscription = weak.lock())
            subscription->unsettled.transaction_ended(number, committed);
    }
    subscriptions_.clear();
}

void TransactionState::abandon()
{
    pending_.clear();
    if (!begun_ || over_ || !core->is_open() || is_lost())
        return;
    over_ = true;
    tell_subscriptions(false);
    core->send_control(transaction_frame("ABORT", id));
}

} // namespace arbalest::detail
