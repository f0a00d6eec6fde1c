#include "operation.hpp"
#include "run_on.hpp"
#include "session_guards.hpp"
#include "yield.hpp"

#include <utility>

// What users ask of a session. Every operation is a static coroutine that owns the session and its arguments, because
// an awaitable starts late and the handle may be gone by then; each first makes its way to the session's executor.
namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

inline void check_destination(TransmitOptions const& options)
{
    if (options.no_destination) [[unlikely]]
        throw InvalidFrame("a message needs a destination", "destination");
}

} // namespace

void refuse(SessionImpl const* impl)
{
    throw SessionClosed(impl ? "the io_context of the session is gone" : "the handle belongs to no session");
}

// Puts a frame into the write buffer; suspends while there is no room. A coroutine that is destroyed or cancelled here
// takes its frame with it.
asio::awaitable<void> SessionImpl::enqueue(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    QueuedFrame queued(frame, slot, options);
    queue_.push_back(queued);
    if (slot)
        slot->queued = &queued;
    update_reading();
    struct Withdrawal
    {
        Withdrawal(SessionImpl& impl, QueuedFrame& queued) noexcept : impl(impl), queued(queued) {}
        ~Withdrawal()
        {
            if (queued.done)
                return;
            queued.unlink();
            if (queued.slot && queued.slot->queued == &queued)
                queued.slot->queued = nullptr;
            impl.room_was_made();
        }
        SessionImpl& impl;
        QueuedFrame& queued;
    };
    Withdrawal const withdrawal(*this, queued);
    while (!queued.done) {
        PeerWaiter waiter(*this);
        co_await queued.waiters.wait(executor_, waiter, queued.cancellation_rule());
        inline_budget_.reset();
    }
    if (queued.failure)
        std::rethrow_exception(queued.failure);
}

// Where many wait, they do so without a coroutine of its own: transmit() and confirmed().
asio::awaitable<void> SessionImpl::await_slot(ReceiptSlot& slot)
{
    auto const rule = slot.cancellation_rule();
    auto const cancelled = co_await asio::this_coro::cancellation_state;
    while (slot.state == ReceiptSlot::State::waiting) {
        check_cancelled(cancelled, rule);
        PeerWaiter waiter(*this);
        co_await slot.waiters.wait(executor_, waiter, rule);
        inline_budget_.reset();
    }
}

asio::awaitable<std::optional<Receipt>> SessionImpl::transmit(std::shared_ptr<SessionImpl> impl, Frame frame,
                                                              TransmitOptions options)
{
    require(impl);
    bool here = options.may_suspend || impl->on_executor();
    if (here)
        impl->check_open();
    if (here && !options.may_suspend) {
        if (!impl->may_wait(frame, options)) {
            check_destination(options);
            impl->write_now(frame, nullptr, options);
            // Only now: a frame that stepped back for others would be overtaken by those of later calls.
            if (impl->inline_budget_.spend())
                co_await impl->step_back();
            co_return std::nullopt;
        }
        auto const caller = co_await asio::this_coro::executor;
        here = impl->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = transmit(impl, std::move(frame), options);
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    check_destination(options);
    if (impl->reconnection_.is_enabled() && !impl->is_online())
        co_await impl->await_online(frame, options);
    std::optional<Receipt> receipt;
    auto slot = impl->expect_receipt(frame, options);
    if (!slot && impl->config_->write_buffer.limit == 0) {
        co_await impl->transmit_written(frame, options);
        co_return receipt;
    }
    bool written = false;
    if (slot) {
        WriterHold const hold(*impl);
        written = impl->try_write(frame, slot.get(), options);
        impl->start_writer();
    } else {
        written = impl->try_write(frame, nullptr, options);
    }
    if (!written)
        co_await impl->enqueue(frame, slot.get(), options);
    if (!slot) {
        if (impl->inline_budget_.spend())
            co_await impl->step_back();
        co_return receipt;
    }
    if (written) {
        auto const rule = slot->cancellation_rule();
        while (slot->state == ReceiptSlot::State::waiting) {
            PeerWaiter waiter(*impl);
            co_await slot->waiters.wait(impl->executor_, waiter, rule);
            impl->inline_budget_.reset();
        }
    } else {
        // A total cancellation that has come since the frame was encoded is to be ignored, but the coroutine remembers
        // it, and would throw.
        auto const throws = co_await asio::this_coro::throw_if_cancelled();
        co_await asio::this_coro::throw_if_cancelled(false);
        auto rest = impl->await_slot(*slot);
        auto const failure = co_await as_exception_ptr(std::move(rest));
        co_await asio::this_coro::throw_if_cancelled(throws);
        if (failure)
            std::rethrow_exception(failure);
    }
    if (slot->failure)
        slot->failure->raise();
    receipt.emplace(std::move(slot->id));
    co_return receipt;
}

// Suspends until the transport has accepted the frame, which asks for no receipt.
asio::awaitable<void> SessionImpl::transmit_written(Frame& frame, TransmitOptions options)
{
    std::uint64_t position = 0;
    std::shared_ptr<Connection> connection; // that it was encoded for
    std::shared_ptr<WriteWatch> watch;
    WatchGuard const guard(*this, watch);
    auto effects = options.effects ? *options.effects : FrameEffects();
    if (is_kept(frame)) {
        watch = std::make_shared<WriteWatch>();
        effects.watch = &watch;
    } else {
        effects.position = &position;
        effects.connection = &connection;
    }
    options.effects = &effects;
    if (!try_write(frame, nullptr, options))
        co_await enqueue(frame, nullptr, options);
    auto rest =
        watch ? await_watched(*watch) : await_written(std::move(connection), position, CancellationRule::never_total());
    // As in transmit().
    auto const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto const failure = co_await as_exception_ptr(std::move(rest));
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (failure)
        std::rethrow_exception(failure);
}

// Lets others run, if the coroutine that awaits this lives on the session's executor.
asio::awaitable<void> SessionImpl::step_back()
{
    auto const caller = co_await asio::this_coro::executor;
    if (!home_.is(caller))
        co_return;
    YieldPoint point;
    co_await yield(executor_, point);
}

asio::awaitable<PendingReceipt> SessionImpl::submit(std::shared_ptr<SessionImpl> impl, Frame frame,
                                                    TransmitOptions options)
{
    require(impl);
    bool here = options.may_suspend || impl->on_executor();
    if (here)
        impl->check_open();
    bool const fits = here && impl->can_write(frame);
    if (here && !options.may_suspend && !fits) {
        auto const caller = co_await asio::this_coro::executor;
        here = impl->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = submit(impl, std::move(frame), options);
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    check_destination(options);
    if (impl->reconnection_.is_enabled() && !impl->is_online())
        co_await impl->await_online(frame, options);
    auto slot = impl->expect_receipt(frame, options);
    bool yields = false;
    if (fits) {
        impl->write_now(frame, slot.get(), options);
        yields = impl->inline_budget_.spend();
    } else if (!impl->try_write(frame, slot.get(), options)) {
        co_await impl->enqueue(frame, slot.get(), options);
    }
    auto& session = *impl; // which `pending` keeps
    PendingReceipt pending(std::move(impl), slot.detach());
    if (yields)
        co_await session.step_back();
    co_return pending;
}

asio::awaitable<Receipt> SessionImpl::confirmed(PendingReceipt pending)
{
    if (!pending.slot_)
        throw OperationInProgress("the confirmation is being awaited already, or there is none");
    require(pending.impl_);
    auto& impl = *pending.impl_; // which `pending` keeps, until this ends
    auto& slot = *pending.slot_;
    bool here = impl.on_executor();
    bool const yields = here && slot.state != ReceiptSlot::State::waiting && impl.inline_budget_.spend();
    if (here && (yields || slot.state == ReceiptSlot::State::waiting)) {
        auto const caller = co_await asio::this_coro::executor;
        here = impl.may_suspend_on(caller);
    }
    if (!here) {
        auto target = impl.home();
        auto operation = confirmed(std::move(pending));
        co_return co_await run_on(std::move(target), std::move(operation));
    }
    if (yields) {
        YieldPoint point;
        co_await yield(impl.executor_, point);
    }
    while (slot.state == ReceiptSlot::State::waiting) {
        PeerWaiter waiter(impl);
        co_await slot.waiters.wait(impl.executor_, waiter, CancellationRule::never_total());
        impl.inline_budget_.reset();
    }
    if (slot.failure)
        slot.failure->raise();
    co_return std::move(slot.id);
}

asio::awaitable<void> SessionImpl::await_confirmation(PendingReceipt const& pending)
{
    auto const& slot = *pending.slot_;
    co_await await_slot(*pending.slot_);
    if (slot.failure)
        slot.failure->raise();
}

// Waits until everything encoded so far for that connection, which may be over, was accepted by its transport. What
// fails then is a frame at `position`.
asio::awaitable<void> SessionImpl::await_written(std::shared_ptr<Connection> connection, std::uint64_t position,
                                                 CancellationRule rule)
{
    auto const cancelled = co_await asio::this_coro::cancellation_state;
    if (!connection) // it ended before the frame was encoded
        co_return;
    auto const end = connection->output.end();
    while (connection->output.accepted() < end) {
        auto cause = ending_.has_come() ? ending_.cause() : connection->write_failure;
        if (!cause && connection->ended)
            cause = std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost), "the connection was lost");
        if (cause)
            cause->with_outcome(connection->output.is_unsent(position) ? Outcome::not_sent : Outcome::unknown)->raise();
        check_cancelled(cancelled, rule);
        PeerWaiter waiter(*this);
        co_await connection->flushers.wait(executor_, waiter, rule);
    }
}

// The same for a message that outlives its connection.
asio::awaitable<void> SessionImpl::await_watched(WriteWatch& watch)
{
    auto const cancelled = co_await asio::this_coro::cancellation_state;
    auto const has_begun = [](void const* subject) { return static_cast<WriteWatch const*>(subject)->has_begun(); };
    CancellationRule const rule(&watch, has_begun);
    while (watch.state == WriteWatch::State::pending) {
        check_cancelled(cancelled, rule);
        PeerWaiter waiter(*this);
        co_await written_.wait(executor_, waiter, rule);
    }
    if (watch.state == WriteWatch::State::written)
        co_return;
    auto const outcome = watch.state == WriteWatch::State::never_sent ? Outcome::not_sent : Outcome::unknown;
    if (ending_.has_come())
        ending_.cause()->with_outcome(outcome)->raise();
    throw ConnectionLost(make_error_code(errc::connection_lost), "the connection was lost", outcome);
}

// Without a connection, a message goes into the outbox. What belongs to a connection fails; what does not, waits.
asio::awaitable<void> SessionImpl::await_online(Frame const& frame, TransmitOptions const& options)
{
    auto const rule = rule_for(frame, options);
    // As long as the end of a connection is still being read, its frames share its fate.
    if (rule == OnConnectionLoss::resend || (rule != OnConnectionLoss::wait && writing_has_failed()))
        co_return;
    if (rule != OnConnectionLoss::wait)
        throw ConnectionLost(make_error_code(errc::connection_lost), "there is no connection", Outcome::not_sent);
    while (!is_online()) {
        check_open();
        PeerWaiter waiter(*this);
        co_await reconnection_.waiters.wait(executor_, waiter);
    }
    check_open();
}

// Waits until the messages that are in the outbox now have been encoded for a connection that still exists.
asio::awaitable<void> SessionImpl::await_backlog()
{
    auto const last = outbox_.last_number();
    while (!is_online() || (outbox_.has_backlog() && outbox_.front().number <= last)) {
        check_open();
        PeerWaiter waiter(*this);
        co_await written_.wait(executor_, waiter);
    }
}

asio::awaitable<bool> SessionImpl::flush(std::shared_ptr<SessionImpl> impl)
{
    require(impl);
    auto const caller = co_await asio::this_coro::executor;
    if (!impl->may_suspend_on(caller)) {
        auto operation = flush(impl);
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    if (impl->reconnection_.is_enabled())
        co_await impl->await_backlog();
    if (!impl->current_)
        impl->check_open();
    co_await impl->await_written(impl->current_, 0, CancellationRule());
    co_return true;
}

} // namespace arbalest::detail
