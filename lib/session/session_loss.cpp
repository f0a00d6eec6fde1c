#include "broker_list.hpp"
#include "session_impl.hpp"

#include <algorithm>
#include <utility>

// How a session survives the loss of its connection: what that means for each of those who wait.
namespace arbalest::detail {

namespace {

// What an operation is told that the loss of its connection has cut short.
std::shared_ptr<StompError> as_lost(StompError const& cause, Outcome outcome)
{
    if (cause.code() == errc::connection_lost)
        return cause.with_outcome(outcome);
    return std::make_shared<ConnectionLost>(cause.code(), std::string("the connection was lost: ") + cause.what(),
                                            outcome);
}

} // namespace

// The connection has come to an end that was not asked for. `explained` says that an operation was told the cause.
void SessionImpl::on_connection_lost(std::shared_ptr<StompError> cause, CloseReason reason, bool explained)
{
    if (ending_.has_come())
        return;
    if (handshake_.in_progress()) {
        handshake_.end(std::move(cause));
        conversation_.reset();
        drop_link(reason, false);
        handshake_.waiters.wake_all(executor_);
        return;
    }
    if (!may_reconnect(*cause)) {
        finish(without_attempts_left(std::move(cause)), reason);
        return;
    }
    ConcurrencyCheck::Section const section(concurrency_check_);
    reconnection_.connection_lost(Clock::now());

    auto const unsent = current_ ? current_->output.unsent_from() : 0;
    ++connection_number_; // what belonged to the old one is stale from here on
    if (!explained)
        blame_resubscription(*cause);
    settle_outbox_at_loss(*cause, unsent);
    settle_slots_at_loss(*cause);
    settle_queue_at_loss(*cause);
    settle_subscriptions_at_loss();
    drop_link(reason, false);
    conversation_.reset();
    pump_queue(); // messages that waited for room in the write buffer go into the outbox
    written_.wake_all(executor_);

    Failure const failure(cause->to_exception_ptr());
    hooks_.observe("on_lost", [&](Observer& observer) { observer.on_lost(failure); });
    ConnectionEvent event;
    event.state = ConnectionEvent::State::lost;
    event.cause = failure;
    events_.publish(std::move(event));
    start_reconnecting(std::move(cause));
}

bool SessionImpl::may_reconnect(StompError const& cause)
{
    if (!reconnection_.is_enabled() || ending_.is_requested() || !reconnection_.schedule.may_reconnect(Clock::now()))
        return false;
    return may_try_again(cause);
}

// The last attempts did connect, but none of the connections lasted.
std::shared_ptr<StompError> SessionImpl::without_attempts_left(std::shared_ptr<StompError> cause) const
{
    if (!reconnection_.is_enabled() || ending_.is_requested() || reconnection_.schedule.attempts() == 0 ||
        reconnection_.schedule.may_reconnect(Clock::now()))
        return cause;
    ConnectAttempt attempt;
    attempt.url = events_.last().url;
    attempt.endpoint = current_ ? endpoint_of(*current_->transport) : std::string();
    attempt.phase = ConnectPhase::stomp;
    attempt.code = cause->code();
    attempt.message = std::string("connected, and lost again before the connection had held: ") + cause->what();
    std::shared_ptr<Frame const> error_frame;
    if (auto const* const error = dynamic_cast<ErrorFrameReceived const*>(cause.get()))
        error_frame = std::make_shared<Frame const>(error->frame());
    return std::make_shared<ConnectError>(std::vector{std::move(attempt)}, std::move(error_frame),
                                          reconnection_.schedule.attempts());
}

bool SessionImpl::may_try_again(StompError const& cause)
{
    auto const& policy = *config_->reconnect;
    Failure const failure(cause.to_exception_ptr());
    if (!policy.retry_if)
        return ReconnectPolicy::is_temporary(failure);
    bool may = false;
    if (auto const thrown = hooks_.call([&] { may = policy.retry_if(failure); }))
        hooks_.callback_failed("retry_if", thrown);
    return may;
}

void SessionImpl::settle_outbox_at_loss(StompError const& cause, std::uint64_t unsent)
{
    for (auto* const message : outbox_.connection_lost(unsent, config_->reconnect->resend_unconfirmed)) {
        auto& slot = *receipt_slot_of(*message);
        complete_slot(slot, as_lost(cause, Outcome::unknown));
    }
}

void SessionImpl::settle_slots_at_loss(StompError const& cause)
{
    auto const now = Clock::now();
    start_limits(now);
    std::vector<ReceiptSlot*> waiting;
    for (auto& slot : receipts_.waiting())
        waiting.push_back(&slot);
    for (auto* const entry : waiting) {
        auto& slot = *entry;
        auto const outcome = outcome_of(slot);
        if (slot.is_resubscribe) { // asked for anew with the next connection
            drop_slot(slot);
            continue;
        }
        bool const in_flight = slot.encoded && outcome == Outcome::unknown;
        if (slot.subscribing && in_flight) // messages are counted by the outbox
            ++slot.losses;
        auto const progress = in_flight ? Progress::in_flight : slot.encoded ? Progress::unsent : Progress::not_encoded;
        switch (after_loss(slot.on_loss, progress, slot.losses)) {
        case AfterLoss::succeeds:
            complete_slot(slot, nullptr);
            continue;
        case AfterLoss::turns_stale:
            complete_slot(slot, std::make_shared<StaleMessage>());
            continue;
        case AfterLoss::fails:
            complete_slot(slot, as_lost(cause, outcome));
            continue;
        case AfterLoss::goes_on:
            break;
        }
        slot.may_have_left = slot.may_have_left || in_flight;
        slot.encoded = false;
        if (slot.deadline != TimePoint::max())
            slot.remaining = std::max(slot.deadline - now, TimePoint::duration::zero());
        slot.deadline = TimePoint::max(); // the time stands still
        conversation_.receipts().set_deadline(slot.number, TimePoint::max());
    }
}

// What waited for room on the connection that is gone.
void SessionImpl::settle_queue_at_loss(StompError const& cause)
{
    std::vector<QueuedFrame*> waiting;
    for (auto& queued : queue_)
        waiting.push_back(&queued);
    for (auto* const entry : waiting) {
        auto& queued = *entry;
        switch (after_loss(rule_for(queued.frame, queued.options), Progress::not_encoded, 0)) {
        case AfterLoss::succeeds:
            complete_queued(queued, nullptr);
            break;
        case AfterLoss::turns_stale:
            complete_queued(queued, std::make_exception_ptr(StaleMessage()));
            break;
        case AfterLoss::fails:
            complete_queued(queued, as_lost(cause, Outcome::not_sent)->to_exception_ptr());
            break;
        case AfterLoss::goes_on:
            // A SUBSCRIBE is sent with those of the other subscriptions.
            if (auto* const subscribing = queued.options.subscribing()) {
                subscribing->announced = true;
                complete_queued(queued, nullptr);
            }
            break;
        }
    }
}

void SessionImpl::settle_subscriptions_at_loss()
{
    for (auto const& [key, subscription] : subscriptions_.all())
        subscription->connection_lost();
}

// The end of a connection may be the broker's answer to a SUBSCRIBE that was sent again. Brokers take one frame after
// the other, so it is the first that was not confirmed. But the network may be the cause as well, and some brokers
// confirm no SUBSCRIBE, so it takes two losses in a row.
void SessionImpl::blame_resubscription(StompError const& cause)
{
    auto const first =
        std::ranges::find_if(receipts_.waiting(), [](ReceiptSlot const& slot) { return slot.is_resubscribe; });
    if (first == receipts_.waiting().end() || !first->encoded || !current_ ||
        current_->output.is_unsent(first->position))
        return;
    auto const subscription = first->subscribing;
    if (!std::exchange(subscription->suspected, true))
        return;
    drop_slot(*first);
    refuse_subscription(*subscription, cause.code() == errc::error_frame_received ? cause.with_outcome(Outcome::refused)
                                                                                  : as_lost(cause, Outcome::unknown));
}

void SessionImpl::refuse_subscription(SubscriptionState& state, std::shared_ptr<StompError> cause)
{
    auto const self = state.shared_from_this();
    state.end(std::move(cause));
    if (state.ack != AckMode::automatic)
        state.discard_buffer();
    conversation_.remove_subscription(state.id, &state);
    subscriptions_.remove(state);
}

// The broker has ended it, and says so in an ERROR that leaves the session open.
void SessionImpl::subscription_refused(SubscriptionState& state, StompError const& cause)
{
    auto const self = state.shared_from_this();
    std::vector<ReceiptSlot*> waiting;
    for (auto& slot : receipts_.waiting()) {
        if (slot.ending == self || slot.subscribing == self)
            waiting.push_back(&slot);
    }
    for (auto* const slot : waiting) {
        // Nothing else will come for an UNSUBSCRIBE of what has ended.
        conversation_.receipts().forget(slot->number);
        complete_slot(*slot, slot->ending ? nullptr : cause.with_outcome(Outcome::refused));
    }
    refuse_subscription(state, cause.with_outcome(cause.outcome()));
    continue_disconnect();
}

} // namespace arbalest::detail
