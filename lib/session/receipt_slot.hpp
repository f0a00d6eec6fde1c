#pragma once

#include "../engine/connection_loss.hpp"
#include "../engine/outbox.hpp"
#include "../engine/receipts.hpp"
#include "../protocol/time.hpp"
#include "wait_queue.hpp"
#include <arbalest/protocol/error.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace arbalest::detail {

class SubscriptionState;
struct QueuedFrame;
struct SlotBlock;
class TransmitOptions;

/// A receipt that is awaited, from the call that asks for it to whoever takes the answer.
struct ReceiptSlot : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
{
    enum class State : std::uint8_t {
        free,      ///< In the pool.
        waiting,   ///< Its receipt is awaited: Receipts leads here.
        confirmed, ///< The answer is there, for whoever keeps the slot.
        failed,    ///< The same, or nobody waits any more.
    };

    State state = State::free;
    bool encoded = false;        // the frame is in the write buffer, or further
    bool kept = true;            // somebody holds on to it; else it is returned to the pool with the answer
    bool chosen = false;         // the receipt's id is the caller's
    bool deferred = false;       // in a transaction that is not committed yet: the limit has not started
    bool is_resubscribe = false; // the SUBSCRIBE of a subscription that was there before: nobody waits for it
    bool may_have_left = false;  // on an earlier connection
    OnConnectionLoss on_loss = OnConnectionLoss::fail;
    unsigned losses = 0;         // in a row, that a SUBSCRIBE was under way at
    Receipts::Number number = 0; // while it waits, else zero
    std::string id;
    std::chrono::milliseconds limit{0};
    TimePoint deadline = TimePoint::max();
    std::optional<TimePoint::duration> remaining; // of the limit, while there is no connection
    std::uint64_t errors_before = 0;              // ERRORs without a name that had come when the wait began
    std::uint64_t position = 0;                   // where the frame starts, in bytes of the connection
    QueuedFrame* queued = nullptr;
    std::shared_ptr<StompError> failure;
    OutboxMessage* message = nullptr;               // where the frame is kept that goes out again
    std::shared_ptr<SubscriptionState> ending;      // an UNSUBSCRIBE: what the answer ends
    std::shared_ptr<SubscriptionState> subscribing; // a SUBSCRIBE: whose
    WaitQueue waiters;
    SlotBlock* block = nullptr; // that it is one of
    ReceiptSlot* next_free = nullptr;

    /// For whoever waits for the receipt of what it sends.
    CancellationRule cancellation_rule() const noexcept
    {
        return {this, [](void const* subject) {
                    auto const& slot = *static_cast<ReceiptSlot const*>(subject);
                    return slot.encoded || slot.may_have_left;
                }};
    }

    /// As a new one. To be called when nothing leads here any more.
    void reset() noexcept
    {
        state = State::free;
        encoded = false;
        kept = true;
        chosen = false;
        deferred = false;
        is_resubscribe = false;
        may_have_left = false;
        losses = 0;
        id.clear();
        remaining.reset();
        failure.reset();
        ending.reset();
        subscribing.reset();
    }
};

/// Who waits for the receipt of a message in the outbox; nullptr when nobody does.
inline ReceiptSlot* receipt_slot_of(OutboxMessage const& message) noexcept
{
    return static_cast<ReceiptSlot*>(message.receipt);
}

/// A frame that waits for room in the write buffer; lives in the frame of the coroutine that sends it.
struct QueuedFrame : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
{
    QueuedFrame(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options)
        : frame(frame), slot(slot), options(options)
    {
    }

    Frame& frame;
    ReceiptSlot* slot;
    TransmitOptions const& options;
    bool begun = false; // it is being encoded
    bool done = false;
    std::exception_ptr failure;
    WaitQueue waiters;

    CancellationRule cancellation_rule() const noexcept
    {
        return {this, [](void const* subject) { return static_cast<QueuedFrame const*>(subject)->begun; }};
    }
};

} // namespace arbalest::detail
