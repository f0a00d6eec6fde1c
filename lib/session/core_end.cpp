#include "core.hpp"
#include "core_service.hpp"
#include "hop.hpp"
#include "operation.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

// How a session ends, and what becomes of those who wait.
namespace arbalest::detail {

namespace asio = boost::asio;

// How long a transport may take to close in order.
constexpr auto closing = std::chrono::seconds(1);

Lease::~Lease()
{
    core->run_there([](Core& core) { core.lease_ended(); });
}

void Core::lease_ended()
{
    finish(std::make_shared<SessionClosed>("the session's last handle is gone"), CloseReason::normal);
}

void Core::begin_disconnect()
{
    if (finished_ || conversation_.state() != Conversation::State::connected)
        return;
    open_ = false;
    if (!config_->graceful_disconnect) {
        finish_in_order();
        return;
    }
    conversation_.drain(Clock::now());
    arm_timer();
    continue_disconnect();
}

// DISCONNECT overtakes outstanding receipts on RabbitMQ, so it has to wait for them, and for what is still queued.
void Core::continue_disconnect()
{
    if (conversation_.state() != Conversation::State::draining)
        return;
    update_reading();
    if (awaited_ != 0 || !queue_.empty() || write_failure_)
        return;
    send_control(conversation_.disconnect());
}

void Core::finish_in_order()
{
    finish(std::make_shared<SessionClosed>("the session was disconnected"), true, CloseReason::normal);
}

void Core::finish(std::shared_ptr<StompError> cause, CloseReason reason)
{
    finish(std::move(cause), false, reason);
}

void Core::finish(std::shared_ptr<StompError> cause, bool orderly, CloseReason reason)
{
    if (std::exchange(finished_, true))
        return;
    auto const self = shared_from_this();
    Exclusive::Section const section(exclusive_);
    open_ = false;
    orderly_ = orderly;
    cause_ = std::move(cause);
    conversation_.close();

    while (!queue_.empty())
        complete_queued(queue_.front(), cause_->with_outcome(Outcome::not_sent)->to_exception_ptr());
    while (!waiting_slots_.empty()) {
        auto& slot = waiting_slots_.front();
        complete_slot(slot, cause_->with_outcome(outcome_of(slot)));
    }
    auto const subscriptions = std::exchange(subscriptions_, {});
    for (auto const& [key, subscription] : subscriptions)
        subscription->end(orderly ? nullptr : cause_);
    touched_.clear();
    connecting_.wake_all(executor_);
    closed_.wake_all(executor_);

    if (timer_)
        timer_->cancel();
    if (auto const link = std::exchange(link_, nullptr)) {
        link->ended = true;
        link->writer.wake_all(executor_);
        link->reader.wake_all(executor_);
        link->flushers.wake_all(executor_);
        if (link->transport) {
            if (reason == CloseReason::normal && !orderly)
                link->transport->abort();
            else
                asio::co_spawn(executor_, close_link(self, link, reason), asio::detached);
        }
    }
    Failure const failure(cause_->to_exception_ptr());
    observe([&](Observer& observer) { observer.on_closed(failure); });
}

// What became of a frame when the session ended before its receipt came.
Outcome Core::outcome_of(ReceiptSlot const& slot) const noexcept
{
    if (!slot.encoded || !link_ || link_->unsent(slot.position))
        return Outcome::not_sent;
    return Outcome::unknown;
}

ReceiptSlot* Core::new_slot()
{
    if (free_slots_.empty())
        return &slots_.emplace_back();
    auto* const slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
}

// The answer is there: a confirmation when `failure` is null.
void Core::complete_slot(ReceiptSlot& slot, std::shared_ptr<StompError> failure)
{
    slot.unlink();
    if (slot.queued) {
        auto& queued = *std::exchange(slot.queued, nullptr);
        complete_queued(queued, failure ? failure->to_exception_ptr() : nullptr);
    }
    slot.state = failure ? ReceiptSlot::State::failed : ReceiptSlot::State::confirmed;
    slot.failure = std::move(failure);
    slot.waiters.wake_all(executor_);
    if (slot.kept && !slot.deferred)
        --awaited_;
    if (auto const ending = std::exchange(slot.ending, nullptr)) {
        conversation_.remove_subscription(ending->id, ending.get());
        subscriptions_.erase(ending.get());
    }
    if (!slot.kept) {
        slot.failure.reset();
        slot.name.clear();
        free_slots_.push_back(&slot);
    }
}

// Whoever asked for the receipt is no longer interested.
void Core::release_slot(ReceiptSlot* slot) noexcept
{
    if (slot->state == ReceiptSlot::State::waiting) {
        if (!slot->deferred)
            --awaited_;
        slot->kept = false;
        slot->queued = nullptr;
        // The answer to an UNSUBSCRIBE is still worth knowing.
        if (slot->ending)
            return;
        conversation_.receipts().forget(slot->number);
        slot->unlink();
        continue_disconnect();
    }
    slot->failure.reset();
    slot->name.clear();
    free_slots_.push_back(slot);
}

void Core::complete_queued(QueuedFrame& queued, std::exception_ptr failure)
{
    queued.unlink();
    queued.done = true;
    queued.failure = std::move(failure);
    if (queued.slot)
        queued.slot->queued = nullptr;
    queued.waiters.wake_all(executor_);
}

asio::awaitable<void> Core::close_link(std::shared_ptr<Core> core, std::shared_ptr<Link> link, CloseReason reason)
{
    // Whoever fails to close in order, or takes too long, is closed anyway.
    asio::steady_timer limit(core->executor_, closing);
    limit.async_wait([link](boost::system::error_code code) {
        if (!code && link->transport)
            link->transport->abort();
    });
    try {
        co_await link->transport->close(reason);
    } catch (std::exception const&) {
    }
    limit.cancel();
    if (link->transport)
        link->transport->abort();
    core.reset();
}

asio::awaitable<bool> Core::disconnect(std::shared_ptr<Core> core, std::shared_ptr<Lease> lease)
{
    require(core);
    if (!core->on_executor()) {
        auto operation = disconnect(core, std::move(lease));
        co_return co_await hop_to(core->executor_, std::move(operation));
    }
    core->begin_disconnect();
    struct CloseUnlessFinished
    {
        explicit CloseUnlessFinished(Core& core) noexcept : core(core) {}
        ~CloseUnlessFinished()
        {
            if (!core.finished_)
                core.finish_in_order();
        }
        Core& core;
    };
    CloseUnlessFinished const guard(*core); // when this wait is cancelled
    while (!core->finished_) {
        Waiter waiter;
        co_await core->closed_.wait(core->executor_, waiter);
    }
    co_return true;
}

asio::awaitable<Failure> Core::closed(std::shared_ptr<Core> core)
{
    require(core);
    if (!core->on_executor()) {
        auto operation = closed(core);
        co_return co_await hop_to(core->executor_, std::move(operation));
    }
    while (!core->finished_) {
        Waiter waiter;
        co_await core->closed_.wait(core->executor_, waiter);
    }
    co_return Failure(core->cause_->to_exception_ptr());
}

void Core::context_ended() noexcept
{
    auto const self = shared_from_this();
    alive_ = false;
    open_ = false;
    finished_ = true;
    if (!cause_)
        cause_ = std::make_shared<SessionClosed>("the io_context of the session is gone");
    timer_.reset();
    auto const link = std::exchange(link_, nullptr);
    if (link) {
        link->ended = true;
        link->transport.reset();
    }
    // Each destroyed coroutine may destroy others that wait in the same places, so they are taken one at a time.
    auto const destroy_all = [](WaitQueue& queue) {
        while (!queue.empty())
            queue.release_one();
    };
    destroy_all(connecting_);
    destroy_all(closed_);
    if (link) {
        destroy_all(link->writer);
        destroy_all(link->reader);
        destroy_all(link->flushers);
    }
    while (!queue_.empty()) {
        auto& queued = queue_.front();
        queued.unlink();
        destroy_all(queued.waiters);
    }
    for (auto& slot : slots_) {
        destroy_all(slot.waiters);
        slot.ending.reset(); // it holds this session, and nobody will answer any more
    }
    touched_.clear();
    auto const subscriptions = std::exchange(subscriptions_, {});
    for (auto const& [key, subscription] : subscriptions) {
        subscription->ended = true;
        subscription->release_waiter();
    }
    // A strand's destructor needs its context.
    executor_ = asio::any_io_executor();
    probe_ = ExecutorProbe(executor_);
}

} // namespace arbalest::detail
