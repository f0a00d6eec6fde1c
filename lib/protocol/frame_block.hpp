#pragma once

#include "block_cache.hpp"
#include "copy_text.hpp"
#include <arbalest/protocol/frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>

// Making the blocks that frames consist of.
namespace arbalest::detail {

/// So many bytes of text, such that slots may stand behind them.
constexpr std::size_t text_and_padding(std::size_t bytes) noexcept
{
    return (bytes + sizeof(HeaderSlot) - 1) / sizeof(HeaderSlot) * sizeof(HeaderSlot);
}

/// A block of at least that capacity, with what is known of its content.
inline FrameBlock* allocate_frame_block(std::size_t capacity, FrameBlock content = {})
{
    auto const size = block_size(sizeof(FrameBlock) + capacity);
    content.capacity = size - sizeof(FrameBlock);
    return ::new (allocate_block(size)) FrameBlock(content);
}

/// A block of raw text: a head with the headers in `slots`, the last one first, and behind it the body.
inline FrameBlock* make_frame_block(std::string_view raw, std::size_t head_size, std::size_t command_length,
                                    std::span<HeaderSlot const> slots)
{
    auto* const block = allocate_frame_block(text_and_padding(raw.size()) + slots.size_bytes(),
                                             {.capacity = 0,
                                              .text_size = raw.size(),
                                              .body_offset = head_size,
                                              .body_length = raw.size() - head_size,
                                              .command_length = static_cast<std::uint32_t>(command_length),
                                              .header_count = static_cast<std::uint32_t>(slots.size())});
    copy_text(block->text(), raw.data(), raw.size());
    std::ranges::copy(slots, block->slots_end() - slots.size());
    return block;
}

} // namespace arbalest::detail
