#pragma once

#include "../engine/outgoing_bytes.hpp"
#include "../engine/read_horizon.hpp"
#include "../protocol/time.hpp"
#include "wait_queue.hpp"
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

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
/// writer hold the connection they work for, so that those of an earlier connection never touch a later one.
struct Connection
{
    Connection(std::unique_ptr<Transport> transport, Limits const& limits)
        : transport(std::move(transport)), decoder(limits), output(this->transport->wants_frame_ends())
    {
    }

    /// Reader and writer shall stop.
    void end() noexcept
    {
        output.connection_ended();
        ended = true;
    }

    std::unique_ptr<Transport> transport;
    FrameDecoder decoder;
    OutgoingBytes output;
    bool is_reading = false;                   // the transport was asked for bytes, and has not answered
    boost::asio::steady_timer* idle = nullptr; // cancelled when reading or writing ends, for who waits to close
    bool must_abort = false;                   // that took too long

    std::size_t read_size = 4096; // how much to ask for; grows while reads fill the buffer
    bool probe_allowed = false;   // one small read, although reading is suspended
    bool ended = false;           // see end()
    bool writer_is_held = false;  // see WriterHold

    std::shared_ptr<StompError> write_failure;  // writing has failed; reading goes on for a while
    TimePoint read_on_until = TimePoint::max(); // that while
    TimePoint next_probe = TimePoint::max();    // while reading is suspended: when one small read is made all the same
    ReadHorizon horizon;

    WaitQueue writer;   // the writer, waiting for something to write
    WaitQueue reader;   // the reader, waiting until it may read on
    WaitQueue flushers; // who waits for what was encoded to be written
};

/// As long as it lives, the transport reads.
class ReadOperation
{
public:
    explicit ReadOperation(Connection& connection) noexcept : current_(connection) { current_.is_reading = true; }
    ReadOperation(ReadOperation const&) = delete;
    ReadOperation& operator=(ReadOperation const&) = delete;
    ~ReadOperation()
    {
        current_.is_reading = false;
        if (current_.idle)
            current_.idle->cancel();
    }

private:
    Connection& current_;
};

/// As long as it lives, the transport writes.
class WriteOperation
{
public:
    explicit WriteOperation(Connection& connection) noexcept : current_(connection) { current_.output.set_busy(true); }
    WriteOperation(WriteOperation const&) = delete;
    WriteOperation& operator=(WriteOperation const&) = delete;
    ~WriteOperation()
    {
        current_.output.set_busy(false);
        if (current_.idle)
            current_.idle->cancel();
    }

private:
    Connection& current_;
};

} // namespace arbalest::detail
