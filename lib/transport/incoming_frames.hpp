#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace arbalest::detail {

/// What has come from a WebSocket server and was not read yet. It knows where the frames end (RFC 6455, 5.2), and so
/// hands out messages that stand there whole by itself, many at a time, and everything else frame by frame to the
/// stream that knows the rest of the protocol. It does no I/O.
class IncomingFrames
{
public:
    /// Where to read to, when there is nothing for the stream. It grows while reads fill it, and shrinks when they
    /// bring little.
    std::span<char> prepare();
    /// So many bytes were read there.
    void commit(std::size_t size) noexcept;

    /// What was read and not given away yet.
    std::string_view unread() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
    /// So many bytes from the front of that belong to no frame: they came with the handshake.
    void skip(std::size_t size) noexcept { begin_ += size; }

    /// What the stream gets next: never more than the rest of one frame. Empty when more must be read first.
    std::string_view for_stream() noexcept;
    /// The stream has taken so many bytes from the front of that.
    void consume(std::size_t size) noexcept;

    /// How many bytes of the current frame are still to come, once the stream has taken all that is here.
    std::uint64_t remaining() const noexcept { return begin_ == end_ ? frame_left_ : 0; }
    /// The stream has read so many of them by itself.
    void consumed(std::size_t size) noexcept { frame_left_ -= size; }

    /// Copies messages from the front, as long as they are whole, uncompressed and in order, and as there is room. Only
    /// while the stream is between two messages.
    /// @param limit the largest message; zero for none. @returns how many bytes.
    std::size_t take(std::span<char> to, std::size_t limit) noexcept;

private:
    bool begin_frame() noexcept;
    bool begin_message(std::size_t limit) noexcept;

    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t read_size_ = smallest_read; // what to read next
    std::uint64_t frame_left_ = 0;          // of the frame that the stream is being given
    std::size_t message_left_ = 0;          // of the message that is being taken; all of it is here
    bool fragmented_ = false;               // the stream has begun a message that goes on in further frames

    // As much as Beast reads, which closes in order only while the peer's last words are not much more than that.
    static constexpr std::size_t smallest_read = 1536;
    static constexpr std::size_t largest_read = std::size_t{64} << 10;
};

} // namespace arbalest::detail
