#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace arbalest::broker {

/// Whom a ByteStream tells what has become of an operation. Never called from inside of the call that started it.
class StreamUser
{
public:
    virtual void on_open(boost::system::error_code error) = 0;
    virtual void on_read(boost::system::error_code error, std::size_t size) = 0;
    virtual void on_written(boost::system::error_code error, std::size_t size) = 0;
    /// The protocol below has ended, and only the end of TCP is still awaited: the peer has said Close, or broke the
    /// protocol. The read that is under way ends when TCP does; nothing that is written reaches the peer any more.
    virtual void on_closing() = 0;

protected:
    ~StreamUser() = default;
};

/// The bytes of one connection, whatever carries them. At most one read and one write are under way at a time; the user
/// is kept alive until it was told of them. Calls come one at a time, but from any thread.
class ByteStream
{
public:
    ByteStream() = default;
    virtual ~ByteStream() = default;
    ByteStream(ByteStream const&) = delete;
    ByteStream& operator=(ByteStream const&) = delete;

    /// Shakes hands. Returns true when there is nothing to do; otherwise on_open() tells the result.
    virtual bool open(std::shared_ptr<StreamUser> user) = 0;

    /// Whether a write must not carry bytes of two frames, as on a WebSocket, where each frame is a message.
    virtual bool keeps_boundaries() const noexcept = 0;

    /// on_read() tells how many bytes came; it must not be called with none and no error.
    virtual void read_some(std::span<char> into, std::shared_ptr<StreamUser> user) = 0;
    /// on_written() tells how many bytes were taken, at least one if there is no error. The bytes stay until then.
    virtual void write_some(std::string_view bytes, std::shared_ptr<StreamUser> user) = 0;

    /// The peer reads an end behind what was written. Reading goes on.
    virtual void shut_down() noexcept = 0;
    /// Ends everything; what is under way fails.
    virtual void close() noexcept = 0;
    /// The same in such a way that the peer sees a reset.
    virtual void reset() noexcept = 0;
};

} // namespace arbalest::broker
