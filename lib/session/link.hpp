#pragma once

#include "../protocol/write_buffer.hpp"
#include "wait_queue.hpp"
#include <arbalest/protocol/frame_decoder.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace arbalest::detail {

/// The peer's address for messages; empty when a transport of the user's fails to tell.
inline std::string endpoint_of(Transport const& transport)
{
    try {
        return transport.remote_endpoint();
    } catch (...) {
        return {};
    }
}

/// One connection of a session: its transport, what was read and not yet decoded, what is to be written. Reader and
/// writer hold the link they work for, so that those of an earlier connection never touch a later one.
struct Link
{
    Link(std::unique_ptr<Transport> transport, Limits const& limits)
        : transport(std::move(transport)), decoder(limits), wants_ends(this->transport->wants_frame_ends())
    {
    }

    /// Where the next encoded frame will start, counted in bytes from the connection's beginning.
    std::uint64_t end_position() const noexcept { return taken + outgoing.size(); }
    /// Whether everything encoded so far has been accepted by the transport.
    bool drained() const noexcept { return accepted == end_position(); }
    /// Whether not one byte from there on has left. How much a write that is under way has taken, nobody knows yet.
    bool unsent(std::uint64_t position) const noexcept { return position >= unsent_from(); }
    std::uint64_t unsent_from() const noexcept
    {
        if (ended)
            return unsent_at_end;
        return is_writing ? taken : accepted;
    }

    /// Reader and writer shall stop. What became of a write that is under way then, nobody will know.
    void end() noexcept
    {
        unsent_at_end = unsent_from();
        ended = true;
    }

    std::unique_ptr<Transport> transport;
    FrameDecoder decoder;
    bool const wants_ends;

    WriteBuffer outgoing;                   // encoded, waiting for the writer
    std::vector<std::size_t> outgoing_ends; // where its frames end
    WriteBuffer writing;                    // what the writer is writing
    std::vector<std::size_t> writing_ends;
    std::uint64_t taken = 0;                   // bytes that went from `outgoing` to `writing` so far
    std::uint64_t accepted = 0;                // bytes that the transport has accepted so far
    bool is_writing = false;                   // the transport has the bytes that follow, and has not answered
    bool is_reading = false;                   // the transport was asked for bytes, and has not answered
    boost::asio::steady_timer* idle = nullptr; // cancelled when reading or writing ends, for who waits to close
    bool must_abort = false;                   // that took too long

    std::size_t read_size = 4096; // how much to ask for; grows while reads fill the buffer
    bool may_look = false;        // one small read, although reading is suspended
    bool ended = false;           // see end()
    std::uint64_t unsent_at_end = 0;
    WaitQueue writer;   // the writer, waiting for something to write
    WaitQueue reader;   // the reader, waiting until it may read on
    WaitQueue flushers; // who waits for what was encoded to be written
};

/// As long as it lives, a transport reads or writes.
class LinkOperation
{
public:
    LinkOperation(Link& link, bool& is_under_way) noexcept : link_(link), is_under_way_(is_under_way)
    {
        is_under_way_ = true;
    }
    LinkOperation(LinkOperation const&) = delete;
    LinkOperation& operator=(LinkOperation const&) = delete;
    ~LinkOperation()
    {
        is_under_way_ = false;
        if (link_.idle)
            link_.idle->cancel();
    }

private:
    Link& link_;
    bool& is_under_way_;
};

} // namespace arbalest::detail
