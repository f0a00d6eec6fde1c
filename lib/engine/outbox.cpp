#include "outbox.hpp"

#include <utility>

namespace arbalest::detail {

Outbox::Outbox(OutboxLimits limits) noexcept : limits_(limits), next_(messages_.end()) {}

OutboxMessage& Outbox::add(Frame frame, void* receipt)
{
    auto const added = messages_.emplace(messages_.end());
    added->self = added;
    added->frame = std::move(frame);
    added->receipt = receipt;
    added->number = ++last_number_;
    added->bytes = added->frame.memory();
    bytes_ += added->bytes;
    if (next_ == messages_.end())
        next_ = added;
    return *added;
}

void Outbox::encoded(std::uint64_t position, std::uint64_t end)
{
    auto& message = *next_++;
    message.encoded = true;
    message.position = position;
    message.end = end;
    if (!message.receipt)
        unwritten_.push_back(&message);
}

void Outbox::written(std::uint64_t accepted)
{
    while (!unwritten_.empty() && unwritten_.front()->end <= accepted) {
        auto& message = *unwritten_.front();
        unwritten_.pop_front();
        erase(message, WriteWatch::State::written);
    }
}

void Outbox::erase(OutboxMessage& message, WriteWatch::State state)
{
    if (message.watch) {
        message.watch->state = state;
        message.watch->message = nullptr;
    }
    bytes_ -= message.bytes;
    if (next_ == message.self)
        ++next_;
    messages_.erase(message.self);
}

std::vector<OutboxMessage*> Outbox::connection_lost(std::uint64_t unsent, bool repeats)
{
    unwritten_.clear();
    std::vector<OutboxMessage*> given_up;
    for (auto i = messages_.begin(); i != next_;) {
        auto& message = *i++;
        message.encoded = false;
        if (message.position >= unsent) {
            message.losses = 0;
            continue;
        }
        message.may_have_left = true;
        if (!message.receipt)
            erase(message, WriteWatch::State::unknown);
        else if (!repeats || ++message.losses == losses_before_giving_up)
            given_up.push_back(&message);
    }
    // What was not even encoded was not under way.
    for (; next_ != messages_.end(); ++next_)
        next_->losses = 0;
    next_ = messages_.begin();
    return given_up;
}

void Outbox::clear(std::uint64_t unsent)
{
    unwritten_.clear();
    while (!messages_.empty()) {
        auto& message = messages_.front();
        bool const left = message.may_have_left || (message.encoded && message.position < unsent);
        erase(message, left ? WriteWatch::State::unknown : WriteWatch::State::never_sent);
    }
}

} // namespace arbalest::detail
