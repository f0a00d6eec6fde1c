#include "queue.hpp"

#include "subscription.hpp"

#include <algorithm>

namespace arbalest::broker {

Queue::~Queue()
{
    stats_->dropped += ready_.size();
    stats_->depth -= ready_.size();
}

void Queue::push(std::shared_ptr<Frame const> frame)
{
    auto const size = frame->memory();
    auto const expires = expiry_of(*frame).value_or(0);
    ready_.push_back({std::move(frame), last_sequence_ + 1, false, expires});
    ++last_sequence_;
    bytes_ += size;
    ++stats_->depth;
}

void Queue::put_back(StoredMessage message)
{
    auto const place = std::ranges::lower_bound(ready_, message.sequence, {}, &StoredMessage::sequence);
    auto const size = message.frame->memory();
    message.redelivered = true;
    ready_.insert(place, std::move(message));
    bytes_ += size;
    ++stats_->depth;
}

void Queue::pump()
{
    for (drop_expired(); !ready_.empty(); drop_expired()) {
        auto* const consumer = next_consumer();
        if (!consumer)
            return;
        consumer->take(take_front());
    }
}

void Queue::drop_expired()
{
    while (!ready_.empty() && has_expired(ready_.front())) {
        take_front();
        ++stats_->dropped;
    }
}

bool Queue::has_expired(StoredMessage const& message) const
{
    if (message.expires == 0)
        return false;
    auto const now = clock_ ? clock_() : std::chrono::system_clock::now();
    return std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count() >= message.expires;
}

StoredMessage Queue::take_front() noexcept
{
    auto message = std::move(ready_.front());
    ready_.pop_front();
    bytes_ -= message.frame->memory();
    --stats_->depth;
    return message;
}

std::size_t Queue::purge() noexcept
{
    auto const count = ready_.size();
    stats_->dropped += count;
    stats_->depth -= count;
    ready_.clear();
    bytes_ = 0;
    return count;
}

void Queue::add(Subscription& consumer)
{
    consumers_.push_back(&consumer);
    ++stats_->subscriptions;
}

void Queue::remove(Subscription& consumer) noexcept
{
    auto const place = std::ranges::find(consumers_, &consumer);
    if (place == consumers_.end())
        return;
    auto const position = static_cast<std::size_t>(place - consumers_.begin());
    consumers_.erase(place);
    if (next_ > position)
        --next_;
    --stats_->subscriptions;
}

Subscription* Queue::next_consumer() noexcept
{
    auto const count = consumers_.size();
    for (std::size_t i = 0; i < count; ++i) {
        auto const position = (next_ + i) % count;
        if (consumers_[position]->can_take()) {
            next_ = position + 1;
            return consumers_[position];
        }
    }
    return nullptr;
}

} // namespace arbalest::broker
