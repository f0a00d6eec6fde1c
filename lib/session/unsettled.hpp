#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arbalest::detail {

/// The messages of a subscription that the broker waits to have acknowledged, in the order in which they came. Kept
/// where the broker would not take them back by itself when the subscription ends.
class Unsettled
{
public:
    using Sequence = std::uint64_t;

    /// A message came. Returns the number by which it is known here; never zero.
    Sequence add(std::string_view ack_id)
    {
        entries_.push_back({std::string(ack_id), 0, true});
        return first_ + entries_.size() - 1;
    }

    /// It was acknowledged or rejected, with all before it if that is how the subscription acknowledges.
    /// @param transaction in which that was done, and with which it stands or falls; zero for none.
    void settle(Sequence sequence, bool cumulative, std::uint64_t transaction = 0)
    {
        if (sequence < first_ || sequence - first_ >= entries_.size())
            return;
        auto const position = static_cast<std::size_t>(sequence - first_);
        for (auto i = cumulative ? 0 : position; i <= position; ++i) {
            if (!entries_[i].open)
                continue;
            entries_[i].open = false;
            entries_[i].transaction = transaction;
        }
        forget_settled();
    }

    /// The transaction has been committed, or aborted: then all that was settled in it is open again.
    void transaction_ended(std::uint64_t transaction, bool committed)
    {
        for (auto& entry : entries_) {
            if (entry.transaction != transaction)
                continue;
            entry.transaction = 0;
            entry.open = !committed;
        }
        forget_settled();
    }

    /// Hands out the ids of those that are open, and forgets all.
    std::vector<std::string> take_open()
    {
        std::vector<std::string> ids;
        for (auto& entry : entries_) {
            if (entry.open)
                ids.push_back(std::move(entry.ack_id));
        }
        first_ += entries_.size();
        entries_.clear();
        return ids;
    }

private:
    struct Entry
    {
        std::string ack_id;
        std::uint64_t transaction; // that may still take it back; zero for none
        bool open;
    };

    void forget_settled()
    {
        while (!entries_.empty() && !entries_.front().open && entries_.front().transaction == 0) {
            entries_.pop_front();
            ++first_;
        }
    }

    std::deque<Entry> entries_;
    Sequence first_ = 1;
};

} // namespace arbalest::detail
