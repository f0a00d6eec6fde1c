#pragma once

#include <arbalest/export.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace arbalest {

/// One header of a frame, unescaped. The views belong to the frame.
struct Header
{
    std::string_view name;  ///< Unescaped.
    std::string_view value; ///< Unescaped.

    friend bool operator==(Header const&, Header const&) = default;
};

namespace detail {

class HeadText;

/// Where one header stands in its frame's store.
struct HeaderSlot
{
    std::uint32_t name_offset;
    std::uint32_t name_length;
    std::uint32_t value_offset;
    std::uint32_t value_length;
};

/// What a frame owns, in one piece of memory: this, behind it the texts, and from the end downwards the slots of the
/// headers.
struct FrameBlock
{
    std::size_t capacity;  // of texts and slots together
    std::size_t text_size; // bytes used at the front
    std::size_t body_offset;
    std::size_t body_length;
    std::uint32_t command_length;
    std::uint32_t header_count;

    char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
    HeaderSlot* slots_end() noexcept { return reinterpret_cast<HeaderSlot*>(text() + capacity); }
    HeaderSlot& slot(std::size_t position) noexcept
    {
        return *(slots_end() - 1 - static_cast<std::ptrdiff_t>(position));
    }
};

} // namespace detail

/// The headers of a frame in the order in which they were added or received, repeated ones included. A view: valid
/// until the frame is changed or destroyed.
class HeaderList
{
public:
    class iterator
    {
    public:
        using iterator_category = std::input_iterator_tag;
        using iterator_concept = std::forward_iterator_tag;
        using value_type = Header;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = Header;

        iterator() noexcept = default;
        Header operator*() const noexcept
        {
            return {{text_ + slot_->name_offset, slot_->name_length},
                    {text_ + slot_->value_offset, slot_->value_length}};
        }
        iterator& operator++() noexcept
        {
            --slot_;
            return *this;
        }
        iterator operator++(int) noexcept
        {
            auto old = *this;
            --slot_;
            return old;
        }
        friend bool operator==(iterator const& a, iterator const& b) noexcept { return a.slot_ == b.slot_; }

    private:
        friend class HeaderList;
        iterator(char const* text, detail::HeaderSlot const* slot) noexcept : text_(text), slot_(slot) {}

        char const* text_ = nullptr;
        detail::HeaderSlot const* slot_ = nullptr;
    };

    HeaderList() noexcept = default;
    iterator begin() const noexcept { return {text_, slots_end_ - 1}; }        ///< The first header.
    iterator end() const noexcept { return {text_, slots_end_ - 1 - count_}; } ///< Behind the last header.
    std::size_t size() const noexcept { return count_; }                       ///< How many there are.
    bool empty() const noexcept { return count_ == 0; }                        ///< Whether there are none.
    /// The header at a position below size(), counted from 0.
    Header operator[](std::size_t position) const noexcept
    {
        return *iterator(text_, slots_end_ - 1 - static_cast<std::ptrdiff_t>(position));
    }

private:
    friend class Frame;
    HeaderList(char const* text, detail::HeaderSlot const* slots_end, std::uint32_t count) noexcept
        : text_(text), slots_end_(slots_end), count_(count)
    {
    }

    // Slots are stored from the end of the block downwards: header i is slots_end_[-1 - i]. An empty frame has no
    // block; it points to a slot of its own so that the arithmetic above stays defined.
    static constexpr detail::HeaderSlot none[1] = {};
    char const* text_ = nullptr;
    detail::HeaderSlot const* slots_end_ = none + 1;
    std::ptrdiff_t count_ = 0;
};

/// A STOMP frame: a command, ordered headers that may repeat, and a body (STOMP 1.2, "STOMP Frames").
///
/// Everything is held in one contiguous block. Looking up a header copies nothing. The content is plain, that is
/// unescaped; escaping is the business of encode() and FrameDecoder. A Frame has value semantics: copying copies the
/// block, a moved-from frame is empty.
class ARBALEST_DECL Frame
{
public:
    /// An empty frame: no command, no headers, no body.
    Frame() noexcept = default;

    /// A frame with a command.
    /// @param command for instance "SEND"; copied.
    /// @param reserve bytes to set aside for headers and body, so that adding them does not allocate again.
    explicit Frame(std::string_view command, std::size_t reserve = 0);

    /// A frame with a command, one header and a body: the same as adding them one after the other, but faster. There is
    /// room for a few short headers more.
    Frame(std::string_view command, Header const& header, std::string_view body);

    Frame(Frame const& other); ///< Copies the block.
    // Moving is inline, and no more than a pointer, because a message is moved several times on its way to whoever
    // takes it.
    Frame(Frame&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    Frame& operator=(Frame const& other);
    Frame& operator=(Frame&& other) noexcept
    {
        if (this != &other)
            release(std::exchange(block_, std::exchange(other.block_, nullptr)));
        return *this;
    }
    ~Frame() { release(block_); }

    std::string_view command() const noexcept
    {
        return block_ ? std::string_view(block_->text(), block_->command_length) : std::string_view();
    }
    bool empty() const noexcept { return !block_ || block_->command_length == 0; }

    HeaderList headers() const noexcept
    {
        return block_ ? HeaderList(block_->text(), block_->slots_end(), block_->header_count) : HeaderList();
    }

    /// The value of the first header of that name: the first of a repeated header wins (STOMP 1.2, "Repeated Header
    /// Entries"). Returns nullopt when there is none. Names are compared byte by byte.
    std::optional<std::string_view> header(std::string_view name) const noexcept;
    bool has_header(std::string_view name) const noexcept { return header(name).has_value(); }

    std::string_view body() const noexcept
    {
        return block_ ? std::string_view(block_->text() + block_->body_offset, block_->body_length)
                      : std::string_view();
    }

    /// Appends a header behind those that are there, also behind one of the same name (which goes on winning).
    /// The arguments may be views into this very frame. Throws std::length_error when the head passes 4 GiB.
    Frame& add_header(std::string_view name, std::string_view value);

    /// Gives the header this value: the first of that name is replaced in its place, further ones are removed; when
    /// there is none, the header is appended.
    Frame& set_header(std::string_view name, std::string_view value);

    /// Removes every header of that name and returns how many there were.
    std::size_t remove_header(std::string_view name) noexcept;

    /// Replaces the body.
    Frame& set_body(std::string_view body);

    /// Replaces the command.
    Frame& set_command(std::string_view command);

    /// The bytes that the frame occupies on the heap.
    std::size_t memory() const noexcept { return block_ ? sizeof(detail::FrameBlock) + block_->capacity : 0; }

    /// Equal command, headers (in order) and body.
    friend ARBALEST_DECL bool operator==(Frame const& a, Frame const& b) noexcept;

private:
    friend class FrameDecoder;
    friend class detail::HeadText;

    explicit Frame(detail::FrameBlock* block) noexcept : block_(block) {}
    static void release(detail::FrameBlock* block) noexcept
    {
        if (block)
            give_back(block);
    }
    static void give_back(detail::FrameBlock* block) noexcept;

    detail::FrameBlock* block_ = nullptr;
};

} // namespace arbalest
