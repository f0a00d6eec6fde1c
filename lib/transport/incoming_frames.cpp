#include "incoming_frames.hpp"

#include "../protocol/utf8.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace arbalest::detail {

namespace {

constexpr std::size_t growth = 4;

// The first byte of a frame (RFC 6455, 5.2).
constexpr unsigned final_frame = 0x80;
constexpr unsigned opcode = 0x0f;
constexpr unsigned opcode_of_control = 0x08;
constexpr unsigned whole_text = final_frame | 1;
constexpr unsigned whole_binary = final_frame | 2;

/// What stands before a frame's payload.
struct FrameHead
{
    std::size_t size = 0; // zero when it has not come wholly
    std::uint64_t payload = 0;
    unsigned first = 0;
    bool is_plain = false; // no mask, and the length in its shortest form
};

FrameHead read_head(std::string_view bytes) noexcept
{
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    FrameHead head;
    if (bytes.size() < 2)
        return head;
    bool const masked = (byte(1) & 0x80) != 0;
    std::uint64_t payload = byte(1) & 0x7f;
    std::size_t const width = payload == 126 ? 2 : payload == 127 ? 8 : 0;
    std::size_t const size = 2 + width + (masked ? 4 : 0);
    if (bytes.size() < size)
        return head;
    std::uint64_t least = 0;
    if (width != 0) {
        payload = 0;
        for (std::size_t i = 0; i < width; ++i)
            payload = payload << 8 | byte(2 + i);
        least = width == 2 ? 126 : 0x10000;
    }
    head.size = size;
    head.payload = payload;
    head.first = byte(0);
    head.is_plain = !masked && payload >= least;
    return head;
}

} // namespace

std::span<char> IncomingFrames::prepare()
{
    // Usually there is nothing left but the beginning of a frame's head.
    auto const left = unread();
    auto const size = std::max(read_size_, 2 * left.size());
    if (capacity_ != size) {
        auto buffer = std::make_unique_for_overwrite<char[]>(size);
        std::ranges::copy(left, buffer.get());
        buffer_ = std::move(buffer);
        capacity_ = size;
    } else {
        std::ranges::copy(left, buffer_.get());
    }
    begin_ = 0;
    end_ = left.size();
    return {buffer_.get() + end_, capacity_ - end_};
}

void IncomingFrames::commit(std::size_t size) noexcept
{
    auto const room = capacity_ - end_;
    end_ += size;
    if (size == room)
        read_size_ = std::min(read_size_ * growth, largest_read);
    else if (size < room / growth)
        read_size_ = std::max(read_size_ / growth, smallest_read);
}

std::string_view IncomingFrames::for_stream() noexcept
{
    // A stream that is being closed reads on, and wants no rest of a message.
    begin_ += std::exchange(message_left_, 0);
    auto const left = unread();
    if (frame_left_ == 0 && !begin_frame())
        return {};
    return left.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(frame_left_, left.size())));
}

void IncomingFrames::consume(std::size_t size) noexcept
{
    frame_left_ -= size;
    begin_ += size;
}

bool IncomingFrames::begin_frame() noexcept
{
    auto const head = read_head(unread());
    if (head.size == 0)
        return false;
    // The stream refuses a length beyond all measure.
    frame_left_ = head.size + std::min(head.payload, std::numeric_limits<std::uint64_t>::max() - head.size);
    if ((head.first & opcode & opcode_of_control) == 0)
        fragmented_ = (head.first & final_frame) == 0;
    return true;
}

// The stream decides about everything else.
bool IncomingFrames::begin_message(std::size_t limit) noexcept
{
    if (frame_left_ != 0 || fragmented_)
        return false;
    auto const left = unread();
    auto const head = read_head(left);
    if (head.size == 0 || !head.is_plain || (head.first != whole_text && head.first != whole_binary) ||
        head.payload > left.size() - head.size || (limit != 0 && head.payload > limit))
        return false;
    auto const size = static_cast<std::size_t>(head.payload);
    if (head.first == whole_text && !is_utf8(left.substr(head.size, size)))
        return false;
    begin_ += head.size;
    message_left_ = size;
    return true;
}

std::size_t IncomingFrames::take(std::span<char> to, std::size_t limit) noexcept
{
    std::size_t done = 0;
    while (done < to.size() && (message_left_ != 0 || begin_message(limit))) {
        auto const size = std::min(message_left_, to.size() - done);
        std::memcpy(to.data() + done, buffer_.get() + begin_, size);
        begin_ += size;
        message_left_ -= size;
        done += size;
    }
    return done;
}

} // namespace arbalest::detail
