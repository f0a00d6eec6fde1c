#include "../protocol/find_header.hpp"
#include "session_guards.hpp"
#include <arbalest/protocol/encode.hpp>

#include <algorithm>
#include <array>
#include <utility>

// The way of a frame into the write buffer: its receipt, room for it, the outbox, the hooks, its bytes.
namespace arbalest::detail {

namespace {

bool may_carry_receipt(std::string_view command) noexcept
{
    constexpr std::array commands{"SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT"};
    return std::ranges::find(commands, command) != commands.end();
}

// What a hook has thrown, where failures are kept as StompError: raised as what it was.
class ThrownByHook final : public StompError
{
public:
    ThrownByHook(std::exception_ptr thrown, Outcome outcome)
        : StompError(errc::invalid_frame, Failure(thrown).what(), outcome), thrown_(std::move(thrown))
    {
    }

    std::shared_ptr<StompError> with_outcome(Outcome outcome) const override
    {
        return std::make_shared<ThrownByHook>(thrown_, outcome);
    }
    [[noreturn]] void raise() const override { std::rethrow_exception(thrown_); }
    std::exception_ptr to_exception_ptr() const override { return thrown_; }

private:
    std::exception_ptr thrown_;
};

} // namespace

std::shared_ptr<StompError> copy_of(std::exception_ptr const& exception, bool may_have_left)
{
    auto const outcome = may_have_left ? Outcome::unknown : Outcome::not_sent;
    try {
        std::rethrow_exception(exception);
    } catch (StompError const& error) {
        return error.with_outcome(outcome);
    } catch (...) {
        return std::make_shared<ThrownByHook>(exception, outcome);
    }
}

SlotHandle SessionImpl::expect_receipt(Frame& frame, TransmitOptions const& options)
{
    if (options.has_negative_timeout()) [[unlikely]]
        throw InvalidConfig("receipt_timeout", std::to_string(options.timeout()->count()) + " ms",
                            "it must not be negative; zero means no limit");
    auto const chosen = find_header(frame, "receipt");
    bool const is_chosen = chosen.data() != nullptr;
    bool const wanted =
        !options.raw && (options.with_receipt || (config_->auto_receipt && may_carry_receipt(frame.command())));
    if (!is_chosen && !wanted)
        return {};
    auto const limit = options.timeout().value_or(config_->receipt_timeout);
    bool const is_running = !options.defer_deadline && (is_online() || !reconnection_.is_enabled());
    // The clock is read once for all that are going to be written together, as long as that will be at once.
    bool const starts_with_writing = is_running && is_online() && !current_->output.is_busy();
    auto const deadline = is_running && !starts_with_writing ? deadline_after(Clock::now(), limit) : TimePoint::max();
    auto* const slot = &receipts_.add(options.defer_deadline);
    SlotHandle handle(this, slot); // whatever fails from here on leaves nothing behind
    slot->on_loss = reconnection_.is_enabled() ? rule_for(frame, options) : OnConnectionLoss::fail;
    slot->limit = limit;
    slot->deadline = deadline;
    // Without a connection, the time stands still.
    if (!is_running && !options.defer_deadline && limit.count() != 0)
        slot->remaining = clock_span(limit);
    auto& receipts = conversation_.receipts();
    if (is_chosen) {
        slot->id = chosen;
        slot->chosen = true;
        auto const number = receipts.expect(chosen, slot, deadline);
        if (!number)
            throw InvalidFrame("a receipt by this id is awaited already", "receipt");
        slot->number = *number;
    } else {
        slot->number = receipts.next_number();
        Receipts::GeneratedId const id(slot->number);
        slot->id = id.view();
        frame.add_header("receipt", id.view());
        receipts.expect(slot->number, slot, deadline);
    }
    if (starts_with_writing)
        receipts_.start_with_writing(slot->number);
    if (auto* const subscribing = options.subscribing())
        slot->subscribing = subscribing->shared_from_this();
    if (!slot->deferred)
        update_reading();
    if (deadline < timer_.expiry())
        set_timer();
    return handle;
}

void SessionImpl::start_limits(TimePoint now)
{
    auto& receipts = conversation_.receipts();
    receipts_.start_limits([&](Receipts::Number number) {
        auto* const slot = static_cast<ReceiptSlot*>(receipts.find(number));
        if (!slot) // its wait has ended meanwhile
            return;
        slot->deadline = deadline_after(now, slot->limit);
        receipts.start(number, slot->deadline);
    });
    if (receipts.earliest_deadline() < timer_.expiry())
        set_timer();
}

void SessionImpl::start_deadline(ReceiptSlot* slot)
{
    if (slot->state != ReceiptSlot::State::waiting || !slot->deferred)
        return;
    receipts_.start(*slot);
    slot->deadline = deadline_after(Clock::now(), slot->limit);
    conversation_.receipts().set_deadline(slot->number, slot->deadline);
    update_reading();
    set_timer();
}

bool SessionImpl::may_wait(Frame const& frame, TransmitOptions const& options) const noexcept
{
    // In the order of what they cost.
    return options.with_receipt || (config_->auto_receipt && !options.raw) || config_->write_buffer.limit == 0 ||
           !can_write(frame) || find_header(frame, "receipt").data() != nullptr;
}

OnConnectionLoss rule_for(Frame const& frame, TransmitOptions const& options) noexcept
{
    FrameRole role;
    role.announces_subscription = options.subscribing() != nullptr;
    role.deletes_durable = options.deletes_durable;
    return on_connection_loss(frame, role);
}

bool SessionImpl::is_kept(Frame const& frame) const noexcept
{
    return reconnection_.is_enabled() && frame.command() == "SEND" && !frame.has_header("transaction");
}

bool SessionImpl::has_room(Frame const& frame) const noexcept
{
    if (!reconnection_.is_enabled())
        return has_buffer_room(frame);
    if (is_kept(frame)) {
        if (!outbox_.has_room(frame.memory()))
            return false;
        if (!is_online())
            return true;
    }
    return is_online() && !outbox_.has_backlog() && has_buffer_room(frame);
}

bool SessionImpl::try_write(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    if (!queue_.empty() || !has_room(frame)) {
        check_encodable(frame, version(), content_length());
        return false;
    }
    write_now(frame, slot, options);
    return true;
}

void SessionImpl::write_now(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    ConcurrencyCheck::Section const section(concurrency_check_);
    if (is_kept(frame))
        keep(frame, slot, options);
    else
        write(frame, slot, options);
}

void SessionImpl::wake_writer()
{
    if (current_ && current_->output.waiting() != 0)
        current_->writer.wake_all(executor_);
}

// Before the sender suspends: posting, as waking does, costs a system call.
void SessionImpl::start_writer()
{
    if (current_ && current_->output.waiting() != 0)
        current_->writer.resume_one();
}

void SessionImpl::write(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    if (options.effects)
        check_relevant(*options.effects);
    if (hooks_.has_interceptors())
        hooks_.on_outgoing(frame);
    write_intercepted(frame, slot, options);
}

void SessionImpl::write_intercepted(Frame const& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    auto const position = encode_frame(frame);
    if (slot) {
        slot->encoded = true;
        slot->position = position;
    }
    if (options.effects)
        apply(*options.effects, position);
}

// While a frame waited for room, what it is about may have come to its end.
void SessionImpl::check_relevant(FrameEffects const& effects) const
{
    if (effects.transaction && effects.transaction->is_over())
        throw SessionClosed("the transaction is over");
    auto const* const subscription = effects.settles;
    if (subscription && (subscription->has_ended() || !subscription->unacked.is_open(effects.settled)))
        throw StaleMessage();
}

void SessionImpl::apply(FrameEffects const& effects, std::uint64_t position)
{
    if (effects.encoded)
        *effects.encoded = true;
    if (effects.position)
        *effects.position = position;
    if (effects.connection)
        *effects.connection = current_;
    if (effects.connection_number)
        *effects.connection_number = connection_number_;
    if (effects.starts) {
        for (auto const& pending : *effects.starts)
            start_deadline(slot_of(pending));
    }
    if (effects.settles && effects.transaction)
        effects.transaction->settle(*effects.settles, effects.settled);
    else if (effects.settles)
        effects.settles->unacked.settle(effects.settled, effects.settles->ack == AckMode::client);
    if (effects.transaction_end != TransactionEnd::none)
        effects.transaction->end(effects.transaction_end == TransactionEnd::commit);
}

std::uint64_t SessionImpl::encode_frame(Frame const& frame)
{
    auto& connection = *current_;
    auto const position = connection.output.append(frame, conversation_.version(), content_length());
    info_.frames_sent.add(1);
    if (!connection.writer_is_held)
        connection.writer.wake_all(executor_);
    if (hooks_.has_observers())
        hooks_.on_frame_sent(frame);
    return position;
}

// Takes a message into the outbox, and from there, if that can be, into the write buffer.
void SessionImpl::keep(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
{
    if (!is_online())
        check_encodable(frame, version(), content_length());
    auto& message = outbox_.add(std::move(frame), slot);
    if (slot)
        slot->message = &message;
    if (options.effects && options.effects->watch) {
        message.watch = *options.effects->watch;
        message.watch->message = &message;
    }
    if (!is_online())
        return;
    try {
        write_kept();
    } catch (...) {
        // The caller gets it.
        if (slot)
            slot->message = nullptr;
        outbox_.erase(message, WriteWatch::State::never_sent);
        throw;
    }
}

// Encodes the first message of the backlog.
void SessionImpl::write_kept()
{
    auto& message = outbox_.front();
    if (!std::exchange(message.intercepted, true) && hooks_.has_interceptors())
        hooks_.on_outgoing(message.frame);
    auto const position = encode_frame(message.frame);
    if (auto* const slot = receipt_slot_of(message)) {
        slot->encoded = true;
        slot->position = position;
    }
    outbox_.encoded(position, current_->output.end());
}

void SessionImpl::pump_outbox()
{
    while (outbox_.has_backlog() && is_online() && has_buffer_room(outbox_.front().frame)) {
        auto& message = outbox_.front();
        std::shared_ptr<StompError> failure;
        try {
            write_kept();
        } catch (...) {
            failure = copy_of(std::current_exception(), message.may_have_left);
        }
        if (!failure)
            continue;
        // The version that is spoken now cannot express it, or a hook failed.
        if (auto* const slot = receipt_slot_of(message))
            complete_slot(*slot, std::move(failure));
        else
            outbox_.erase(message, WriteWatch::State::never_sent);
    }
}

// Encodes on behalf of those who wait for room, in the order in which they came.
void SessionImpl::pump_queue()
{
    ConcurrencyCheck::Section const section(concurrency_check_);
    if (reconnection_.is_enabled())
        pump_outbox();
    while (!queue_.empty() && !ending_.has_come() && (current_ || reconnection_.is_enabled()) &&
           has_room(queue_.front().frame))
        write_queued(queue_.front());
    continue_disconnect();
}

void SessionImpl::write_queued(QueuedFrame& queued)
{
    queued.begun = true;
    std::exception_ptr failure;
    try {
        if (is_kept(queued.frame))
            keep(queued.frame, queued.slot, queued.options);
        else
            write(queued.frame, queued.slot, queued.options);
    } catch (...) {
        failure = std::current_exception();
    }
    complete_queued(queued, failure);
}

// A subscription is about to end: what was acknowledged before must come before UNSUBSCRIBE, though there is no room.
void SessionImpl::write_acknowledgements(SubscriptionState const& state)
{
    auto const is_its = [&](QueuedFrame const& queued) {
        return queued.options.effects && queued.options.effects->settles == &state;
    };
    while (is_online() && !ending_.has_come()) {
        auto const found = std::ranges::find_if(queue_, is_its);
        if (found == queue_.end())
            return;
        write_queued(*found);
    }
}

void SessionImpl::room_was_made() noexcept
{
    try {
        pump_queue();
    } catch (std::exception const& error) {
        finish(std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost), error.what()),
               CloseReason::error);
    }
}

void SessionImpl::send_control(Frame frame) noexcept
{
    if (ending_.has_come() || !is_online())
        return;
    try {
        write_intercepted(intercepted(std::move(frame)), nullptr, TransmitOptions());
    } catch (std::exception const& error) {
        finish(std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost), error.what()),
               CloseReason::error);
    }
}

} // namespace arbalest::detail
