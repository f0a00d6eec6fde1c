#include "buffered_subscription.hpp"

#include <arbalest/engine/error.hpp>

#include <utility>

namespace arbalest::detail {

BufferedSubscription::BufferedSubscription(std::string id, std::string destination, AckMode ack,
                                           SubscriptionBuffer limits, std::size_t& full_buffers)
    : id(std::move(id)), destination(std::move(destination)), ack(ack), limits(limits), full_buffers_(full_buffers)
{
}

std::shared_ptr<StompError> BufferedSubscription::push_near_limits(Frame&& frame, std::uint64_t connection,
                                                                   StompVersion version, std::size_t size)
{
    // Also of a message that is one too many: the broker waits for what becomes of it.
    UnackedMessages::Sequence sequence = 0;
    if (gives_back)
        sequence = unacked.add(frame.header(version == StompVersion::v1_2 ? "ack" : "message-id").value_or(""));
    else if (ack != AckMode::automatic)
        sequence = unacked.add();
    bool const was_full = is_full();
    if (was_full && limits.policy == OverflowPolicy::drop_newest)
        return nullptr;
    if (was_full && limits.policy == OverflowPolicy::drop_oldest) {
        while (!buffer_.empty() && (buffer_.size() >= limits.messages || bytes_ + size > limits.bytes))
            drop_front();
    }
    // One message alone is bounded by Limits.
    bool const exceeds = !buffer_.empty() && bytes_ + size > limits.hard_limit;
    if ((was_full && limits.policy == OverflowPolicy::fail) || exceeds)
        return std::make_shared<SlowConsumer>(destination, buffer_.size(), bytes_);
    append(std::move(frame), connection, sequence, size);
    update_fullness();
    return nullptr;
}

void BufferedSubscription::update_fullness()
{
    bool const is_over = is_over_soft_limit();
    if (std::exchange(counts_as_full_, is_over) == is_over)
        return;
    if (is_over)
        ++full_buffers_;
    else
        --full_buffers_;
}

void BufferedSubscription::discard_buffer()
{
    buffer_.clear();
    bytes_ = 0;
    update_fullness();
}

void BufferedSubscription::connection_lost()
{
    unacked.forget();
    if (ack != AckMode::automatic)
        discard_buffer();
}

bool BufferedSubscription::end(std::shared_ptr<StompError> cause)
{
    if (std::exchange(ended_, true))
        return false;
    cause_ = std::move(cause);
    update_fullness();
    return true;
}

void BufferedSubscription::drop_front()
{
    bytes_ -= size_of(buffer_.front().frame);
    buffer_.pop_front();
}

} // namespace arbalest::detail
