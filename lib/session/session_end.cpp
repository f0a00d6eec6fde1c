#include "event_queue.hpp"
#include "operation.hpp"
#include "run_on.hpp"
#include "session_guards.hpp"
#include "session_service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <utility>

// How a session ends, and what becomes of those who wait.
namespace arbalest::detail {

namespace asio = boost::asio;

// How long a transport may take to close in order.
constexpr auto closing = std::chrono::seconds(1);

SessionOwner::~SessionOwner()
{
    impl->release_there([](SessionImpl& impl) { impl.owner_ended(); });
}

void SessionImpl::owner_ended()
{
    finish(std::make_shared<SessionClosed>("the session's last handle is gone"), CloseReason::normal);
}

void SessionImpl::out_of_memory() noexcept
{
    home_.give_back_reserve();
    finish(std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost), "there is no memory left"),
           CloseReason::error);
}

void SessionImpl::begin_disconnect()
{
    if (ending_.has_come() || !ending_.request())
        return;
    info_.set_open(false);
    // Without a connection there is nothing to be put in order.
    if (!config_->graceful_disconnect || !conversation_.is_open()) {
        finish_in_order();
        return;
    }
    conversation_.drain(Clock::now());
    set_timer();
    continue_disconnect();
}

// DISCONNECT overtakes outstanding receipts on RabbitMQ, so it has to wait for them, and for what is still queued.
void SessionImpl::continue_disconnect()
{
    if (conversation_.state() != Conversation::State::draining)
        return;
    update_reading();
    if (receipts_.awaited() != 0 || !queue_.empty() || outbox_.has_backlog() || writing_has_failed())
        return;
    send_control(conversation_.disconnect());
}

void SessionImpl::finish_in_order()
{
    finish(std::make_shared<SessionClosed>("the session was disconnected"), true, CloseReason::normal);
}

void SessionImpl::finish(std::shared_ptr<StompError> cause, CloseReason reason)
{
    finish(std::move(cause), false, reason);
}

void SessionImpl::finish(std::shared_ptr<StompError> cause, bool orderly, CloseReason reason)
{
    if (ending_.has_come())
        return;
    // Before anything is changed: there may be no memory for them.
    std::shared_ptr<StompError> const not_sent = cause->with_outcome(Outcome::not_sent);
    std::shared_ptr<StompError> const unknown = cause->with_outcome(Outcome::unknown);
    ending_.come(std::move(cause));
    auto const self = shared_from_this();
    ConcurrencyCheck::Section const section(concurrency_check_);
    info_.set_open(false);
    conversation_.close();

    handshake_.end();
    stop_reconnecting();

    while (!queue_.empty())
        complete_queued(queue_.front(), not_sent->to_exception_ptr());
    while (!receipts_.waiting().empty()) {
        auto& slot = receipts_.waiting().front();
        complete_slot(slot, outcome_of(slot) == Outcome::not_sent ? not_sent : unknown);
    }
    outbox_.clear(current_ ? current_->output.unsent_from() : 0);
    for (auto const& [key, subscription] : subscriptions_.take_all())
        subscription->end(orderly ? nullptr : ending_.cause());
    handshake_.waiters.wake_all(executor_);
    ending_.waiters.wake_all(executor_);
    reconnection_.waiters.wake_all(executor_);
    written_.wake_all(executor_);

    timer_.cancel();
    drop_link(reason, reason == CloseReason::normal && !orderly);
    Failure const failure(ending_.cause()->to_exception_ptr());
    hooks_.observe("on_closed", [&](Observer& observer) { observer.on_closed(failure); });
    ConnectionEvent event;
    event.state = ConnectionEvent::State::closed;
    event.cause = failure;
    events_.publish(std::move(event));
}

// What became of a frame when the session ended before its receipt came.
Outcome SessionImpl::outcome_of(ReceiptSlot const& slot) const noexcept
{
    bool const leaves_now = slot.encoded && current_ && !current_->output.is_unsent(slot.position);
    return slot.may_have_left || leaves_now ? Outcome::unknown : Outcome::not_sent;
}

// The one end of a wait for a receipt, however it comes about. From here on nothing leads to the slot, but for whoever
// keeps it.
void SessionImpl::end_wait(ReceiptSlot& slot, ReceiptSlot::State state, bool answered) noexcept
{
    assert(slot.state == ReceiptSlot::State::waiting);
    auto& receipts = conversation_.receipts();
    receipts_.forget_start(slot.number);
    if (auto const number = std::exchange(slot.number, 0); number != 0) {
        bool const may_come = slot.encoded && !answered;
        bool const was_awaited = may_come ? receipts.abandon(number) : receipts.forget(number);
        if (!was_awaited && !slot.encoded && slot.chosen)
            receipts.was_not_sent(slot.id); // it has expired
    }
    receipts_.end(slot, state);
    if (auto* const queued = std::exchange(slot.queued, nullptr))
        queued->slot = nullptr;
    if (auto* const message = std::exchange(slot.message, nullptr))
        outbox_.erase(*message);
}

// Nobody holds on to it, and its answer is of no use any more.
void SessionImpl::drop_slot(ReceiptSlot& slot) noexcept
{
    end_wait(slot, ReceiptSlot::State::failed);
    receipts_.give_back(slot);
}

// The answer is there: a confirmation when `failure` is null.
void SessionImpl::complete_slot(ReceiptSlot& slot, std::shared_ptr<StompError> failure, bool answered)
{
    auto* const queued = slot.queued;
    end_wait(slot, failure ? ReceiptSlot::State::failed : ReceiptSlot::State::confirmed, answered);
    if (queued)
        complete_queued(*queued, failure ? failure->to_exception_ptr() : nullptr);
    slot.failure = std::move(failure);
    slot.waiters.wake_all(executor_);
    if (auto const ending = std::exchange(slot.ending, nullptr)) {
        conversation_.remove_subscription(ending->id, ending.get());
        subscriptions_.remove(*ending);
    }
    if (auto const subscription = std::exchange(slot.subscribing, nullptr)) {
        subscription->suspected = false;
        if (slot.is_resubscribe && slot.failure && slot.failure->outcome() == Outcome::refused)
            refuse_subscription(*subscription, slot.failure);
    }
    if (!slot.kept)
        receipts_.give_back(slot);
}

// The receipt has not come in time.
void SessionImpl::limit_passed(ReceiptSlot& slot)
{
    // What stands in the write buffer still goes out.
    auto const outcome = slot.encoded || slot.may_have_left ? Outcome::unknown : Outcome::not_sent;
    auto const cause = receipts_.error_during(slot);
    std::shared_ptr<StompError> lost;
    try {
        lost = std::make_shared<LostReceipt>(slot.id, slot.limit, outcome, cause);
    } catch (...) { // without memory, the limit passes when the timer rings again
        await_again(slot);
        throw;
    }
    complete_slot(slot, std::move(lost));
    pump_queue();
}

// A RECEIPT that came, or the end of the limit, is taken back.
void SessionImpl::await_again(ReceiptSlot& slot)
{
    auto& receipts = conversation_.receipts();
    if (slot.chosen)
        receipts.expect_again(slot.id, slot.number, &slot, slot.deadline);
    else
        receipts.expect(slot.number, &slot, slot.deadline);
}

// Whoever asked for the receipt is no longer interested.
void SessionImpl::release_slot(ReceiptSlot* slot) noexcept
{
    if (slot->state != ReceiptSlot::State::waiting) {
        receipts_.give_back(*slot);
        return;
    }
    receipts_.stop_keeping(*slot);
    // The answers to an UNSUBSCRIBE and to the SUBSCRIBE of a subscription that was there before are worth knowing.
    if (slot->ending || slot->is_resubscribe)
        return;
    drop_slot(*slot);
    room_was_made();
}

void SessionImpl::abandon_slot(ReceiptSlot* slot) noexcept
{
    if (slot->state != ReceiptSlot::State::waiting || !slot->message) {
        release_slot(slot);
        return;
    }
    receipts_.stop_keeping(*slot);
    continue_disconnect();
}

void SessionImpl::complete_queued(QueuedFrame& queued, std::exception_ptr failure)
{
    queued.unlink();
    queued.done = true;
    queued.failure = std::move(failure);
    if (queued.slot)
        queued.slot->queued = nullptr;
    queued.waiters.wake_all(executor_);
}

namespace {

// Until reading and writing have ended, or the time for that is over.
asio::awaitable<void> wait_until_idle(asio::any_io_executor executor, std::shared_ptr<Connection> connection)
{
    struct Announced
    {
        Announced(Connection& connection, asio::steady_timer& timer) noexcept : connection(connection)
        {
            connection.idle = &timer;
        }
        ~Announced() { connection.idle = nullptr; }
        Connection& connection;
    };
    asio::steady_timer idle(executor, asio::steady_timer::time_point::max());
    Announced const announced(*connection, idle);
    while ((connection->is_reading || connection->output.is_busy()) && !connection->must_abort) {
        boost::system::error_code cancelled;
        co_await idle.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
}

} // namespace

asio::awaitable<void> SessionImpl::close_link(std::shared_ptr<SessionImpl> impl, std::shared_ptr<Connection> connection,
                                              CloseReason reason)
{
    // Whoever fails to close in order, or takes too long, is closed anyway.
    asio::steady_timer limit(impl->executor_, closing);
    limit.async_wait([connection](boost::system::error_code code) {
        if (code)
            return;
        connection->must_abort = true;
        if (connection->idle)
            connection->idle->cancel();
        if (connection->transport)
            connection->transport->abort();
    });
    try {
        if (!connection->transport->may_close_while_busy())
            co_await wait_until_idle(impl->executor_, connection);
        if (!connection->must_abort)
            co_await connection->transport->close(reason);
    } catch (...) {
        // It is aborted in any case.
    }
    limit.cancel();
    if (connection->transport)
        connection->transport->abort();
    impl.reset();
}

asio::awaitable<bool> SessionImpl::disconnect(std::shared_ptr<SessionImpl> impl, std::shared_ptr<SessionOwner> owner)
{
    require(impl);
    auto const caller = co_await asio::this_coro::executor;
    if (!impl->may_suspend_on(caller)) {
        auto operation = disconnect(impl, std::move(owner));
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    impl->begin_disconnect();
    struct CloseUnlessFinished
    {
        explicit CloseUnlessFinished(SessionImpl& impl) noexcept : impl(impl) {}
        ~CloseUnlessFinished()
        {
            if (!impl.ending_.has_come())
                impl.finish_in_order();
        }
        SessionImpl& impl;
    };
    CloseUnlessFinished const guard(*impl); // when this wait is cancelled
    while (!impl->ending_.has_come()) {
        PeerWaiter waiter(*impl);
        co_await impl->ending_.waiters.wait(impl->executor_, waiter, CancellationRule::never_total());
    }
    co_return true;
}

asio::awaitable<Failure> SessionImpl::closed(std::shared_ptr<SessionImpl> impl)
{
    require(impl);
    auto const caller = co_await asio::this_coro::executor;
    if (!impl->may_suspend_on(caller)) {
        auto operation = closed(impl);
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    while (!impl->ending_.has_come()) {
        ObservingWaiter waiter(*impl);
        co_await impl->ending_.waiters.wait(impl->executor_, waiter);
    }
    co_return Failure(impl->ending_.cause()->to_exception_ptr());
}

void SessionImpl::context_ended() noexcept
{
    auto const self = shared_from_this();
    home_.close();
    info_.set_open(false);
    ending_.come(std::make_shared<SessionClosed>("the io_context of the session is gone"));
    timer_.destroy();
    reconnection_.stop();
    auto const connection = std::exchange(current_, nullptr);
    if (connection) {
        connection->end();
        connection->transport.reset();
    }
    // Each destroyed coroutine may destroy others that wait in the same places, so they are taken one at a time.
    auto const destroy_all = [](WaitQueue& queue) {
        while (!queue.empty())
            queue.release_one();
    };
    destroy_all(handshake_.waiters);
    destroy_all(ending_.waiters);
    destroy_all(reconnection_.waiters);
    destroy_all(written_);
    events_.release_waiters();
    if (connection) {
        destroy_all(connection->writer);
        destroy_all(connection->reader);
        destroy_all(connection->flushers);
    }
    while (!queue_.empty()) {
        auto& queued = queue_.front();
        queued.unlink();
        destroy_all(queued.waiters);
    }
    while (!receipts_.waiting().empty()) {
        auto& slot = receipts_.waiting().front();
        // They hold this session, and nobody will answer any more.
        slot.ending.reset();
        slot.subscribing.reset();
        if (slot.waiters.empty())
            slot.unlink();
        else
            slot.waiters.release_one(); // the coroutine lets go of the slot
    }
    for (auto const& [key, subscription] : subscriptions_.take_all()) {
        subscription->BufferedSubscription::end(nullptr);
        subscription->release_waiter();
    }
    home_.drop();
}

} // namespace arbalest::detail
