#pragma once

#include "../protocol/vector_queue.hpp"
#include "unsettled.hpp"
#include "wait_queue.hpp"
#include <arbalest/protocol/ack_mode.hpp>
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/session/message.hpp>
#include <arbalest/session/stomp_config.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace arbalest::detail {

class Core;

/// A subscription as the session sees it, and the buffer between the two. Lives on the session's executor.
class SubscriptionState : public std::enable_shared_from_this<SubscriptionState>
{
public:
    SubscriptionState(std::shared_ptr<Core> core, std::string id, std::string destination, AckMode ack,
                      SubscriptionBuffer limits);

    std::shared_ptr<Core> const core;
    std::string const id;
    std::string const destination;
    AckMode const ack;
    SubscriptionBuffer const limits;

    /// The SUBSCRIBE frame as the user wants it, without what only one broker understands.
    Frame subscribe_frame;
    /// Which subscription of the session it is; later ones have higher numbers.
    std::uint64_t number = 0;
    /// SUBSCRIBE was encoded, or will be with the next connection; so the broker must be told of the end.
    bool announced = false;
    /// The connection broke with an ERROR when the broker was to take it on again. If that happens twice, it is to
    /// blame.
    bool suspected = false;
    /// The broker takes back what is unsettled only when it is told to.
    bool gives_back = false;
    Unsettled unsettled;
    /// Got something since consumers were woken last.
    bool touched = false;
    /// UNSUBSCRIBE was sent, or the session has ended: nothing more is taken in.
    bool ended = false;

    /// Takes a message in. Returns what ends the subscription, when that is one too many.
    std::shared_ptr<StompError> push(Frame&& frame, std::uint64_t connection)
    {
        auto const size = size_of(frame);
        if (gives_back || !stays_below_limits(size))
            return push_carefully(std::move(frame), connection, size);
        append(std::move(frame), connection, ack == AckMode::automatic ? 0 : unsettled.add(), size);
        return nullptr;
    }
    void end_in_order();
    void end(std::shared_ptr<StompError> cause);

    /// Forgets what is buffered: the broker takes it back.
    void discard_buffer();
    /// The connection is gone: what must be acknowledged comes again.
    void connection_lost();

    /// Lets the waiter go on if there is something for it.
    void wake_if_ready();
    bool has_messages() const noexcept { return !buffer_.empty(); }
    std::size_t buffered() const noexcept { return buffer_.size(); }
    std::size_t buffered_bytes() const noexcept { return buffered_bytes_; }
    /// The next message, which gets `self`.
    static std::optional<Message> take(std::shared_ptr<SubscriptionState> self);
    /// Whether reading should stop for this subscription's sake.
    bool is_over_soft_limit() const noexcept { return is_full() && !ended && limits.policy == OverflowPolicy::suspend; }

    static boost::asio::awaitable<std::optional<Message>> next(std::shared_ptr<SubscriptionState> state);
    static boost::asio::awaitable<Message> receive(std::shared_ptr<SubscriptionState> state);
    static boost::asio::awaitable<std::optional<Message>> next_for(std::shared_ptr<SubscriptionState> state,
                                                                   std::chrono::nanoseconds limit);
    static boost::asio::awaitable<bool> ready(std::shared_ptr<SubscriptionState> state);

    /// Takes the waiting coroutine out, when its io_context goes down.
    WaitHandler release_waiter() { return waiters_.release_one(); }

private:
    struct Buffered
    {
        Frame frame;
        std::uint64_t connection = 0;
        Unsettled::Sequence sequence = 0;
    };

    static std::size_t size_of(Frame const& frame) noexcept { return frame.memory() + sizeof(Buffered); }
    /// Whether nothing changes with one more of that size but that it is there.
    bool stays_below_limits(std::size_t size) const noexcept
    {
        return buffer_.size() + 1 < limits.messages && buffered_bytes_ + size < limits.bytes &&
               buffered_bytes_ + size <= limits.hard_limit;
    }
    void append(Frame&& frame, std::uint64_t connection, Unsettled::Sequence sequence, std::size_t size)
    {
        buffer_.push_back({std::move(frame), connection, sequence});
        buffered_bytes_ += size;
    }
    /// Where it may be one too many, or its acknowledgement must be kept in mind.
    std::shared_ptr<StompError> push_carefully(Frame&& frame, std::uint64_t connection, std::size_t size);
    /// Tells the session when the buffer has gone over its soft limit, or has come back.
    void update_fullness();
    bool is_full() const noexcept { return buffer_.size() >= limits.messages || buffered_bytes_ >= limits.bytes; }
    boost::asio::awaitable<void> wait();
    void drop_front();

    VectorQueue<Buffered> buffer_;
    std::size_t buffered_bytes_ = 0;
    bool counts_as_full_ = false;       // in the session's count of full buffers
    std::shared_ptr<StompError> cause_; // what ended it, unless it ended in order
    WaitQueue waiters_;                 // one at the most
};

} // namespace arbalest::detail
