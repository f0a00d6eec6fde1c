#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The frames that the floor moves, byte for byte those that Arbalest makes of the same messages.
class Frames
{
public:
    explicit Frames(std::size_t body_size);

    static std::string connect();
    /// For so many subscriptions, `count` messages and bodies of `size` bytes.
    static std::string subscribe(std::size_t position, std::size_t subscriptions, std::size_t count, std::size_t size);

    /// Appends a SEND without a receipt.
    void append_plain(std::string& out) const { out += plain_; }
    /// Appends a SEND with a receipt of that number.
    void append_confirmed(std::string& out, std::size_t number) const;

private:
    std::string head_;
    std::string body_;
    std::string plain_;
};

/// Bytes that come in, of which no more is looked at than it takes to find the ends of frames: the head's lines by
/// memchr, the body by its content-length.
class Incoming
{
public:
    Incoming() : buffer_(std::size_t{256} << 10) {}

    /// Where to read into.
    std::span<char> room();
    /// So many bytes were read.
    void filled(std::size_t size) noexcept { end_ += size; }
    /// Steps over one frame; false when there is no whole one.
    bool take_frame();

private:
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

} // namespace bench
