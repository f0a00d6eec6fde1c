#pragma once

#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

namespace arbalest::detail {

/// Bytes on their way out. As a string, but room in it is not filled before it is written to.
class WriteBuffer
{
public:
    WriteBuffer() noexcept = default;
    WriteBuffer(WriteBuffer&& other) noexcept
        : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0))
    {
    }
    WriteBuffer& operator=(WriteBuffer&& other) noexcept
    {
        bytes_ = std::move(other.bytes_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    char const* data() const noexcept { return bytes_.get(); }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

    /// Makes room for so many bytes more, so that they can be appended without another allocation.
    void reserve(std::size_t size)
    {
        if (size > capacity_ - size_)
            grow(size);
    }

    /// Room for so many bytes behind the others. Those that are kept must be told by close().
    char* open(std::size_t size)
    {
        reserve(size);
        return bytes_.get() + size_;
    }

    /// Keeps what stands before `end`, a place in the room that open() has returned.
    void close(char const* end) noexcept { size_ = static_cast<std::size_t>(end - bytes_.get()); }

    void append(std::string_view bytes)
    {
        auto* const to = open(bytes.size());
        if (!bytes.empty())
            std::memcpy(to, bytes.data(), bytes.size());
        size_ += bytes.size();
    }

    /// Keeps the memory, unless it is more than that many bytes.
    void clear(std::size_t most_kept = std::numeric_limits<std::size_t>::max()) noexcept
    {
        size_ = 0;
        if (capacity_ > most_kept) {
            bytes_.reset();
            capacity_ = 0;
        }
    }
    std::size_t capacity() const noexcept { return capacity_; }

private:
    void grow(std::size_t size)
    {
        auto const capacity = std::max(size_ + size, 2 * capacity_);
        auto larger = std::unique_ptr<char[]>(new char[capacity]); // not make_unique, which would zero it
        if (size_ != 0)
            std::memcpy(larger.get(), bytes_.get(), size_);
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// As arbalest::encode() does to a string. Appends nothing when it throws.
void encode(Frame const& frame, StompVersion version, WriteBuffer& out, ContentLength content_length);

} // namespace arbalest::detail
