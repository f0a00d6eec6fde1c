#pragma once

#include "session_impl.hpp"

#include <memory>
#include <utility>

// What operations keep in their coroutine's frame while they are suspended, and what is undone when that is destroyed.
namespace arbalest::detail {

/// An operation that needs the peer: that it answers, or that it reads. While one is suspended, the session reads on.
class PeerWaiter : public Waiter
{
public:
    explicit PeerWaiter(SessionImpl& impl) : impl_(impl) { impl_.peer_wait_begins(); }
    ~PeerWaiter() { --impl_.reading_.operations; }

private:
    SessionImpl& impl_;
};

/// An operation that only observes and asks nothing of the peer. While one is suspended, a session that has suspended
/// reading probes: it makes one small read a second.
class ObservingWaiter : public Waiter
{
public:
    explicit ObservingWaiter(SessionImpl& impl) : impl_(impl) { impl_.observing_begins(); }
    ~ObservingWaiter() { --impl_.reading_.observers; }

private:
    SessionImpl& impl_;
};

/// Keeps a receipt slot while an operation waits for it.
class SlotHandle
{
public:
    SlotHandle() noexcept = default;
    SlotHandle(SessionImpl* impl, ReceiptSlot* slot) noexcept : impl_(impl), slot_(slot) {}
    SlotHandle(SlotHandle&& other) noexcept : impl_(other.impl_), slot_(std::exchange(other.slot_, nullptr)) {}
    SlotHandle& operator=(SlotHandle&&) = delete;
    ~SlotHandle()
    {
        if (slot_)
            impl_->release_slot(slot_);
    }

    ReceiptSlot* get() const noexcept { return slot_; }
    ReceiptSlot* detach() noexcept { return std::exchange(slot_, nullptr); }
    ReceiptSlot& operator*() const noexcept { return *slot_; }
    ReceiptSlot* operator->() const noexcept { return slot_; }
    explicit operator bool() const noexcept { return slot_ != nullptr; }

private:
    SessionImpl* impl_ = nullptr;
    ReceiptSlot* slot_ = nullptr;
};

/// Withdraws a message of the outbox that was not written yet, when the wait for its writing is cut short.
class WatchGuard
{
public:
    WatchGuard(SessionImpl& impl, std::shared_ptr<WriteWatch> const& watch) noexcept : impl_(impl), watch_(watch) {}
    WatchGuard(WatchGuard const&) = delete;
    WatchGuard& operator=(WatchGuard const&) = delete;
    ~WatchGuard()
    {
        if (watch_ && watch_->message && !watch_->message->encoded)
            withdraw();
    }

private:
    void withdraw() noexcept
    {
        impl_.outbox_.erase(*watch_->message);
        impl_.room_was_made();
    }

    SessionImpl& impl_;
    std::shared_ptr<WriteWatch> const& watch_;
};

/// As long as it lives, what is encoded does not wake the writer: whoever holds it is about to start the writer.
class WriterHold
{
public:
    explicit WriterHold(SessionImpl& impl) noexcept : impl_(impl) { impl_.hold_writer(true); }
    WriterHold(WriterHold const&) = delete;
    WriterHold& operator=(WriterHold const&) = delete;
    ~WriterHold()
    {
        impl_.hold_writer(false);
        impl_.wake_writer();
    }

private:
    SessionImpl& impl_;
};

} // namespace arbalest::detail
