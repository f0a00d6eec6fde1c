#pragma once

#include "outbox.hpp"
#include "receipt_slot.hpp"
#include <arbalest/protocol/frame.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace arbalest::detail {

class SubscriptionState;

/// What else a frame is about, for those few that are about anything else.
class FrameEffects
{
public:
    FrameEffects() = default;

    // When the frame enters the write buffer: this is set, and this message of this subscription counts as settled.
    bool* encoded = nullptr;
    std::uint64_t* position = nullptr;                  // set to where it starts in the connection's bytes
    std::uint64_t* connection = nullptr;                // set to which connection that is
    std::shared_ptr<WriteWatch> const* watch = nullptr; // a message's, when it goes into the outbox
    SubscriptionState* subscribing = nullptr;           // SUBSCRIBE: whose
    SubscriptionState* settles = nullptr;
    std::uint64_t settled = 0;
    std::uint64_t transaction = 0; // in which that is done
};

/// How transmit() treats one frame. Small, for it is handed on from one coroutine to the next.
class TransmitOptions
{
public:
    TransmitOptions() = default;

    bool with_receipt = false;                          // ask for one
    bool raw = false;                                   // only if the frame has one
    bool defer_deadline = false;                        // in a transaction: the limit starts with COMMIT
    bool deletes_durable = false;                       // UNSUBSCRIBE
    std::optional<std::chrono::milliseconds> timeout{}; // for the receipt, instead of the configured one
    FrameEffects const* effects = nullptr;              // lives in the frame of the coroutine that sends

    SubscriptionState* subscribing() const noexcept { return effects ? effects->subscribing : nullptr; }
};

/// What becomes of the frame when its connection is lost and another is to follow.
AtLoss at_loss(Frame const& frame, TransmitOptions const& options) noexcept;

} // namespace arbalest::detail
