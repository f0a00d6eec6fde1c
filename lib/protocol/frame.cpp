#include <arbalest/protocol/frame.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>

namespace arbalest {

using detail::HeaderSlot;

namespace {

// Room for what a session may still add to a frame that the user has finished: a receipt, an id, a transaction.
constexpr std::size_t spare_text = 64;
constexpr std::size_t first_slots = 8;

constexpr std::size_t rounded_up(std::size_t bytes)
{
    return (bytes + sizeof(HeaderSlot) - 1) / sizeof(HeaderSlot) * sizeof(HeaderSlot);
}

char* allocate(std::size_t bytes)
{
    return static_cast<char*>(::operator new(bytes));
}

// Source and target may overlap: a header or the body can be replaced by a part of itself.
void copy_text(char* to, char const* from, std::size_t size) noexcept
{
    if (size != 0)
        std::memmove(to, from, size);
}

} // namespace

Frame::Frame(std::string_view command, std::size_t reserve) : Frame()
{
    capacity_ = rounded_up(command.size() + reserve + spare_text) + first_slots * sizeof(HeaderSlot);
    block_ = allocate(capacity_);
    put(command);
    command_length_ = static_cast<std::uint32_t>(command.size());
}

Frame::Frame(std::string_view raw, std::size_t head_size, std::size_t command_length, std::span<HeaderSlot const> slots)
    : capacity_(rounded_up(raw.size()) + slots.size() * sizeof(HeaderSlot)), text_size_(raw.size()),
      body_offset_(head_size), body_length_(raw.size() - head_size),
      command_length_(static_cast<std::uint32_t>(command_length)),
      header_count_(static_cast<std::uint32_t>(slots.size()))
{
    block_ = allocate(capacity_);
    copy_text(block_, raw.data(), raw.size());
    std::ranges::reverse_copy(slots, slots_end() - header_count_);
}

void Frame::release(char* block) noexcept
{
    ::operator delete(block);
}

Frame::Frame(Frame const& other)
    : capacity_(other.capacity_), text_size_(other.text_size_), body_offset_(other.body_offset_),
      body_length_(other.body_length_), command_length_(other.command_length_), header_count_(other.header_count_)
{
    if (other.block_) {
        block_ = allocate(capacity_);
        copy_text(block_, other.block_, text_size_);
        std::copy_n(other.slots_end() - header_count_, header_count_, slots_end() - header_count_);
    }
}

Frame& Frame::operator=(Frame const& other)
{
    if (this != &other)
        *this = Frame(other);
    return *this;
}

Frame& Frame::operator=(Frame&& other) noexcept
{
    if (this != &other) {
        if (block_)
            release(block_);
        block_ = std::exchange(other.block_, nullptr);
        capacity_ = std::exchange(other.capacity_, 0);
        text_size_ = std::exchange(other.text_size_, 0);
        body_offset_ = std::exchange(other.body_offset_, 0);
        body_length_ = std::exchange(other.body_length_, 0);
        command_length_ = std::exchange(other.command_length_, 0);
        header_count_ = std::exchange(other.header_count_, 0);
    }
    return *this;
}

std::optional<std::string_view> Frame::header(std::string_view name) const noexcept
{
    for (std::uint32_t i = 0; i < header_count_; ++i) {
        auto const& s = slot(i);
        if (std::string_view(block_ + s.name_offset, s.name_length) == name)
            return std::string_view(block_ + s.value_offset, s.value_length);
    }
    return std::nullopt;
}

// Makes room for `text` more bytes and `slots` more headers. Where that takes a new block, only what is still in use
// moves there, so that a frame which is changed over and over does not grow without end. The old block is handed out in
// `replaced` and must be released by the caller once it has read its arguments, which may be views into it.
void Frame::make_room(std::size_t text, std::size_t slots, char*& replaced)
{
    if (rounded_up(text_size_ + text) + (header_count_ + slots) * sizeof(HeaderSlot) <= capacity_)
        return;
    auto in_use = command_length_ + body_length_;
    for (auto const header : headers())
        in_use += header.name.size() + header.value.size();
    auto const needed = rounded_up(in_use + text) + (header_count_ + slots) * sizeof(HeaderSlot);
    Frame larger;
    larger.capacity_ = std::max(2 * (rounded_up(in_use) + header_count_ * sizeof(HeaderSlot)),
                                needed + spare_text + first_slots * sizeof(HeaderSlot));
    larger.block_ = allocate(larger.capacity_);
    larger.put(command());
    for (auto const header : headers())
        larger.push_slot(larger.put(header.name), header.name.size(), larger.put(header.value), header.value.size());
    copy_text(larger.block_ + larger.text_size_, block_ + body_offset_, body_length_);
    body_offset_ = larger.text_size_;
    text_size_ = larger.text_size_ + body_length_;
    capacity_ = larger.capacity_;
    replaced = std::exchange(block_, std::exchange(larger.block_, nullptr));
}

void Frame::push_slot(std::uint32_t name_offset, std::size_t name_length, std::uint32_t value_offset,
                      std::size_t value_length) noexcept
{
    slot(header_count_) = {name_offset, static_cast<std::uint32_t>(name_length), value_offset,
                           static_cast<std::uint32_t>(value_length)};
    ++header_count_;
}

std::uint32_t Frame::put(std::string_view text)
{
    auto const offset = text_size_;
    if (offset + text.size() > std::numeric_limits<std::uint32_t>::max())
        throw std::length_error("arbalest::Frame: the head of a frame is limited to 4 GiB");
    copy_text(block_ + offset, text.data(), text.size());
    text_size_ += text.size();
    return static_cast<std::uint32_t>(offset);
}

/// Gives a block back when the last view into it has been read.
struct Frame::Replaced
{
    char* block = nullptr;
    ~Replaced()
    {
        if (block)
            release(block);
    }
};

Frame& Frame::add_header(std::string_view name, std::string_view value)
{
    Replaced replaced;
    make_room(name.size() + value.size(), 1, replaced.block);
    auto const name_offset = put(name);
    auto const value_offset = put(value);
    push_slot(name_offset, name.size(), value_offset, value.size());
    return *this;
}

Frame& Frame::set_header(std::string_view name, std::string_view value)
{
    std::uint32_t first = 0;
    while (first < header_count_ && headers()[first].name != name)
        ++first;
    if (first == header_count_)
        return add_header(name, value);
    Replaced replaced;
    if (value.size() <= slot(first).value_length) {
        copy_text(block_ + slot(first).value_offset, value.data(), value.size());
    } else {
        make_room(value.size(), 0, replaced.block);
        slot(first).value_offset = put(value);
    }
    slot(first).value_length = static_cast<std::uint32_t>(value.size());
    auto kept = first + 1;
    auto const all = headers();
    auto const first_name = all[first].name;
    for (auto i = kept; i < header_count_; ++i) {
        if (all[i].name != first_name)
            slot(kept++) = slot(i);
    }
    header_count_ = kept;
    return *this;
}

std::size_t Frame::remove_header(std::string_view name) noexcept
{
    std::uint32_t kept = 0;
    auto const all = headers();
    for (std::uint32_t i = 0; i < header_count_; ++i) {
        if (all[i].name != name)
            slot(kept++) = slot(i);
    }
    auto const removed = header_count_ - kept;
    header_count_ = kept;
    return removed;
}

Frame& Frame::set_body(std::string_view body)
{
    Replaced replaced;
    // Where the old body stands last, the new one takes its place if it fits in there.
    auto offset = body_offset_ + body_length_ == text_size_ ? body_offset_ : text_size_;
    if (body.size() > capacity_ - header_count_ * sizeof(HeaderSlot) - offset) {
        make_room(body.size(), 0, replaced.block);
        offset = text_size_;
    }
    copy_text(block_ + offset, body.data(), body.size());
    text_size_ = offset + body.size();
    body_offset_ = offset;
    body_length_ = body.size();
    return *this;
}

Frame& Frame::set_command(std::string_view command)
{
    // The command stands at the very front, so a longer one means laying the block out anew.
    Frame changed(command, text_size_);
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
