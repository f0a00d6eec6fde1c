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

void release(char* block) noexcept
{
    ::operator delete(block);
}

void copy_text(char* to, char const* from, std::size_t size) noexcept
{
    if (size != 0)
        std::memcpy(to, from, size);
}

} // namespace

Frame::Frame(std::string_view command, std::size_t reserve)
    : capacity_(rounded_up(command.size() + reserve + spare_text) + first_slots * sizeof(HeaderSlot))
{
    block_ = allocate(capacity_);
    command_length_ = put(command);
}

Frame::Frame(char const* raw_head, std::size_t head_size, std::size_t command_length, std::span<HeaderSlot const> slots,
             char const* raw_body, std::size_t body_size)
    : capacity_(rounded_up(head_size + body_size) + slots.size() * sizeof(HeaderSlot)),
      text_size_(head_size + body_size), body_offset_(head_size), body_length_(body_size),
      command_length_(static_cast<std::uint32_t>(command_length)),
      header_count_(static_cast<std::uint32_t>(slots.size()))
{
    block_ = allocate(capacity_);
    copy_text(block_, raw_head, head_size);
    copy_text(block_ + head_size, raw_body, body_size);
    std::ranges::reverse_copy(slots, slots_end() - header_count_);
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

Frame::Frame(Frame&& other) noexcept
    : block_(std::exchange(other.block_, nullptr)), capacity_(std::exchange(other.capacity_, 0)),
      text_size_(std::exchange(other.text_size_, 0)), body_offset_(std::exchange(other.body_offset_, 0)),
      body_length_(std::exchange(other.body_length_, 0)), command_length_(std::exchange(other.command_length_, 0)),
      header_count_(std::exchange(other.header_count_, 0))
{
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

Frame::~Frame()
{
    release(block_);
}

std::optional<std::string_view> Frame::header(std::string_view name) const noexcept
{
    for (std::uint32_t i = 0; i < header_count_; ++i) {
        auto const& s = slot(i);
        if (s.name_length == name.size() && std::memcmp(block_ + s.name_offset, name.data(), name.size()) == 0)
            return std::string_view(block_ + s.value_offset, s.value_length);
    }
    return std::nullopt;
}

// Makes room for `text` more bytes and `slots` more headers. Where that takes a new block, the old one is handed out in
// `replaced` and must be released by the caller once it has read its arguments, which may be views into it.
char* Frame::make_room(std::size_t text, std::size_t slots, char*& replaced)
{
    auto const used = rounded_up(text_size_ + text) + (header_count_ + slots) * sizeof(HeaderSlot);
    if (used > capacity_) {
        auto const capacity =
            std::max(rounded_up(capacity_ * 2), used + spare_text + first_slots * sizeof(HeaderSlot));
        auto* block = allocate(capacity);
        copy_text(block, block_, text_size_);
        auto* const old_slots = block_ ? slots_end() - header_count_ : nullptr;
        replaced = std::exchange(block_, block);
        capacity_ = capacity;
        if (old_slots)
            std::copy_n(old_slots, header_count_, slots_end() - header_count_);
    }
    return block_ + text_size_;
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

namespace {

struct Releaser {
    char* block = nullptr;
    ~Releaser() { release(block); }
};

} // namespace

Frame& Frame::add_header(std::string_view name, std::string_view value)
{
    Releaser replaced;
    make_room(name.size() + value.size(), 1, replaced.block);
    auto const name_offset = put(name);
    auto const value_offset = put(value);
    ++header_count_;
    slot(header_count_ - 1) = {name_offset, static_cast<std::uint32_t>(name.size()), value_offset,
                               static_cast<std::uint32_t>(value.size())};
    return *this;
}

Frame& Frame::set_header(std::string_view name, std::string_view value)
{
    std::uint32_t first = 0;
    while (first < header_count_ && headers()[first].name != name)
        ++first;
    if (first == header_count_)
        return add_header(name, value);
    Releaser replaced;
    make_room(value.size(), 0, replaced.block);
    auto const value_offset = put(value);
    slot(first).value_offset = value_offset;
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
    Releaser replaced;
    make_room(body.size(), 0, replaced.block);
    auto const offset = text_size_;
    copy_text(block_ + offset, body.data(), body.size());
    text_size_ += body.size();
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
