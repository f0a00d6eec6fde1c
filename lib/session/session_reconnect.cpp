#include "../protocol/client_frames.hpp"
#include "broker_list.hpp"
#include "event_queue.hpp"
#include "session_guards.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>
#include <utility>

// How a session comes by another connection, and goes on with it.
namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

double chance()
{
    static thread_local std::minstd_rand generator(std::random_device{}());
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

} // namespace

// Subscriptions come first, so that no answer to a message finds nobody.
void SessionImpl::subscribe_all_again()
{
    std::map<SubscriptionState*, Receipts::Number> pending;
    for (auto const& slot : receipts_.waiting()) {
        if (slot.subscribing)
            pending.emplace(slot.subscribing.get(), slot.number);
    }
    std::vector<std::shared_ptr<SubscriptionState>> subscriptions;
    for (auto const& [key, subscription] : subscriptions_.all()) {
        if (subscription->announced && !subscription->has_ended())
            subscriptions.push_back(subscription);
    }
    std::ranges::sort(subscriptions, {}, [](auto const& subscription) { return subscription->number; });
    for (auto const& subscription : subscriptions) {
        auto const found = pending.find(subscription.get());
        // That wait may have ended meanwhile.
        auto* const slot = found == pending.end() ? nullptr : conversation_.receipts().find(found->second);
        subscribe_again(subscription, static_cast<ReceiptSlot*>(slot));
    }
}

// Then everything else goes on.
void SessionImpl::resume()
{
    auto const now = Clock::now();
    for (auto& slot : receipts_.waiting()) {
        if (!slot.remaining)
            continue;
        slot.deadline = later(now, *std::exchange(slot.remaining, std::nullopt));
        conversation_.receipts().set_deadline(slot.number, slot.deadline);
    }
    reconnection_.waiters.wake_all(executor_);
    pump_queue();
    written_.wake_all(executor_);
    set_timer();
}

void SessionImpl::subscribe_again(std::shared_ptr<SubscriptionState> const& state, ReceiptSlot* slot)
{
    TransmitOptions how;
    how.with_receipt = true; // so that a refusal is known for what it is
    FrameEffects effects;
    effects.subscribing = state.get();
    how.effects = &effects;
    state->gives_back = gives_back(*state);
    std::optional<SlotHandle> own;
    try {
        check_ack_mode(state->ack);
        auto frame = subscribe_frame_for(*state);
        frame.remove_header("receipt");
        if (slot) {
            frame.add_header("receipt", slot->id);
        } else {
            own.emplace(expect_receipt(frame, how));
            (*own)->is_resubscribe = true;
        }
        write(frame, slot ? slot : own->get(), how);
    } catch (...) {
        // The version that is spoken now cannot express it, or a hook failed.
        if (own)
            (*own)->is_resubscribe = false;
        auto failure = copy_of(std::current_exception(), slot && slot->may_have_left);
        if (slot)
            complete_slot(*slot, failure);
        refuse_subscription(*state, std::move(failure));
    }
}

std::chrono::milliseconds SessionImpl::next_delay(ReconnectPolicy const& policy)
{
    return policy.delay(reconnection_.schedule.attempts() + 1, chance());
}

// Goes on until there is a connection or the policy says that it is enough. `lost` is why there is none; nullptr at the
// beginning of the session.
asio::awaitable<bool> SessionImpl::keep_connecting(std::shared_ptr<SessionImpl> impl, std::shared_ptr<StompError> lost)
{
    auto const policy = impl->config_->reconnect.value_or(ReconnectPolicy());
    bool const tries_again = impl->reconnection_.is_enabled() && (lost || policy.first_connect);
    auto failure = lost;
    asio::steady_timer timer(impl->executor_);
    for (;;) {
        if (failure) {
            auto const delay = impl->next_delay(policy);
            impl->waiting(delay, failure == lost ? nullptr : failure);
            timer.expires_at(later(Clock::now(), delay));
            co_await timer.async_wait(asio::use_awaitable);
            impl->ending_.check();
        }
        impl->reconnection_.schedule.attempt_begins();
        try {
            co_await connect_once(impl, impl->reconnection_.brokers());
            if (!lost)
                impl->reconnection_.schedule.reset();
            co_return true;
        } catch (ConnectError const& error) {
            failure = std::make_shared<ConnectError>(error.with_rounds(impl->reconnection_.schedule.attempts()));
        }
        impl->ending_.check();
        if (!tries_again || !impl->reconnection_.schedule.has_attempts_left() || !impl->may_try_again(*failure))
            failure->raise();
    }
}

asio::awaitable<void> SessionImpl::reconnect(std::shared_ptr<SessionImpl> impl, std::shared_ptr<StompError> lost)
{
    std::shared_ptr<StompError> failure;
    try {
        co_await keep_connecting(impl, std::move(lost));
    } catch (StompError const& error) {
        failure = error.with_outcome(error.outcome());
    } catch (...) {
        failure = std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost),
                                                   Failure(std::current_exception()).what());
    }
    if (failure && impl->is_alive())
        impl->finish(std::move(failure), CloseReason::normal);
}

void SessionImpl::start_reconnecting(std::shared_ptr<StompError> lost)
{
    auto const task = reconnection_.start();
    asio::co_spawn(executor_, reconnect(shared_from_this(), std::move(lost)),
                   asio::bind_cancellation_slot(task->signal.slot(), [state = task](std::exception_ptr) {
                       state->done = true;
                       state->signal.slot().clear();
                   }));
}

// Posted, because the coroutine may be the one that has brought about the end.
void SessionImpl::stop_reconnecting() noexcept
{
    auto const state = reconnection_.stop();
    if (!state || state->done)
        return;
    asio::post(executor_, [state] {
        if (!state->done)
            state->signal.emit(asio::cancellation_type::terminal);
    });
}

// --- telling of it

void SessionImpl::waiting(std::chrono::milliseconds delay, std::shared_ptr<StompError> const& failure)
{
    auto const attempt = reconnection_.schedule.attempts() + 1;
    hooks_.observe("on_waiting", [&](Observer& observer) { observer.on_waiting(delay, attempt); });
    ConnectionEvent event;
    event.state = ConnectionEvent::State::waiting;
    event.delay = delay;
    event.attempt = attempt;
    if (failure)
        event.cause = Failure(failure->to_exception_ptr());
    events_.publish(std::move(event));
}

ConnectionEvents SessionImpl::connection_events(std::shared_ptr<SessionImpl> impl)
{
    auto const queue = std::make_shared<EventQueue>(impl);
    impl->run_there([queue](SessionImpl& there) { there.events_.attach(queue); });
    return ConnectionEvents(queue);
}

} // namespace arbalest::detail
