#pragma once

#include "slot_pool.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace arbalest::detail {

/// The receipts that are awaited on the session's side, in the order in which they were asked for.
class ReceiptWaits
{
public:
    using List = boost::intrusive::list<ReceiptSlot, boost::intrusive::constant_time_size<false>>;

    /// One more. @param deferred whether its limit starts later, see start().
    ReceiptSlot& add(bool deferred)
    {
        auto& slot = pool_.take();
        slot.deferred = deferred;
        slot.errors_before = errors_;
        waiting_.push_back(slot);
        if (!deferred)
            ++awaited_;
        return slot;
    }
    List& waiting() noexcept { return waiting_; }
    /// How many somebody waits for, or may.
    std::size_t awaited() const noexcept { return awaited_; }

    /// One that was deferred is awaited from now on.
    void start(ReceiptSlot& slot) noexcept
    {
        slot.deferred = false;
        ++awaited_;
    }
    /// Nobody holds on to it any more.
    void stop_keeping(ReceiptSlot& slot) noexcept
    {
        if (!slot.deferred)
            --awaited_;
        slot.kept = false;
    }
    /// Its wait is over.
    void end(ReceiptSlot& slot, ReceiptSlot::State state) noexcept
    {
        slot.unlink();
        slot.state = state;
        if (slot.kept && !slot.deferred)
            --awaited_;
    }
    /// Nobody has it any more, and nothing leads to it.
    void give_back(ReceiptSlot& slot) noexcept { pool_.give_back(slot); }

    /// Its limit starts when its frame is about to be written.
    void start_with_writing(Receipts::Number number) { starting_.push_back(number); }
    /// The frame could not be encoded: such numbers are not to heap up.
    void forget_start(Receipts::Number number) noexcept
    {
        if (!starting_.empty() && starting_.back() == number)
            starting_.pop_back();
    }
    /// Calls a function with the number of each limit that starts now.
    template <class Function>
    void start_limits(Function function)
    {
        for (auto const number : starting_)
            function(number);
        if (starting_.size() > kept_when_empty)
            starting_ = std::vector<Receipts::Number>();
        else
            starting_.clear();
    }

    /// An ERROR that names nobody may be why a receipt does not come.
    void unnamed_error(std::shared_ptr<StompError> error)
    {
        last_error_ = std::move(error);
        ++errors_;
    }
    /// The last one that came since the wait began; nullptr when none did.
    std::shared_ptr<StompError> error_during(ReceiptSlot const& slot) const
    {
        return slot.errors_before == errors_ ? nullptr : last_error_;
    }

private:
    // From how many elements on an empty list gives its memory back.
    static constexpr std::size_t kept_when_empty = 4096;

    SlotPool pool_;
    List waiting_;
    std::vector<Receipts::Number> starting_;
    std::size_t awaited_ = 0;
    std::shared_ptr<StompError> last_error_;
    std::uint64_t errors_ = 0;
};

} // namespace arbalest::detail
