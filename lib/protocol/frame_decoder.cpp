#include "escape.hpp"
#include "frame_block.hpp"
#include "plain_text.hpp"
#include "simd_head.hpp"
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

namespace arbalest {

namespace {

constexpr std::size_t smallest_buffer = 512;

char const* find_byte(char const* from, char const* to, char byte) noexcept
{
    if (from == to)
        return nullptr;
    return static_cast<char const*>(std::memchr(from, byte, static_cast<std::size_t>(to - from)));
}

// How a RECEIPT begins and ends that has no other header.
constexpr std::string_view bare_receipt = "RECEIPT\nreceipt-id:";
constexpr std::string_view end_of_bare_receipt("\n\n\0", 3);

// Of few digits, so that nothing overflows.
bool parse_short_number(std::string_view digits, std::size_t& number) noexcept
{
    if (digits.empty() || digits.size() > 9)
        return false;
    number = 0;
    for (char const digit : digits) {
        if (digit < '0' || digit > '9')
            return false;
        number = number * 10 + static_cast<std::size_t>(digit - '0');
    }
    return true;
}

bool has_leading_space(std::string_view text, std::span<detail::HeaderSlot const> slots) noexcept
{
    return std::ranges::any_of(slots, [text](detail::HeaderSlot const& slot) {
        return slot.value_length != 0 && text[slot.value_offset] == ' ';
    });
}

} // namespace

FrameDecoder::FrameDecoder(Limits const& limits) : limits_(limits) {}
FrameDecoder::FrameDecoder(FrameDecoder&&) noexcept = default;
FrameDecoder& FrameDecoder::operator=(FrameDecoder&&) noexcept = default;
FrameDecoder::~FrameDecoder() = default;

std::span<char> FrameDecoder::prepare(std::size_t size)
{
    if (begin_ == end_) {
        consumed_ += begin_;
        begin_ = end_ = 0;
    }
    if (capacity_ - end_ < size) {
        auto const used = end_ - begin_;
        if (capacity_ - used >= size && begin_ >= used) {
            // Enough room in front, and moving costs no more than what has been consumed since the last move.
            std::memmove(buffer_.get(), buffer_.get() + begin_, used);
        } else {
            auto const capacity = std::max({used + size, used * 2, smallest_buffer});
            auto larger = std::unique_ptr<char[]>(new char[capacity]); // not make_unique, which would zero it
            if (used != 0)
                std::memcpy(larger.get(), buffer_.get() + begin_, used);
            buffer_ = std::move(larger);
            capacity_ = capacity;
        }
        consumed_ += begin_;
        begin_ = 0;
        end_ = used;
    }
    return {buffer_.get() + end_, capacity_ - end_};
}

void FrameDecoder::feed(std::string_view bytes)
{
    if (bytes.empty())
        return;
    auto const room = prepare(bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    commit(bytes.size());
}

void FrameDecoder::release_if_empty() noexcept
{
    if (begin_ != end_)
        return;
    consumed_ += begin_;
    begin_ = end_ = capacity_ = 0;
    buffer_.reset();
    slots_ = std::vector<detail::HeaderSlot>(); // assigning {} would keep the memory
    simd_head_.reset();
}

void FrameDecoder::fail(std::string_view reason, std::size_t position)
{
    failure_ = reason;
    failure_offset_ = offset() + position;
    phase_ = Phase::failed;
    throw MalformedFrame(failure_, failure_offset_);
}

// Consumes line ends up to the first byte of a frame. Returns false when there is none yet.
inline bool FrameDecoder::skip_line_ends()
{
    for (;;) {
        if (begin_ == end_)
            return false;
        auto const byte = buffer_[begin_];
        std::size_t size = 1;
        if (byte == '\r') {
            if (end_ - begin_ < 2)
                return false;
            if (buffer_[begin_ + 1] != '\n')
                fail("a carriage return without a line feed between frames", 0);
            size = 2;
        } else if (byte != '\n') {
            if (behind_frame_)
                frames_end_bare_ = true;
            break;
        }
        begin_ += size;
        if (!behind_frame_ || frames_end_bare_)
            ++heart_beats_;
        behind_frame_ = false;
    }
    behind_frame_ = false;
    phase_ = Phase::head;
    line_ = scanned_ = 0;
    has_command_ = false;
    slots_.clear();
    return true;
}

// Takes a complete frame whose head the SIMD parser accepts, without escapes. Otherwise returns nullptr with nothing
// done, and scan_head() decides.
[[gnu::always_inline]] inline detail::FrameBlock* FrameDecoder::take_whole_frame()
{
    auto const text = std::string_view(buffer_.get() + begin_, end_ - begin_);
    if (!simd_head_) {
        simd_head_ = std::make_unique<detail::SimdHead>(detail::SimdHead::Bounds{
            .header_line = limits_.header_line, .headers = limits_.headers, .frame = limits_.frame});
    }
    auto& head = *simd_head_;
    if (!head.parse(text) || head.may_have_escapes() ||
        (version_ == StompVersion::v1_0 && has_leading_space(text, head.slots())))
        return nullptr;
    auto const rest = text.substr(head.body());
    std::size_t body_size = 0;
    if (auto const* const length = head.content_length()) {
        auto const digits = text.substr(length->value_offset, length->value_length);
        if (!parse_short_number(digits, body_size) || body_size >= rest.size() || rest[body_size] != '\0')
            return nullptr;
    } else {
        body_size = rest.find('\0');
        if (body_size == rest.npos)
            return nullptr;
    }
    auto const size = head.body() + body_size;
    if (body_size > limits_.body || size >= limits_.frame)
        return nullptr;
    auto* const block = detail::make_frame_block({text.data(), size}, head.body(), head.command_length, head.slots());
    end_frame(size);
    return block;
}

std::optional<Frame> FrameDecoder::next()
{
    if (phase_ == Phase::failed)
        throw MalformedFrame(failure_, failure_offset_);
    if (phase_ == Phase::between && !skip_line_ends())
        return std::nullopt;
    if (detail::SimdHead::is_enabled && phase_ == Phase::head && scanned_ == 0) {
        if (auto* const block = take_whole_frame())
            return Frame(block);
    }
    if (phase_ == Phase::head && !scan_head())
        return std::nullopt;
    return take_body();
}

// After the head was parsed.
std::optional<Frame> FrameDecoder::take_body()
{
    auto const* const frame = buffer_.get() + begin_;
    auto const available = end_ - begin_;
    if (phase_ == Phase::sized_body) {
        auto const closing = body_ + body_size_;
        if (available <= closing)
            return std::nullopt;
        // Some brokers count the NUL of an ERROR.
        if (frame[closing] != '\0' && body_size_ != 0 && frame[closing - 1] == '\0' && is_error())
            return take_frame(body_size_ - 1);
        if (frame[closing] != '\0')
            fail("no NUL behind a body of the length that content-length gives", closing);
        return take_frame(body_size_);
    }
    auto const* const nul = find_byte(frame + scanned_, frame + available, '\0');
    scanned_ = nul ? static_cast<std::size_t>(nul - frame) : available;
    check_sizes(scanned_ - body_, body_);
    if (!nul)
        return std::nullopt;
    return take_frame(scanned_ - body_);
}

std::optional<Frame> FrameDecoder::take_unfinished_error()
{
    if ((phase_ != Phase::sized_body && phase_ != Phase::unsized_body) || !is_error())
        return std::nullopt;
    auto const available = end_ - begin_ - body_;
    auto size = phase_ == Phase::sized_body ? std::min(available, body_size_) : available;
    if (size != 0 && buffer_[begin_ + body_ + size - 1] == '\0')
        --size;
    auto frame = take_frame(size);
    begin_ = end_; // nothing follows
    return frame;
}

std::string_view FrameDecoder::peek_receipt()
{
    if (phase_ == Phase::between)
        skip_line_ends();
    if (phase_ != Phase::head || scanned_ != 0)
        return {};
    auto const text = std::string_view(buffer_.get() + begin_, end_ - begin_);
    if (!text.starts_with(bare_receipt))
        return {};
    auto const rest = text.substr(bare_receipt.size());
    auto const size = detail::plain_size(rest);
    auto const whole = bare_receipt.size() + size + end_of_bare_receipt.size();
    if (!rest.substr(size).starts_with(end_of_bare_receipt) || limits_.headers == 0 ||
        whole > std::min(limits_.header_line, limits_.frame))
        return {};
    return rest.substr(0, size);
}

void FrameDecoder::take_receipt(std::string_view id) noexcept
{
    end_frame(bare_receipt.size() + id.size() + end_of_bare_receipt.size() - 1);
}

// Parses the lines received so far. Returns true when the head is complete.
bool FrameDecoder::scan_head()
{
    auto const* const frame = buffer_.get() + begin_;
    auto const available = end_ - begin_;
    for (;;) {
        auto const* const line_feed = find_byte(frame + scanned_, frame + available, '\n');
        auto const line_end = line_feed ? static_cast<std::size_t>(line_feed - frame) : available;
        // A carriage return at the very end of what came may turn out to be part of the line end, too.
        auto text_end = line_end;
        if (text_end > line_ && frame[text_end - 1] == '\r' && accepts_carriage_return())
            --text_end;
        // Checked in the order in which the bytes stand, so that the verdict does not depend on the cuts.
        auto const longest = std::min(limits_.header_line, limits_.frame - std::min(limits_.frame, line_));
        auto const checked_end = text_end - line_ > longest ? line_ + longest : text_end;
        auto const unchecked = std::min(scanned_, checked_end);
        if (!has_command_) {
            for (auto i = unchecked; i < checked_end; ++i) {
                if (frame[i] < '!' || frame[i] > '~' || frame[i] == ':')
                    fail("bytes that are no STOMP command", i);
            }
        } else if (auto const* const nul = find_byte(frame + unchecked, frame + checked_end, '\0')) {
            fail("a NUL in a header", static_cast<std::size_t>(nul - frame));
        }
        if (checked_end < text_end) {
            fail(longest == limits_.header_line ? "a line over the limit for headers" : "a frame over the size limit",
                 checked_end);
        }
        if (!line_feed) {
            scanned_ = text_end;
            return false;
        }
        auto const next_line = line_end + 1;
        if (!has_command_) {
            add_command(line_, text_end);
        } else if (text_end == line_) {
            body_ = next_line;
            finish_head(find_byte(frame, frame + body_, '\\') != nullptr);
            return true;
        } else {
            add_header(line_, text_end);
        }
        line_ = scanned_ = next_line;
    }
}

void FrameDecoder::add_command(std::size_t begin, std::size_t end)
{
    command_length_ = end - begin;
    has_command_ = true;
    literal_ = detail::is_handshake_command({buffer_.get() + begin_, end});
}

void FrameDecoder::add_header(std::size_t begin, std::size_t end)
{
    auto const* const frame = buffer_.get() + begin_;
    if (end > std::numeric_limits<std::uint32_t>::max())
        fail("a head over 4 GiB", begin);
    auto const* const colon = find_byte(frame + begin, frame + end, ':');
    if (!colon) {
        // ActiveMQ writes a line feed of a header's value as it is, for want of an escape in 1.0.
        if (version_ == StompVersion::v1_0 && !slots_.empty()) {
            if (end - slots_.back().name_offset > limits_.header_line)
                fail("a line over the limit for headers", slots_.back().name_offset + limits_.header_line);
            slots_.back().value_length = static_cast<std::uint32_t>(end) - slots_.back().value_offset;
            return;
        }
        fail("a header without a colon", begin);
    }
    auto const name_end = static_cast<std::size_t>(colon - frame);
    if (name_end == begin)
        fail("a header without a name", begin);
    if (slots_.size() == limits_.headers)
        fail("more headers than the limit allows", begin);
    slots_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(name_end - begin),
                      static_cast<std::uint32_t>(name_end + 1), static_cast<std::uint32_t>(end - name_end - 1)});
}

// The head is complete: find out where the body ends, and refuse bad escapes before anything is allocated.
void FrameDecoder::finish_head(bool may_have_escapes)
{
    auto const* const frame = buffer_.get() + begin_;
    escaped_ = may_have_escapes && version_ != StompVersion::v1_0 && !literal_;
    if (escaped_ && version_) {
        for (auto const& slot : slots_) {
            for (auto const& [offset, length] :
                 {std::pair(slot.name_offset, slot.name_length), std::pair(slot.value_offset, slot.value_length)}) {
                if (auto const bad = detail::find_undefined_escape({frame + offset, length}))
                    fail("an undefined escape in a header", offset + *bad);
            }
        }
    }
    bool const is_first_version = is_1_0();
    if (is_first_version)
        strip_leading_spaces();
    phase_ = Phase::unsized_body;
    body_size_ = 0;
    scanned_ = body_;
    auto const length = find_slot("content-length");
    if (length == slots_.end())
        return;
    auto const* const first = frame + length->value_offset;
    auto const* last = first + length->value_length;
    while (is_first_version && last != first && last[-1] == ' ')
        --last;
    auto const [end, error] = std::from_chars(first, last, body_size_);
    if (error == std::errc::result_out_of_range)
        fail("a content-length beyond all numbers", length->value_offset);
    if (error != std::errc() || end != last)
        fail("a content-length that is no number", length->value_offset);
    check_sizes(body_size_, length->value_offset);
    phase_ = Phase::sized_body;
}

std::vector<detail::HeaderSlot>::iterator FrameDecoder::find_slot(std::string_view name)
{
    auto const* const frame = buffer_.get() + begin_;
    return std::ranges::find_if(slots_, [=](detail::HeaderSlot const& slot) {
        return std::string_view(frame + slot.name_offset, slot.name_length) == name;
    });
}

bool FrameDecoder::is_error() const noexcept
{
    return std::string_view(buffer_.get() + begin_, command_length_) == "ERROR";
}

// Whether the frame whose head is complete is one of STOMP 1.0, as far as is known.
bool FrameDecoder::is_1_0()
{
    if (version_ || !literal_)
        return version_ == StompVersion::v1_0;
    bool const is_answer = std::string_view(buffer_.get() + begin_, command_length_) == "CONNECTED";
    return find_slot(is_answer ? "version" : "accept-version") == slots_.end();
}

void FrameDecoder::strip_leading_spaces() noexcept
{
    auto const* const frame = buffer_.get() + begin_;
    for (auto& slot : slots_) {
        while (slot.value_length != 0 && frame[slot.value_offset] == ' ') {
            ++slot.value_offset;
            --slot.value_length;
        }
    }
}

void FrameDecoder::check_sizes(std::size_t body_size, std::size_t at)
{
    auto const head = body_ + 1; // and the closing NUL
    if (head > limits_.frame)
        fail("a frame over the size limit", at);
    // Of both limits the tighter one is named: a body of unknown size passes that one first, however it is cut.
    auto const room = limits_.frame - head;
    if (body_size > std::min(limits_.body, room))
        fail(limits_.body <= room ? "a body over the size limit" : "a frame over the size limit", at);
}

Frame FrameDecoder::take_frame(std::size_t body_size)
{
    auto const* const text = buffer_.get() + begin_;
    std::ranges::reverse(slots_);
    Frame frame(detail::make_frame_block({text, body_ + body_size}, body_, command_length_, slots_));
    if (escaped_)
        unescape(frame);
    end_frame(body_ + body_size);
    return frame;
}

// Goes on behind a frame of that size and its NUL.
void FrameDecoder::end_frame(std::size_t size) noexcept
{
    begin_ += size + 1;
    phase_ = Phase::between;
    behind_frame_ = true;
}

void FrameDecoder::unescape(Frame& frame) const
{
    auto& block = *frame.block_;
    for (std::uint32_t i = 0; i < block.header_count; ++i) {
        auto& slot = block.slot(i);
        slot.name_length =
            static_cast<std::uint32_t>(detail::unescape_in_place(block.text() + slot.name_offset, slot.name_length));
        slot.value_length =
            static_cast<std::uint32_t>(detail::unescape_in_place(block.text() + slot.value_offset, slot.value_length));
    }
}

} // namespace arbalest
