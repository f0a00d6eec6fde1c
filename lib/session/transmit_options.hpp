#pragma once

#include "../engine/outbox.hpp"
#include "receipt_slot.hpp"
#include <arbalest/protocol/frame.hpp>
#include <arbalest/session/receipt.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace arbalest::detail {

class SubscriptionState;
struct Connection;
class TransactionState;

enum class TransactionEnd : std::uint8_t { none, commit, abort };

/// What else a frame is about, for those few that are about anything else.
class FrameEffects
{
public:
    FrameEffects() = default;

    // When the frame enters the write buffer: this is set, and this message of this subscription counts as settled.
    bool* encoded = nullptr;
    std::uint64_t* position = nullptr;                  // set to where it starts in the connection's bytes
    std::shared_ptr<Connection>* connection = nullptr;  // set to that connection
    std::uint64_t* connection_number = nullptr;         // set to which connection that is
    std::shared_ptr<WriteWatch> const* watch = nullptr; // a message's, when it goes into the outbox
    SubscriptionState* subscribing = nullptr;           // SUBSCRIBE: whose
    SubscriptionState* settles = nullptr;
    std::uint64_t settled = 0;
    TransactionState* transaction = nullptr; // in which the frame is sent: not any more when that is over
    TransactionEnd transaction_end = TransactionEnd::none;
    // COMMIT: whose limits start. Not with the call, which can be cancelled while it waits for room.
    std::vector<PendingReceipt> const* starts = nullptr;
};

/// How transmit() treats one frame. Two words, so that it is handed on from one coroutine to the next in registers:
/// what has been put together in memory cannot be loaded in one piece at once.
class TransmitOptions
{
public:
    TransmitOptions() = default;

    /// For the receipt, instead of the configured one. Anything beyond a million years is a million years.
    std::optional<std::chrono::milliseconds> timeout() const noexcept
    {
        return timeout_ == not_given ? std::nullopt : std::optional(std::chrono::milliseconds(timeout_));
    }
    void set_timeout(std::optional<std::chrono::milliseconds> limit) noexcept
    {
        timeout_ = limit ? std::clamp<std::int64_t>(limit->count(), -longest, longest) : not_given;
    }
    bool has_negative_timeout() const noexcept { return timeout_ < 0 && timeout_ != not_given; }

    // One underlying type for all: the Microsoft layout does not let bit-fields of different ones share a word.
    std::uint64_t with_receipt : 1 = false;    // ask for one
    std::uint64_t raw : 1 = false;             // only if the frame has one
    std::uint64_t defer_deadline : 1 = false;  // in a transaction: the limit starts with COMMIT
    std::uint64_t deletes_durable : 1 = false; // UNSUBSCRIBE
    // See SessionImpl::may_suspend_on(): the operation has checked it, or does not suspend.
    std::uint64_t may_suspend : 1 = false;
    std::uint64_t no_destination : 1 = false; // a message that goes nowhere

private:
    static constexpr int timeout_bits = 56;
    static constexpr std::int64_t longest = (std::int64_t{1} << (timeout_bits - 1)) - 1;
    static constexpr std::int64_t not_given = -longest - 1;

    std::int64_t timeout_ : timeout_bits = not_given;

public:
    FrameEffects const* effects = nullptr; // lives in the frame of the coroutine that sends

    SubscriptionState* subscribing() const noexcept { return effects ? effects->subscribing : nullptr; }
};

static_assert(sizeof(TransmitOptions) <= 16);

/// What becomes of the frame when its connection is lost and another is to follow.
OnConnectionLoss rule_for(Frame const& frame, TransmitOptions const& options) noexcept;

} // namespace arbalest::detail
