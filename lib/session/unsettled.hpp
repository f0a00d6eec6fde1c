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
        entries_.push_back({std::string(ack_id), true});
        return first_ + entries_.size() - 1;
    }

    /// It was acknowledged or rejected, with all before it if that is how the subscription acknowledges.
    void settle(Sequence sequence, bool cumulative)
    {
        if (sequence < first_ || sequence - first_ >= entries_.size())
            return;
        auto const position = static_cast<std::size_t>(sequence - first_);
        for (auto i = cumulative ? 0 : position; i <= position; ++i)
            entries_[i].open = false;
        // A transaction may take it back, so what is settled stays until all before it are.
        while (!entries_.empty() && !entries_.front().open && entries_.size() > kept) {
            entries_.pop_front();
            ++first_;
        }
    }

    /// The transaction in which it was settled has been aborted.
    void reopen(Sequence sequence)
    {
        if (sequence >= first_ && sequence - first_ < entries_.size())
            entries_[static_cast<std::size_t>(sequence - first_)].open = true;
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
        bool open;
    };
    static constexpr std::size_t kept = 64; // settled ones kept for transactions that are aborted soon after

    std::deque<Entry> entries_;
    Sequence first_ = 1;
};

} // namespace arbalest::detail
