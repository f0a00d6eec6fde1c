#include "../protocol/client_frames.hpp"
#include "core.hpp"
#include "event_queue.hpp"
#include "route.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>
#include <utility>

// How a session survives the loss of its connection, and comes by another.
namespace arbalest::detail {

namespace asio = boost::asio;

/// The coroutine that looks for another connection.
struct Reconnecting
{
    asio::cancellation_signal signal;
    bool done = false;
};

namespace {

constexpr unsigned poisonous = 2; // losses in a row

double chance()
{
    static thread_local std::minstd_rand generator(std::random_device{}());
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

// What an operation is told that the loss of its connection has cut short.
std::shared_ptr<StompError> as_lost(StompError const& cause, Outcome outcome)
{
    if (cause.code() == errc::connection_lost)
        return cause.with_outcome(outcome);
    return std::make_shared<ConnectionLost>(cause.code(), std::string("the connection was lost: ") + cause.what(),
                                            outcome);
}

} // namespace

std::shared_ptr<StompError> copy_of(std::exception_ptr const& exception)
{
    try {
        std::rethrow_exception(exception);
    } catch (StompError const& error) {
        return error.with_outcome(Outcome::not_sent);
    } catch (std::exception const& error) {
        return std::make_shared<InvalidFrame>(error.what());
    }
}

// --- the loss

// The connection has come to an end that was not asked for. `explained` says that an operation was told the cause.
void Core::lose(std::shared_ptr<StompError> cause, CloseReason reason, bool explained)
{
    if (finished_)
        return;
    if (std::exchange(shaking_hands_, false)) {
        handshake_failure_ = std::move(cause);
        conversation_.reset();
        drop_link(reason, false);
        write_failure_.reset();
        read_on_until_ = TimePoint::max();
        connecting_.wake_all(executor_);
        return;
    }
    if (!may_reconnect(*cause)) {
        finish(std::move(cause), reason);
        return;
    }
    auto const self = shared_from_this();
    Exclusive::Section const section(exclusive_);
    bool const held = connection_held();
    route_->first = route_->current + (held ? 0 : 1);
    if (held)
        attempts_ = 0;

    auto const unsent = link_ ? link_->unsent_from() : 0;
    ++connection_; // what belonged to the old one is stale from here on
    if (!explained)
        blame_resubscription(cause);
    settle_outbox_at_loss(*cause, unsent);
    settle_slots_at_loss(*cause);
    settle_queue_at_loss(*cause);
    settle_subscriptions_at_loss();
    drop_link(reason, false);
    conversation_.reset();
    write_failure_.reset();
    read_on_until_ = TimePoint::max();
    next_look_ = TimePoint::max();
    pump_queue(); // messages that waited for room in the write buffer go into the outbox
    written_.wake_all(executor_);

    Failure const failure(cause->to_exception_ptr());
    observe([&](Observer& observer) { observer.on_lost(failure); });
    ConnectionEvent event;
    event.state = ConnectionEvent::State::lost;
    event.cause = failure;
    tell(std::move(event));
    if (finished_) // a hook has ended it
        return;
    reconnecting_ = std::make_shared<Reconnecting>();
    asio::co_spawn(
        executor_, reconnect(self, std::move(cause)),
        asio::bind_cancellation_slot(reconnecting_->signal.slot(), [state = reconnecting_](std::exception_ptr) {
            state->done = true;
            state->signal.slot().clear();
        }));
}

bool Core::connection_held() const
{
    return Clock::now() - connected_at_ >= config_->reconnect->stable_after;
}

bool Core::may_reconnect(StompError const& cause) const
{
    if (!reconnects_ || disconnecting_)
        return false;
    auto const& policy = *config_->reconnect;
    if (policy.attempts == 0 || (!connection_held() && attempts_ >= policy.attempts))
        return false;
    return may_try_again(cause);
}

bool Core::may_try_again(StompError const& cause) const
{
    auto const& policy = *config_->reconnect;
    Failure const failure(cause.to_exception_ptr());
    try {
        return policy.retry_if ? policy.retry_if(failure) : ReconnectPolicy::is_temporary(failure);
    } catch (...) {
        return false; // it cannot say
    }
}

void Core::settle_outbox_at_loss(StompError const& cause, std::uint64_t unsent)
{
    for (auto* const message : outbox_.connection_lost(unsent, config_->reconnect->resend_unconfirmed)) {
        auto& slot = *message->slot;
        complete_slot(slot, as_lost(cause, Outcome::unknown));
    }
}

void Core::settle_slots_at_loss(StompError const& cause)
{
    auto const now = Clock::now();
    std::vector<ReceiptSlot*> waiting;
    for (auto& slot : waiting_slots_)
        waiting.push_back(&slot);
    for (auto* const entry : waiting) {
        auto& slot = *entry;
        auto const outcome = outcome_of(slot);
        bool const was_sent = slot.encoded && outcome == Outcome::unknown;
        if (slot.again) { // asked for anew with the next connection
            drop_slot(slot);
            continue;
        }
        switch (slot.at_loss) {
        case AtLoss::succeed:
            complete_slot(slot, nullptr);
            continue;
        case AtLoss::stale:
            complete_slot(slot, was_sent ? as_lost(cause, outcome) : std::make_shared<StaleMessage>());
            continue;
        case AtLoss::fail:
            complete_slot(slot, as_lost(cause, outcome));
            continue;
        case AtLoss::wait:
            if (slot.encoded) {
                complete_slot(slot, as_lost(cause, outcome));
                continue;
            }
            break;
        case AtLoss::keep:
            if (slot.subscribing && was_sent && ++slot.losses == poisonous) {
                complete_slot(slot, as_lost(cause, outcome));
                continue;
            }
            break;
        }
        slot.may_have_left = slot.may_have_left || was_sent;
        slot.encoded = false;
        if (slot.deadline != TimePoint::max())
            slot.remaining = std::max(slot.deadline - now, TimePoint::duration::zero());
        conversation_.receipts().set_deadline(slot.number, TimePoint::max());
    }
}

// What waited for room on the connection that is gone.
void Core::settle_queue_at_loss(StompError const& cause)
{
    std::vector<QueuedFrame*> waiting;
    for (auto& queued : queue_)
        waiting.push_back(&queued);
    for (auto* const entry : waiting) {
        auto& queued = *entry;
        switch (at_loss(queued.frame, queued.options)) {
        case AtLoss::succeed:
            complete_queued(queued, nullptr);
            break;
        case AtLoss::stale:
            complete_queued(queued, std::make_exception_ptr(StaleMessage()));
            break;
        case AtLoss::fail:
            complete_queued(queued, as_lost(cause, Outcome::not_sent)->to_exception_ptr());
            break;
        case AtLoss::keep:
            // A message waits on; a SUBSCRIBE goes out with those of the other subscriptions.
            if (queued.options.subscribing) {
                queued.options.subscribing->announced = true;
                complete_queued(queued, nullptr);
            }
            break;
        case AtLoss::wait:
            break;
        }
    }
}

void Core::settle_subscriptions_at_loss()
{
    for (auto const& [key, subscription] : subscriptions_)
        subscription->connection_lost();
}

// An ERROR that names no operation may be about a subscription that the broker was to take on again. Brokers take one
// frame after the other, so it is the first that was not confirmed; but some confirm none, so it takes two ERRORs.
void Core::blame_resubscription(std::shared_ptr<StompError> const& cause)
{
    if (cause->code() != errc::error_frame_received)
        return;
    auto const first = std::ranges::find_if(waiting_slots_, [](ReceiptSlot const& slot) { return slot.again; });
    if (first == waiting_slots_.end() || !first->encoded)
        return;
    auto const subscription = first->subscribing;
    if (!std::exchange(subscription->suspected, true))
        return;
    drop_slot(*first);
    refuse_subscription(*subscription, cause->with_outcome(Outcome::refused));
}

void Core::refuse_subscription(SubscriptionState& state, std::shared_ptr<StompError> cause)
{
    auto const self = state.shared_from_this();
    state.end(std::move(cause));
    conversation_.remove_subscription(state.id, &state);
    subscriptions_.erase(&state);
}

// --- the next connection

// CONNECTED came: subscriptions first, so that no answer to a message finds nobody, then everything else.
void Core::resume()
{
    if (connections_.load(std::memory_order_relaxed) > 1) {
        std::map<SubscriptionState*, ReceiptSlot*> pending;
        for (auto& slot : waiting_slots_) {
            if (slot.subscribing)
                pending.emplace(slot.subscribing.get(), &slot);
        }
        std::vector<std::shared_ptr<SubscriptionState>> subscriptions;
        for (auto const& [key, subscription] : subscriptions_) {
            if (subscription->announced && !subscription->ended)
                subscriptions.push_back(subscription);
        }
        std::ranges::sort(subscriptions, {}, [](auto const& subscription) { return subscription->number; });
        for (auto const& subscription : subscriptions) {
            auto const found = pending.find(subscription.get());
            subscribe_again(subscription, found == pending.end() ? nullptr : found->second);
            if (!is_online())
                return;
        }
        auto const now = Clock::now();
        for (auto& slot : waiting_slots_) {
            if (!slot.remaining)
                continue;
            slot.deadline = now + *std::exchange(slot.remaining, std::nullopt);
            conversation_.receipts().set_deadline(slot.number, slot.deadline);
        }
    }
    online_.wake_all(executor_);
    pump_queue();
    written_.wake_all(executor_);
    arm_timer();
}

void Core::subscribe_again(std::shared_ptr<SubscriptionState> const& state, ReceiptSlot* slot)
{
    TransmitOptions how;
    how.with_receipt = true; // so that a refusal is known for what it is
    how.subscribing = state.get();
    auto frame = state->subscribe_frame;
    frame.remove_header("receipt");
    state->gives_back = gives_back(*state);
    std::optional<SlotHandle> own;
    try {
        if (slot) {
            frame.add_header("receipt", slot->id());
        } else {
            own.emplace(expect_receipt(frame, how));
            (*own)->again = true;
        }
        write(frame, slot ? slot : own->get(), how);
    } catch (std::exception const&) {
        if (finished_)
            return;
        // The version that is spoken now cannot express it, or a hook failed.
        if (own)
            (*own)->again = false;
        auto failure = copy_of(std::current_exception());
        if (slot)
            complete_slot(*slot, failure);
        refuse_subscription(*state, std::move(failure));
    }
}

std::chrono::milliseconds Core::next_delay(ReconnectPolicy const& policy)
{
    return policy.delay(attempts_ + 1, chance());
}

// Goes on until there is a connection or the policy says that it is enough. `lost` is why there is none; nullptr at the
// beginning of the session.
asio::awaitable<bool> Core::keep_connecting(std::shared_ptr<Core> core, std::shared_ptr<StompError> lost)
{
    auto const policy = core->config_->reconnect.value_or(ReconnectPolicy());
    bool const tries_again = core->reconnects_ && (lost || policy.first_connect);
    auto failure = lost;
    asio::steady_timer timer(core->executor_);
    for (;;) {
        if (failure) {
            auto const delay = core->next_delay(policy);
            core->waiting(delay, failure == lost ? nullptr : failure);
            timer.expires_after(delay);
            co_await timer.async_wait(asio::use_awaitable);
            if (core->finished_)
                core->cause_->raise();
        }
        ++core->attempts_;
        try {
            co_await connect_once(core, core->route_);
            if (!lost)
                core->attempts_ = 0;
            co_return true;
        } catch (ConnectError const& error) {
            failure = std::make_shared<ConnectError>(error.with_rounds(core->attempts_));
        }
        if (core->finished_)
            core->cause_->raise();
        if (!tries_again || core->attempts_ >= policy.attempts || !core->may_try_again(*failure))
            failure->raise();
    }
}

asio::awaitable<void> Core::reconnect(std::shared_ptr<Core> core, std::shared_ptr<StompError> lost)
{
    std::shared_ptr<StompError> failure;
    try {
        co_await keep_connecting(core, std::move(lost));
    } catch (StompError const& error) {
        failure = error.with_outcome(error.outcome());
    } catch (std::exception const& error) {
        failure = std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost), error.what());
    }
    if (failure && core->is_alive())
        core->finish(std::move(failure), CloseReason::normal);
}

// Posted, because the coroutine may be the one that has brought about the end.
void Core::stop_reconnecting() noexcept
{
    auto const state = std::exchange(reconnecting_, nullptr);
    if (!state || state->done)
        return;
    asio::post(executor_, [state] {
        if (!state->done)
            state->signal.emit(asio::cancellation_type::terminal);
    });
}

// --- telling of it

void Core::waiting(std::chrono::milliseconds delay, std::shared_ptr<StompError> const& failure)
{
    auto const attempt = attempts_ + 1;
    observe([&](Observer& observer) { observer.on_waiting(delay, attempt); });
    ConnectionEvent event;
    event.state = ConnectionEvent::State::waiting;
    event.delay = delay;
    event.attempt = attempt;
    if (failure)
        event.cause = Failure(failure->to_exception_ptr());
    tell(std::move(event));
}

void Core::tell(ConnectionEvent event)
{
    for (auto const& weak : event_queues_) {
        if (auto const queue = weak.lock())
            queue->push(event);
    }
    std::erase_if(event_queues_, [](auto const& weak) { return weak.expired(); });
    last_event_ = std::move(event);
}

ConnectionEvents Core::connection_events(std::shared_ptr<Core> core)
{
    auto const queue = std::make_shared<EventQueue>(core);
    core->run_there([queue](Core& there) {
        queue->push(there.last_event_);
        there.event_queues_.push_back(queue);
    });
    return ConnectionEvents(queue);
}

} // namespace arbalest::detail
