#include "event_queue.hpp"
#include "operation.hpp"
#include "run_on.hpp"
#include "session_impl.hpp"
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
    if (finished_ || std::exchange(disconnecting_, true))
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
    if (awaited_ != 0 || !queue_.empty() || outbox_.has_backlog() || write_failure_)
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
    if (finished_)
        return;
    // Before anything is changed: there may be no memory for them.
    std::shared_ptr<StompError> const not_sent = cause->with_outcome(Outcome::not_sent);
    std::shared_ptr<StompError> const unknown = cause->with_outcome(Outcome::unknown);
    finished_ = true;
    auto const self = shared_from_this();
    ConcurrencyCheck::Section const section(concurrency_check_);
    info_.set_open(false);
    orderly_ = orderly;
    cause_ = std::move(cause);
    conversation_.close();

    in_handshake_ = false;
    stop_reconnecting();

    while (!queue_.empty())
        complete_queued(queue_.front(), not_sent->to_exception_ptr());
    while (!waiting_slots_.empty()) {
        auto& slot = waiting_slots_.front();
        complete_slot(slot, outcome_of(slot) == Outcome::not_sent ? not_sent : unknown);
    }
    outbox_.clear(current_ ? current_->output.unsent_from() : 0);
    auto const subscriptions = std::exchange(subscriptions_, {});
    for (auto const& [key, subscription] : subscriptions)
        subscription->end(orderly ? nullptr : cause_);
    new_messages_.clear();
    connecting_.wake_all(executor_);
    closed_.wake_all(executor_);
    online_.wake_all(executor_);
    written_.wake_all(executor_);

    timer_.cancel();
    drop_link(reason, reason == CloseReason::normal && !orderly);
    Failure const failure(cause_->to_exception_ptr());
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
    // Those of frames that could not be encoded are not to heap up.
    if (!starting_.empty() && starting_.back() == slot.number)
        starting_.pop_back();
    if (auto const number = std::exchange(slot.number, 0); number != 0) {
        bool const may_come = slot.encoded && !answered;
        bool const was_awaited = may_come ? receipts.abandon(number) : receipts.forget(number);
        if (!was_awaited && !slot.encoded && slot.chosen)
            receipts.was_not_sent(slot.id); // it has expired
    }
    slot.unlink();
    slot.state = state;
    if (slot.kept && !slot.deferred)
        --awaited_;
    if (auto* const queued = std::exchange(slot.queued, nullptr))
        queued->slot = nullptr;
    if (auto* const message = std::exchange(slot.message, nullptr))
        outbox_.erase(*message);
}

// Nobody holds on to it, and its answer is of no use any more.
void SessionImpl::drop_slot(ReceiptSlot& slot) noexcept
{
    end_wait(slot, ReceiptSlot::State::failed);
    slots_.give_back(slot);
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
        subscriptions_.erase(ending.get());
    }
    if (auto const subscription = std::exchange(slot.subscribing, nullptr)) {
        subscription->suspected = false;
        if (slot.is_resubscribe && slot.failure && slot.failure->outcome() == Outcome::refused)
            refuse_subscription(*subscription, slot.failure);
    }
    if (!slot.kept)
        slots_.give_back(slot);
}

// The receipt has not come in time.
void SessionImpl::limit_passed(ReceiptSlot& slot)
{
    // What stands in the write buffer still goes out.
    auto const outcome = slot.encoded || slot.may_have_left ? Outcome::unknown : Outcome::not_sent;
    auto const cause = slot.errors_before == errors_ ? nullptr : last_error_;
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

void SessionImpl::stop_keeping(ReceiptSlot& slot) noexcept
{
    if (!slot.deferred)
        --awaited_;
    slot.kept = false;
}

// Whoever asked for the receipt is no longer interested.
void SessionImpl::release_slot(ReceiptSlot* slot) noexcept
{
    if (slot->state != ReceiptSlot::State::waiting) {
        slots_.give_back(*slot);
        return;
    }
    stop_keeping(*slot);
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
    stop_keeping(*slot);
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
            if (!impl.finished_)
                impl.finish_in_order();
        }
        SessionImpl& impl;
    };
    CloseUnlessFinished const guard(*impl); // when this wait is cancelled
    while (!impl->finished_) {
        PeerWaiter waiter(*impl);
        co_await impl->closed_.wait(impl->executor_, waiter, CancellationRule::never_total());
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
    while (!impl->finished_) {
        ObservingWaiter waiter(*impl);
        co_await impl->closed_.wait(impl->executor_, waiter);
    }
    co_return Failure(impl->cause_->to_exception_ptr());
}

void SessionImpl::context_ended() noexcept
{
    auto const self = shared_from_this();
    home_.close();
    info_.set_open(false);
    finished_ = true;
    if (!cause_)
        cause_ = std::make_shared<SessionClosed>("the io_context of the session is gone");
    timer_.destroy();
    reconnecting_.reset();
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
    destroy_all(connecting_);
    destroy_all(closed_);
    destroy_all(online_);
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
    while (!waiting_slots_.empty()) {
        auto& slot = waiting_slots_.front();
        // They hold this session, and nobody will answer any more.
        slot.ending.reset();
        slot.subscribing.reset();
        if (slot.waiters.empty())
            slot.unlink();
        else
            slot.waiters.release_one(); // the coroutine lets go of the slot
    }
    new_messages_.clear();
    auto const subscriptions = std::exchange(subscriptions_, {});
    for (auto const& [key, subscription] : subscriptions) {
        subscription->BufferedSubscription::end(nullptr);
        subscription->release_waiter();
    }
    home_.drop();
}

} // namespace arbalest::detail
