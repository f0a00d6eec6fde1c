#include "subscription.hpp"

#include "session.hpp"

#include <algorithm>
#include <utility>

namespace arbalest::broker {

Subscription::Subscription(Session& session, std::uint64_t number, std::optional<std::string> id,
                           std::string destination, AckMode mode, std::size_t prefetch, std::shared_ptr<Queue> queue)
    : session_(session), number_(number), id_(std::move(id)), destination_(std::move(destination)), mode_(mode),
      prefetch_(prefetch), queue_(std::move(queue))
{
    queue_->add(*this);
}

Subscription::~Subscription()
{
    queue_->remove(*this);
}

bool Subscription::can_take() const noexcept
{
    bool const limited = prefetch_ != 0 && mode_ != AckMode::automatic;
    return !(limited && unsettled_ >= prefetch_) && !session_.output().congested();
}

void Subscription::take(StoredMessage message)
{
    auto& stats = queue_->stats();
    ++stats.delivered;
    stats.redelivered += message.redelivered;

    MessageId const id(session_.number(), number_, ++last_tag_);
    message_id_.clear();
    id.append_to(message_id_, MessageId::message);
    ack_.clear();
    if (mode_ != AckMode::automatic && session_.version() == StompVersion::v1_2)
        id.append_to(ack_, MessageId::ack);

    Delivery delivery{message.frame, destination_, std::nullopt, message_id_, ack_, message.redelivered};
    if (id_)
        delivery.subscription = *id_;
    session_.output().deliver(delivery);

    if (mode_ == AckMode::automatic) {
        ++stats.acknowledged;
    } else {
        held_.push_back({last_tag_, std::move(message)});
        ++unsettled_;
        ++stats.unacknowledged;
    }
}

Subscription::Held* Subscription::find(std::uint64_t tag) noexcept
{
    auto const place = std::ranges::lower_bound(held_, tag, {}, &Held::tag);
    return place != held_.end() && place->tag == tag && place->message.frame ? &*place : nullptr;
}

bool Subscription::awaits(std::uint64_t tag) const noexcept
{
    auto const* const held = const_cast<Subscription*>(this)->find(tag);
    return held && !held->in_transaction;
}

void Subscription::set_in_transaction(std::uint64_t tag, bool in_transaction) noexcept
{
    if (auto* const held = find(tag))
        held->in_transaction = in_transaction;
}

// Takes out the message, and in cumulative mode all before it.
std::vector<StoredMessage> Subscription::settle(std::uint64_t tag)
{
    std::vector<StoredMessage> messages;
    auto const settle_one = [&](Held& held) {
        messages.push_back(std::move(held.message));
        held.message.frame.reset();
    };
    if (mode_ == AckMode::client) {
        for (auto& held : held_) {
            if (held.tag > tag)
                break;
            if (held.message.frame)
                settle_one(held);
        }
    } else if (auto* const held = find(tag)) {
        settle_one(*held);
    }
    unsettled_ -= messages.size();
    queue_->stats().unacknowledged -= messages.size();
    forget_settled();
    return messages;
}

void Subscription::forget_settled() noexcept
{
    while (!held_.empty() && !held_.front().message.frame)
        held_.pop_front();
}

void Subscription::acknowledge(std::uint64_t tag)
{
    queue_->stats().acknowledged += settle(tag).size();
}

void Subscription::reject(std::uint64_t tag, bool requeue)
{
    auto messages = settle(tag);
    auto& stats = queue_->stats();
    stats.rejected += messages.size();
    if (!requeue) {
        stats.dropped += messages.size();
        return;
    }
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) // so that each goes to the very front
        queue_->put_back(std::move(*message));
}

void Subscription::leave()
{
    queue_->remove(*this);
    queue_->stats().unacknowledged -= unsettled_;
    unsettled_ = 0;
    for (auto held = held_.rbegin(); held != held_.rend(); ++held) {
        if (held->message.frame)
            queue_->put_back(std::move(held->message));
    }
    held_.clear();
}

} // namespace arbalest::broker
