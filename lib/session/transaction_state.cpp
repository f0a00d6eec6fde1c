#include "transaction_state.hpp"

#include "../protocol/client_frames.hpp"
#include "operation.hpp"
#include "run_on.hpp"
#include "session_impl.hpp"
#include <arbalest/session/with_timeout.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

void require_state(std::shared_ptr<TransactionState> const& state)
{
    if (!state)
        throw SessionClosed("the transaction belongs to no session");
    require(state->impl);
}

} // namespace

// Whoever drops the handle meanwhile does not mean to take the COMMIT back.
class TransactionState::Ending
{
public:
    explicit Ending(TransactionState& state) noexcept : state_(state) { ++state_.ending_; }
    Ending(Ending const&) = delete;
    Ending& operator=(Ending const&) = delete;
    ~Ending()
    {
        if (--state_.ending_ == 0 && state_.abandoned_)
            state_.abandon();
    }

private:
    TransactionState& state_;
};

void TransactionState::check_open() const
{
    if (over_)
        throw SessionClosed("the transaction is over");
    impl->check_open();
    if (is_lost())
        throw ConnectionLost(make_error_code(errc::connection_lost),
                             "the connection was lost on which the transaction was begun", Outcome::not_sent);
}

asio::awaitable<Transaction> TransactionState::begin(std::shared_ptr<SessionImpl> impl, FrameOptions options)
{
    require(impl);
    auto const caller = co_await asio::this_coro::executor;
    if (!impl->may_suspend_on(caller)) {
        auto operation = begin(impl, std::move(options));
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    auto const* const chosen = find_header(options, "transaction");
    if (chosen && chosen->empty())
        throw InvalidFrame("a transaction needs an id", "transaction");
    auto const state = std::make_shared<TransactionState>(impl, chosen ? *chosen : impl->transactions().next_id());
    if (!impl->transactions().add(state))
        throw InvalidFrame("'" + state->id + "' is the id of another transaction that is open", "transaction");
    // Whatever happens from here on, the handle sees to it that nothing stays open.
    auto transaction = SessionImpl::make_transaction(state);
    auto frame = transaction_frame("BEGIN", state->id);
    add_headers(frame, options);
    auto how = transmit_options(options);
    FrameEffects effects;
    effects.encoded = &state->begun_;
    effects.connection_number = &state->connection_;
    how.effects = &effects;
    how.may_suspend = true;
    co_await SessionImpl::transmit(impl, std::move(frame), how);
    co_return transaction;
}

// Nothing waits for its receipt before COMMIT: RabbitMQ confirms only then.
asio::awaitable<bool> TransactionState::send_frame(std::shared_ptr<TransactionState> state, Frame frame,
                                                   TransmitOptions how)
{
    auto const impl = state->impl;
    how.may_suspend = true;
    FrameEffects effects = how.effects ? *how.effects : FrameEffects();
    effects.transaction = state.get();
    how.effects = &effects;
    if (!frame.has_header("transaction"))
        frame.add_header("transaction", state->id);
    if (how.with_receipt || impl->config().auto_receipt || frame.has_header("receipt")) {
        how.with_receipt = true;
        how.defer_deadline = true;
        auto pending = co_await SessionImpl::submit(impl, std::move(frame), how);
        state->pending_.push_back(std::move(pending));
    } else {
        co_await SessionImpl::transmit(impl, std::move(frame), how);
    }
    co_return true;
}

asio::awaitable<void> TransactionState::send(std::shared_ptr<TransactionState> state, OutgoingMessage message)
{
    require_state(state);
    auto const caller = co_await asio::this_coro::executor;
    if (!state->impl->may_suspend_on(caller)) {
        auto operation = with_monostate(send(state, std::move(message)));
        co_await run_on(state->impl->home(), std::move(operation));
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
    if (!state->impl->may_suspend_on(caller)) {
        auto operation = acknowledge(state, std::move(subscription), connection, sequence, std::move(frame));
        co_return co_await run_on(state->impl->home(), std::move(operation));
    }
    state->check_open();
    if (!state->impl->may_acknowledge(subscription.get(), connection, sequence, frame.has_value()))
        co_return false;
    FrameEffects effects;
    effects.settles = subscription.get();
    effects.settled = sequence;
    TransmitOptions how;
    how.effects = &effects;
    try {
        co_await send_frame(state, std::move(*frame), how);
    } catch (StaleMessage const&) { // it was settled before there was room for this
        if (state->impl->config().strict_acks)
            throw;
        co_return false;
    }
    co_return true;
}

asio::awaitable<void> TransactionState::commit(std::shared_ptr<TransactionState> state)
{
    require_state(state);
    auto const impl = state->impl;
    auto const caller = co_await asio::this_coro::executor;
    if (!impl->may_suspend_on(caller)) {
        auto operation = with_monostate(commit(state));
        co_await run_on(impl->home(), std::move(operation));
        co_return;
    }
    state->check_open();
    FrameEffects effects;
    effects.transaction = state.get();
    effects.transaction_end = TransactionEnd::commit;
    effects.starts = &state->pending_;
    TransmitOptions how;
    how.effects = &effects;
    // A receipt of what was sent in it does not say that COMMIT has arrived, except on RabbitMQ.
    how.with_receipt = !state->pending_.empty();
    how.may_suspend = true;
    auto frame = transaction_frame("COMMIT", state->id);
    Ending const ending(*state);
    co_await SessionImpl::transmit(impl, std::move(frame), how);
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
        state->impl->start_deadline(SessionImpl::slot_of(receipt)); // of what was waiting for room before COMMIT
    for (auto const& receipt : pending)
        co_await state->impl->await_confirmation(receipt);
}

asio::awaitable<void> TransactionState::abort(std::shared_ptr<TransactionState> state)
{
    require_state(state);
    auto const impl = state->impl;
    auto const caller = co_await asio::this_coro::executor;
    if (!impl->may_suspend_on(caller)) {
        auto operation = with_monostate(abort(state));
        co_await run_on(impl->home(), std::move(operation));
        co_return;
    }
    state->check_open();
    FrameEffects effects;
    effects.transaction = state.get();
    effects.transaction_end = TransactionEnd::abort;
    TransmitOptions how;
    how.effects = &effects;
    how.may_suspend = true;
    auto frame = transaction_frame("ABORT", state->id);
    Ending const ending(*state);
    co_await SessionImpl::transmit(impl, std::move(frame), how);
    state->pending_.clear();
}

bool TransactionState::is_lost() const noexcept
{
    return begun_ && connection_ != impl->connection_number();
}

void TransactionState::settle(SubscriptionState& subscription, UnackedMessages::Sequence sequence)
{
    auto place = std::ranges::find(settled_, &subscription, [](Settled const& s) { return s.subscription.get(); });
    if (place == settled_.end())
        place = settled_.insert(place, {subscription.shared_from_this(), {}});
    subscription.unacked.settle(sequence, subscription.ack == AckMode::client, place->runs);
}

void TransactionState::end(bool committed)
{
    over_ = true;
    for (auto const& [subscription, runs] : std::exchange(settled_, {})) {
        for (auto const& run : runs) {
            if (committed)
                subscription->unacked.commit(run);
            else
                subscription->unacked.reopen(run);
        }
    }
    impl->transactions().remove(*this);
}

void TransactionState::abandon()
{
    abandoned_ = true;
    if (ending_ != 0)
        return;
    pending_.clear();
    impl->transactions().remove(*this);
    if (!begun_ || over_ || !impl->is_open() || is_lost())
        return;
    end(false);
    impl->send_control(transaction_frame("ABORT", id));
}

// --- OpenTransactions

std::string OpenTransactions::next_id()
{
    std::string id;
    do
        id = "tx-" + std::to_string(++last_);
    while (is_taken(id));
    return id;
}

bool OpenTransactions::is_taken(std::string const& id) const
{
    auto const found = states_.find(id);
    auto const state = found == states_.end() ? nullptr : found->second.lock();
    return state && !state->is_over() && !state->is_lost();
}

bool OpenTransactions::add(std::shared_ptr<TransactionState> const& state)
{
    if (is_taken(state->id))
        return false;
    states_.insert_or_assign(state->id, state);
    return true;
}

void OpenTransactions::remove(TransactionState const& state)
{
    auto const found = states_.find(state.id);
    if (found == states_.end())
        return;
    auto const owner = found->second.lock();
    if (!owner || owner.get() == &state)
        states_.erase(found);
}

} // namespace arbalest::detail
