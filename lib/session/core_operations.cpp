#include "core.hpp"
#include "hop.hpp"
#include "operation.hpp"
#include <arbalest/protocol/encode.hpp>

#include <algorithm>
#include <array>
#include <utility>

// What users ask of a session. Every operation is a static coroutine that owns the session and its arguments, because
// an awaitable starts late and the handle may be gone by then; each first makes its way to the session's executor.
namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

bool may_carry_receipt(std::string_view command) noexcept
{
    constexpr std::array commands{"SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT"};
    return std::ranges::find(commands, command) != commands.end();
}

} // namespace

// --- the way of a frame into the write buffer

SlotHandle Core::expect_receipt(Frame& frame, TransmitOptions const& options)
{
    auto const chosen = frame.header("receipt");
    bool const wanted =
        !options.raw && (options.with_receipt || (config_->auto_receipt && may_carry_receipt(frame.command())));
    if (!chosen && !wanted)
        return {};
    auto const limit = options.timeout.value_or(config_->receipt_timeout);
    auto const deadline = options.defer_deadline ? TimePoint::max() : deadline_after(Clock::now(), limit);
    auto* const slot = new_slot();
    slot->state = ReceiptSlot::State::waiting;
    slot->encoded = false;
    slot->kept = true;
    slot->limit = limit;
    slot->deferred = options.defer_deadline;
    slot->errors_before = errors_;
    slot->queued = nullptr;
    if (chosen) {
        auto const number = conversation_.receipts().expect(*chosen, slot, deadline);
        if (!number) {
            free_slots_.push_back(slot);
            throw InvalidFrame("a receipt by this id is awaited already", "receipt");
        }
        slot->number = *number;
        slot->name = *chosen;
    } else {
        slot->number = conversation_.receipts().next_number();
        Receipts::GeneratedId const id(slot->number);
        frame.add_header("receipt", id.view());
        conversation_.receipts().expect(slot->number, slot, deadline);
    }
    waiting_slots_.push_back(*slot);
    if (!slot->deferred) {
        ++awaited_;
        update_reading();
    }
    if (deadline < armed_)
        arm_timer();
    return {this, slot};
}

void Core::start_deadline(ReceiptSlot* slot)
{
    if (slot->state != ReceiptSlot::State::waiting || !slot->deferred)
        return;
    slot->deferred = false;
    ++awaited_;
    auto const deadline = deadline_after(Clock::now(), slot->limit);
    conversation_.receipts().set_deadline(slot->number, deadline);
    update_reading();
    arm_timer();
}

bool Core::has_room(Frame const& frame) const noexcept
{
    return link_->outgoing.empty() || link_->outgoing.size() + frame.memory() <= config_->write_buffer.limit;
}

bool Core::try_write(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    if (!queue_.empty() || !has_room(frame)) {
        check_encodable(frame, version(),
                        config_->auto_content_length ? ContentLength::automatic : ContentLength::as_given);
        return false;
    }
    Exclusive::Section const section(exclusive_);
    write(frame, slot, options);
    return true;
}

void Core::write(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    for (std::size_t i = 0; i < interceptors_.size(); ++i) {
        auto const interceptor = interceptors_[i];
        interceptor->on_outgoing(frame);
    }
    if (finished_) // an interceptor has let go of the last handle
        cause_->with_outcome(Outcome::not_sent)->raise();
    auto& link = *link_;
    auto const position = link.end_position();
    encode(frame, conversation_.version(), link.outgoing,
           config_->auto_content_length ? ContentLength::automatic : ContentLength::as_given);
    if (link.wants_ends)
        link.outgoing_ends.push_back(link.outgoing.size());
    if (slot) {
        slot->encoded = true;
        slot->position = position;
    }
    if (options.encoded)
        *options.encoded = true;
    if (options.position)
        *options.position = position;
    if (options.settles)
        options.settles->unsettled.settle(options.settled, options.settles->ack == AckMode::client,
                                          options.transaction);
    frames_sent_.store(frames_sent_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    link.writer.wake_all(executor_);
    if (!observers_.empty()) {
        if (frame.has_header("passcode"))
            frame.set_header("passcode", "********");
        observe([&](Observer& observer) { observer.on_frame_sent(frame); });
    }
}

// Encodes on behalf of those who wait for room, in the order in which they came.
void Core::pump_queue()
{
    Exclusive::Section const section(exclusive_);
    while (!queue_.empty() && link_ && !finished_ && has_room(queue_.front().frame)) {
        auto& queued = queue_.front();
        std::exception_ptr failure;
        try {
            write(queued.frame, queued.slot, queued.options);
        } catch (...) {
            failure = std::current_exception();
        }
        complete_queued(queued, failure);
    }
    continue_disconnect();
}

void Core::send_control(Frame frame) noexcept
{
    if (finished_ || !link_ || write_failure_)
        return;
    try {
        write(frame, nullptr, TransmitOptions());
    } catch (std::exception const& error) {
        finish(std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost), error.what()),
               CloseReason::error);
    }
}

asio::awaitable<void> Core::take_turn()
{
    return asio::post(executor_, asio::use_awaitable);
}

// Puts a frame into the write buffer; suspends while there is no room. A coroutine that is destroyed or cancelled here
// takes its frame with it.
asio::awaitable<void> Core::enqueue(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    QueuedFrame queued(frame, slot, options);
    queue_.push_back(queued);
    if (slot)
        slot->queued = &queued;
    update_reading();
    struct Withdrawal
    {
        Withdrawal(Core& core, QueuedFrame& queued) noexcept : core(core), queued(queued) {}
        ~Withdrawal()
        {
            if (queued.done)
                return;
            queued.unlink();
            if (queued.slot && queued.slot->queued == &queued)
                queued.slot->queued = nullptr;
            core.continue_disconnect();
        }
        Core& core;
        QueuedFrame& queued;
    };
    Withdrawal const withdrawal(*this, queued);
    while (!queued.done) {
        Waiter waiter;
        co_await queued.waiters.wait(executor_, waiter);
        turns_.taken();
    }
    if (queued.failure)
        std::rethrow_exception(queued.failure);
}

asio::awaitable<void> Core::await_slot(ReceiptSlot& slot)
{
    while (slot.state == ReceiptSlot::State::waiting) {
        Waiter waiter;
        co_await slot.waiters.wait(executor_, waiter);
        turns_.taken();
    }
}

asio::awaitable<std::optional<Receipt>> Core::transmit(std::shared_ptr<Core> core, Frame frame, TransmitOptions options)
{
    require(core);
    if (!core->on_executor()) {
        auto operation = transmit(core, std::move(frame), options);
        co_return co_await hop_to(core->executor_, std::move(operation));
    }
    core->check_open();
    std::optional<Receipt> receipt;
    std::uint64_t position = 0;
    auto slot = core->expect_receipt(frame, options);
    if (!slot && core->config_->write_buffer.limit == 0)
        options.position = &position;
    if (!core->try_write(frame, slot.get(), options))
        co_await core->enqueue(frame, slot.get(), options);
    if (slot) {
        co_await core->await_slot(*slot);
        if (slot->failure)
            slot->failure->raise();
        receipt.emplace(slot->id());
    } else if (options.position) {
        co_await core->await_written(position);
    } else if (core->turns_.due()) {
        // Only now: a frame that stepped back for others would be overtaken by those of later calls.
        co_await core->take_turn();
    }
    co_return receipt;
}

asio::awaitable<PendingReceipt> Core::submit(std::shared_ptr<Core> core, Frame frame, TransmitOptions options)
{
    require(core);
    if (!core->on_executor()) {
        auto operation = submit(core, std::move(frame), options);
        co_return co_await hop_to(core->executor_, std::move(operation));
    }
    core->check_open();
    auto slot = core->expect_receipt(frame, options);
    if (!core->try_write(frame, slot.get(), options))
        co_await core->enqueue(frame, slot.get(), options);
    else if (core->turns_.due())
        co_await core->take_turn();
    co_return PendingReceipt(core, slot.detach());
}

asio::awaitable<Receipt> Core::confirmed(PendingReceipt pending)
{
    if (!pending.slot_)
        throw OperationInProgress("the confirmation is being awaited already, or there is none");
    auto const core = pending.core_;
    require(core);
    if (!core->on_executor()) {
        auto operation = confirmed(std::move(pending));
        co_return co_await hop_to(core->executor_, std::move(operation));
    }
    auto& slot = *pending.slot_;
    if (slot.state != ReceiptSlot::State::waiting && core->turns_.due())
        co_await core->take_turn();
    co_await core->await_slot(slot);
    if (slot.failure)
        slot.failure->raise();
    Receipt receipt(slot.id());
    co_return receipt;
}

// Waits until everything encoded so far was accepted by the transport. What fails then is a frame at `position`.
asio::awaitable<void> Core::await_written(std::uint64_t position)
{
    auto const link = link_;
    if (!link)
        check_open();
    auto const end = link->end_position();
    while (link->accepted < end) {
        auto const& cause = finished_ ? cause_ : write_failure_;
        if (cause)
            cause->with_outcome(link->unsent(position) ? Outcome::not_sent : Outcome::unknown)->raise();
        Waiter waiter;
        co_await link->flushers.wait(executor_, waiter);
    }
}

asio::awaitable<bool> Core::flush(std::shared_ptr<Core> core)
{
    require(core);
    if (!core->on_executor()) {
        auto operation = flush(core);
        co_return co_await hop_to(core->executor_, std::move(operation));
    }
    co_await core->await_written(0);
    co_return true;
}

} // namespace arbalest::detail
