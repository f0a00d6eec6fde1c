#pragma once

#include "../protocol/receipts.hpp"
#include "wait_queue.hpp"
#include <arbalest/protocol/error.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

namespace arbalest::detail {

class SubscriptionState;
struct QueuedFrame;
class TransmitOptions;

/// A receipt that is awaited, from the call that asks for it to whoever takes the answer.
struct ReceiptSlot : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
{
    enum class State : std::uint8_t { waiting, confirmed, failed };

    std::string id() const { return name.empty() ? std::string(Receipts::GeneratedId(number).view()) : name; }

    State state = State::waiting;
    bool encoded = false;  // the frame is in the write buffer, or further
    bool kept = true;      // somebody holds on to it; else it is returned to the pool with the answer
    bool deferred = false; // in a transaction that is not committed yet: the limit has not started
    Receipts::Number number = 0;
    std::string name; // the id, where the user chose it
    std::chrono::milliseconds limit{0};
    std::uint64_t errors_before = 0; // ERRORs without a name that had come when the wait began
    std::uint64_t position = 0;      // where the frame starts, in bytes of the connection
    QueuedFrame* queued = nullptr;
    std::shared_ptr<StompError> failure;
    std::shared_ptr<SubscriptionState> ending; // an UNSUBSCRIBE: what the answer ends
    WaitQueue waiters;
};

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
    bool done = false;
    std::exception_ptr failure;
    WaitQueue waiters;
};

} // namespace arbalest::detail
