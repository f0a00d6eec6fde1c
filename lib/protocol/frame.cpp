#include "copy_text.hpp"
#include "equal_text.hpp"
#include "frame_block.hpp"
#include <arbalest/protocol/frame.hpp>

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

namespace arbalest {

using detail::allocate_frame_block;
using detail::copy_in_pieces;
using detail::copy_text; // source and target overlap where a header or the body is replaced by a part of itself
using detail::FrameBlock;
using detail::HeaderSlot;

namespace {

// Room for what a session may still add to a frame that the user has finished: a receipt, an id, a transaction.
constexpr std::size_t spare_text = 64;
constexpr std::size_t first_slots = 8;

// What texts of so many bytes need that are copied in pieces.
constexpr std::size_t text_room(std::size_t bytes)
{
    return detail::text_and_padding(bytes + detail::piece);
}

void give_back(FrameBlock* block) noexcept
{
    detail::release_block(block, sizeof(FrameBlock) + block->capacity);
}

void push_slot(FrameBlock& block, std::uint32_t name_offset, std::size_t name_length, std::uint32_t value_offset,
               std::size_t value_length) noexcept
{
    block.slot(block.header_count) = {name_offset, static_cast<std::uint32_t>(name_length), value_offset,
                                      static_cast<std::uint32_t>(value_length)};
    ++block.header_count;
}

void require_head_size(std::size_t size)
{
    if (size > std::numeric_limits<std::uint32_t>::max())
        throw std::length_error("arbalest::Frame: the head of a frame is limited to 4 GiB");
}

std::uint32_t put(FrameBlock& block, std::string_view text)
{
    auto const offset = block.text_size;
    require_head_size(offset + text.size());
    copy_in_pieces(block.text() + offset, text.data(), text.size());
    block.text_size += text.size();
    return static_cast<std::uint32_t>(offset);
}

void put_header(FrameBlock& block, std::string_view name, std::string_view value)
{
    auto const name_offset = block.text_size;
    auto const value_offset = name_offset + name.size();
    require_head_size(value_offset + value.size());
    copy_in_pieces(block.text() + name_offset, name.data(), name.size());
    copy_in_pieces(block.text() + value_offset, value.data(), value.size());
    block.text_size = value_offset + value.size();
    push_slot(block, static_cast<std::uint32_t>(name_offset), name.size(), static_cast<std::uint32_t>(value_offset),
              value.size());
}

std::string_view text_of(FrameBlock& block, std::uint32_t offset, std::uint32_t length) noexcept
{
    return {block.text() + offset, length};
}

std::string_view name_of(FrameBlock& block, HeaderSlot const& slot) noexcept
{
    return text_of(block, slot.name_offset, slot.name_length);
}

std::string_view value_of(FrameBlock& block, HeaderSlot const& slot) noexcept
{
    return text_of(block, slot.value_offset, slot.value_length);
}

/// Gives a block back when the last view into it has been read.
struct Replaced
{
    Replaced() noexcept = default;
    Replaced(Replaced const&) = delete;
    Replaced& operator=(Replaced const&) = delete;
    ~Replaced()
    {
        if (block)
            give_back(block);
    }

    FrameBlock* block = nullptr;
};

bool has_room(FrameBlock const& block, std::size_t text, std::size_t slots) noexcept
{
    return text_room(block.text_size + text) + (block.header_count + slots) * sizeof(HeaderSlot) <= block.capacity;
}

// Makes room for `text` more bytes and `slots` more headers. Where that takes a new block, only what is still in use
// moves there, so that a frame which is changed over and over does not grow without end. The old block is handed out in
// `replaced` and must be released by the caller once it has read its arguments, which may be views into it.
void make_room(FrameBlock*& block, std::size_t text, std::size_t slots, Replaced& replaced)
{
    if (!block) {
        block = allocate_frame_block(text_room(text + spare_text) + (first_slots + slots) * sizeof(HeaderSlot));
        return;
    }
    if (has_room(*block, text, slots))
        return;
    auto& old = *block;
    std::size_t in_use = old.command_length + old.body_length;
    for (std::uint32_t i = 0; i < old.header_count; ++i)
        in_use += old.slot(i).name_length + old.slot(i).value_length;
    auto const needed = text_room(in_use + text) + (old.header_count + slots) * sizeof(HeaderSlot);
    Replaced unfinished;
    unfinished.block = allocate_frame_block(std::max(2 * (text_room(in_use) + old.header_count * sizeof(HeaderSlot)),
                                                     needed + spare_text + first_slots * sizeof(HeaderSlot)));
    auto& larger = *unfinished.block;
    put(larger, text_of(old, 0, old.command_length));
    larger.command_length = old.command_length;
    for (std::uint32_t i = 0; i < old.header_count; ++i) {
        auto const& slot = old.slot(i);
        put_header(larger, name_of(old, slot), value_of(old, slot));
    }
    copy_text(larger.text() + larger.text_size, old.text() + old.body_offset, old.body_length);
    larger.body_offset = larger.text_size;
    larger.body_length = old.body_length;
    larger.text_size += old.body_length;
    replaced.block = std::exchange(block, std::exchange(unfinished.block, nullptr));
}

} // namespace

Frame::Frame(std::string_view command, std::size_t reserve) : Frame() // so that the destructor runs if this throws
{
    block_ = allocate_frame_block(text_room(command.size() + reserve + spare_text) + first_slots * sizeof(HeaderSlot));
    put(*block_, command);
    block_->command_length = static_cast<std::uint32_t>(command.size());
}

Frame::Frame(std::string_view command, Header const& header, std::string_view body)
{
    auto const head = command.size() + header.name.size() + header.value.size();
    require_head_size(head);
    block_ = allocate_frame_block(text_room(head + body.size() + 2 * spare_text) + first_slots * sizeof(HeaderSlot),
                                  {.capacity = 0,
                                   .text_size = command.size(),
                                   .body_offset = head,
                                   .body_length = body.size(),
                                   .command_length = static_cast<std::uint32_t>(command.size()),
                                   .header_count = 0});
    copy_in_pieces(block_->text(), command.data(), command.size());
    put_header(*block_, header.name, header.value);
    auto* const to = block_->text() + head;
    if (body.size() <= detail::worth_pieces)
        copy_in_pieces(to, body.data(), body.size());
    else
        copy_text(to, body.data(), body.size());
    block_->text_size += body.size();
}

void Frame::give_back(FrameBlock* block) noexcept
{
    arbalest::give_back(block);
}

Frame::Frame(Frame const& other)
{
    if (!other.block_)
        return;
    auto& from = *other.block_;
    block_ = allocate_frame_block(from.capacity);
    *block_ = from;
    copy_text(block_->text(), from.text(), from.text_size);
    std::copy_n(from.slots_end() - from.header_count, from.header_count, block_->slots_end() - from.header_count);
}

Frame& Frame::operator=(Frame const& other)
{
    if (this != &other)
        *this = Frame(other);
    return *this;
}

std::optional<std::string_view> Frame::header(std::string_view name) const noexcept
{
    if (!block_)
        return std::nullopt;
    for (std::uint32_t i = 0; i < block_->header_count; ++i) {
        auto const& slot = block_->slot(i);
        if (detail::equal_text(name_of(*block_, slot), name))
            return value_of(*block_, slot);
    }
    return std::nullopt;
}

Frame& Frame::add_header(std::string_view name, std::string_view value)
{
    Replaced replaced;
    if (!block_ || !has_room(*block_, name.size() + value.size(), 1))
        make_room(block_, name.size() + value.size(), 1, replaced);
    put_header(*block_, name, value);
    return *this;
}

Frame& Frame::set_header(std::string_view name, std::string_view value)
{
    auto const count = block_ ? block_->header_count : 0;
    std::uint32_t first = 0;
    while (first < count && name_of(*block_, block_->slot(first)) != name)
        ++first;
    if (first == count)
        return add_header(name, value);
    Replaced replaced;
    if (value.size() <= block_->slot(first).value_length) {
        copy_text(block_->text() + block_->slot(first).value_offset, value.data(), value.size());
    } else {
        make_room(block_, value.size(), 0, replaced);
        block_->slot(first).value_offset = put(*block_, value);
    }
    auto& changed = block_->slot(first);
    changed.value_length = static_cast<std::uint32_t>(value.size());
    auto kept = first + 1;
    for (auto i = kept; i < count; ++i) {
        if (name_of(*block_, block_->slot(i)) != name_of(*block_, changed))
            block_->slot(kept++) = block_->slot(i);
    }
    block_->header_count = kept;
    return *this;
}

std::size_t Frame::remove_header(std::string_view name) noexcept
{
    if (!block_)
        return 0;
    auto const count = block_->header_count;
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (name_of(*block_, block_->slot(i)) != name)
            block_->slot(kept++) = block_->slot(i);
    }
    block_->header_count = kept;
    return count - kept;
}

Frame& Frame::set_body(std::string_view body)
{
    Replaced replaced;
    if (!block_)
        make_room(block_, body.size(), 0, replaced);
    // Where the old body stands last, the new one takes its place if it fits in there.
    bool const is_last = block_->body_offset + block_->body_length == block_->text_size;
    auto offset = is_last ? block_->body_offset : block_->text_size;
    if (body.size() > block_->capacity - block_->header_count * sizeof(HeaderSlot) - offset) {
        make_room(block_, body.size(), 0, replaced);
        offset = block_->text_size;
    }
    copy_text(block_->text() + offset, body.data(), body.size());
    block_->text_size = offset + body.size();
    block_->body_offset = offset;
    block_->body_length = body.size();
    return *this;
}

Frame& Frame::set_command(std::string_view command)
{
    // The command stands at the very front, so a longer one means laying the block out anew.
    Frame changed(command, block_ ? block_->text_size : 0);
    for (auto const header : headers())
        changed.add_header(header.name, header.value);
    changed.set_body(body());
    *this = std::move(changed);
    return *this;
}

bool operator==(Frame const& a, Frame const& b) noexcept
{
    auto const left = a.headers();
    auto const right = b.headers();
    return a.command() == b.command() && a.body() == b.body() &&
           std::equal(left.begin(), left.end(), right.begin(), right.end());
}

} // namespace arbalest
