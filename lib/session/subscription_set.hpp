#pragma once

#include "subscription_state.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace arbalest::detail {

/// The subscriptions of a session, and which of them got messages since consumers were woken last.
class SubscriptionSet
{
public:
    using Map = std::map<SubscriptionState*, std::shared_ptr<SubscriptionState>>;

    /// Numbers it, in the order in which they come.
    void add(std::shared_ptr<SubscriptionState> const& subscription)
    {
        all_.emplace(subscription.get(), subscription);
        subscription->number = ++last_number_;
    }
    void remove(SubscriptionState& subscription) { all_.erase(&subscription); }
    Map const& all() const noexcept { return all_; }
    /// Leaves none.
    Map take_all() noexcept
    {
        with_new_messages_.clear();
        return std::exchange(all_, {});
    }

    void got_message(SubscriptionState& subscription)
    {
        if (!std::exchange(subscription.has_new_messages, true))
            with_new_messages_.push_back(subscription.shared_from_this());
    }
    /// How many got messages.
    std::size_t with_new_messages() const noexcept { return with_new_messages_.size(); }
    void wake_consumers()
    {
        for (auto const& subscription : with_new_messages_) {
            subscription->has_new_messages = false;
            subscription->wake_if_ready();
        }
        with_new_messages_.clear();
    }

private:
    Map all_;
    std::uint64_t last_number_ = 0;
    std::vector<std::shared_ptr<SubscriptionState>> with_new_messages_;
};

} // namespace arbalest::detail
