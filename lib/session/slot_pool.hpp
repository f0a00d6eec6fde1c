#pragma once

#include "receipt_slot.hpp"

#include <boost/intrusive/list.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <memory>

namespace arbalest::detail {

/// A number of slots in one piece of memory.
struct SlotBlock : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
{
    static constexpr std::size_t size = 64;

    std::array<ReceiptSlot, size> slots;
    ReceiptSlot* free = nullptr; // the first of those that nobody has, in a chain
    std::size_t used = 0;
};

/// Makes slots, whose addresses stay as long as they are used, and takes them back; neither allocates as a rule. What a
/// burst has needed is given back to the system.
class SlotPool
{
public:
    SlotPool() = default;
    SlotPool(SlotPool const&) = delete;
    SlotPool& operator=(SlotPool const&) = delete;
    ~SlotPool()
    {
        with_room_.clear_and_dispose(std::default_delete<SlotBlock>());
        full_.clear_and_dispose(std::default_delete<SlotBlock>());
    }

    /// A slot as it is when it is new, but for its state: somebody waits.
    ReceiptSlot& take()
    {
        if (with_room_.empty())
            add_block();
        auto& block = with_room_.front();
        auto& slot = *block.free;
        assert(slot.state == ReceiptSlot::State::free);
        block.free = slot.next_free;
        ++block.used;
        if (!block.free) {
            block.unlink();
            full_.push_front(block);
        }
        slot.state = ReceiptSlot::State::waiting;
        return slot;
    }

    /// Nobody has it any more, and nothing leads to it.
    void give_back(ReceiptSlot& slot) noexcept
    {
        assert(slot.state != ReceiptSlot::State::free && slot.state != ReceiptSlot::State::waiting);
        assert(!slot.is_linked() && slot.number == 0 && !slot.queued && !slot.message && slot.waiters.empty());
        slot.reset();
        auto& block = *slot.block;
        if (!block.free) {
            block.unlink();
            with_room_.push_front(block);
        }
        slot.next_free = block.free;
        block.free = &slot;
        if (--block.used == 0 && blocks_ > kept_blocks) {
            block.unlink();
            --blocks_;
            delete &block;
        }
    }

    /// How many there are, used or not.
    std::size_t capacity() const noexcept { return blocks_ * SlotBlock::size; }

private:
    static constexpr std::size_t kept_blocks = 64;

    void add_block()
    {
        auto block = std::make_unique<SlotBlock>();
        for (auto& slot : block->slots) {
            slot.block = block.get();
            slot.next_free = block->free;
            block->free = &slot;
        }
        with_room_.push_front(*block.release());
        ++blocks_;
    }

    using Blocks = boost::intrusive::list<SlotBlock, boost::intrusive::constant_time_size<false>>;
    Blocks with_room_;
    Blocks full_;
    std::size_t blocks_ = 0;
};

} // namespace arbalest::detail
