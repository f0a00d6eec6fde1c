#pragma once

#include "../protocol/vector_queue.hpp"
#include "unacked_messages.hpp"
#include <arbalest/engine/subscription_buffer.hpp>
#include <arbalest/protocol/ack_mode.hpp>
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace arbalest::detail {

/// A subscription and the messages that its consumer has not taken yet. Whether its buffer is over the soft limit, so
/// that reading should stop, is counted in a number that all subscriptions of a session share.
class BufferedSubscription
{
public:
    /// A MESSAGE in the buffer.
    struct Buffered
    {
        Frame frame;
        std::uint64_t connection = 0;           // of the session, on which it came
        UnackedMessages::Sequence sequence = 0; // by which it is acknowledged; zero when it need not be
    };

    /// @param full_buffers how many subscriptions of the session are over their soft limit; must live longer.
    BufferedSubscription(std::string id, std::string destination, AckMode ack, SubscriptionBuffer limits,
                         std::size_t& full_buffers);
    BufferedSubscription(BufferedSubscription const&) = delete;
    BufferedSubscription& operator=(BufferedSubscription const&) = delete;

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
    /// The connection ended when the broker was to confirm the SUBSCRIBE that was sent again. The second time in a row,
    /// the subscription ends.
    bool suspected = false;
    /// The broker takes back what is unacknowledged only when it is told to.
    bool gives_back = false;
    /// Got messages since consumers were woken last.
    bool has_new_messages = false;
    UnackedMessages unacked;

    /// Takes a message in. Returns what ends the subscription, when that is one too many.
    std::shared_ptr<StompError> push(Frame&& frame, std::uint64_t connection, StompVersion version)
    {
        auto const size = size_of(frame);
        if (gives_back || !stays_below_limits(size))
            return push_near_limits(std::move(frame), connection, version, size);
        append(std::move(frame), connection, ack == AckMode::automatic ? 0 : unacked.add(), size);
        return nullptr;
    }

    /// The next message; nullopt when there is none.
    std::optional<Buffered> take()
    {
        if (buffer_.empty())
            return std::nullopt;
        std::optional<Buffered> front(buffer_.take_front());
        bytes_ -= size_of(front->frame);
        if (counts_as_full_)
            update_fullness();
        return front;
    }

    /// Forgets what is buffered: the broker takes it back.
    void discard_buffer();
    /// The connection is gone: the broker delivers again what must be acknowledged.
    void connection_lost();

    /// Nothing more is taken in, though what is buffered stays. Without a cause it has ended in order.
    /// @returns false when it had ended before: then the former cause stays.
    bool end(std::shared_ptr<StompError> cause);
    bool has_ended() const noexcept { return ended_; }
    /// What ended it; nullptr if it has not ended, or has ended in order.
    std::shared_ptr<StompError> const& cause() const noexcept { return cause_; }

    bool has_messages() const noexcept { return !buffer_.empty(); }
    std::size_t buffered() const noexcept { return buffer_.size(); }
    std::size_t buffered_bytes() const noexcept { return bytes_; }
    /// Whether it is counted in the number of full buffers.
    bool counts_as_full() const noexcept { return counts_as_full_; }
    /// Whether reading should stop for this subscription's sake.
    bool is_over_soft_limit() const noexcept
    {
        return is_full() && !ended_ && limits.policy == OverflowPolicy::suspend;
    }

private:
    static std::size_t size_of(Frame const& frame) noexcept { return frame.memory() + sizeof(Buffered); }
    /// Whether one more of that size changes nothing else.
    bool stays_below_limits(std::size_t size) const noexcept
    {
        return buffer_.size() + 1 < limits.messages && bytes_ + size < limits.bytes &&
               bytes_ + size <= limits.hard_limit;
    }
    void append(Frame&& frame, std::uint64_t connection, UnackedMessages::Sequence sequence, std::size_t size)
    {
        buffer_.push_back({std::move(frame), connection, sequence});
        bytes_ += size;
    }
    std::shared_ptr<StompError> push_near_limits(Frame&& frame, std::uint64_t connection, StompVersion version,
                                                 std::size_t size);
    void update_fullness();
    bool is_full() const noexcept { return buffer_.size() >= limits.messages || bytes_ >= limits.bytes; }
    void drop_front();

    VectorQueue<Buffered> buffer_;
    std::size_t bytes_ = 0;
    std::size_t& full_buffers_;
    bool counts_as_full_ = false;
    bool ended_ = false;
    std::shared_ptr<StompError> cause_;
};

} // namespace arbalest::detail
