#pragma once

#include "connection_loss.hpp"
#include <arbalest/engine/outbox_limits.hpp>
#include <arbalest/protocol/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <vector>

namespace arbalest::detail {

struct OutboxMessage;

/// What a send without a receipt watches that waits until its message is written.
struct WriteWatch
{
    enum class State : std::uint8_t { pending, written, never_sent, unknown };

    State state = State::pending;
    OutboxMessage* message = nullptr; // while it is in the outbox

    /// Whether anything of the message may have been sent.
    bool has_begun() const noexcept;
};

/// A message of a session that reconnects: waits to be encoded for the current connection, or to be confirmed, or, when
/// nobody asked for a receipt, to be written.
struct OutboxMessage
{
    Frame frame;
    void* receipt = nullptr; // who waits for the receipt, as Receipts knows it; nullptr when nobody does
    std::shared_ptr<WriteWatch> watch;
    std::uint64_t number = 0;   // counted over the session
    std::uint64_t position = 0; // where it starts, in bytes of the connection
    std::uint64_t end = 0;      // where it ends
    bool encoded = false;       // for the current connection
    bool intercepted = false;   // the interceptors have seen it
    bool may_have_left = false; // on an earlier connection
    unsigned losses = 0;        // in a row, that it was under way at
    std::size_t bytes = 0;      // as it was counted
    std::list<OutboxMessage>::iterator self;
};

inline bool WriteWatch::has_begun() const noexcept
{
    return !message || message->encoded || message->may_have_left;
}

/// The messages that outlive a connection, in the order in which they were sent. Those encoded for the current
/// connection come first; the others are the backlog.
class Outbox
{
public:
    explicit Outbox(OutboxLimits limits = OutboxLimits()) noexcept;
    Outbox(Outbox const&) = delete;
    Outbox& operator=(Outbox const&) = delete;

    /// Whether one more message of that many bytes fits.
    bool has_room(std::size_t bytes) const noexcept
    {
        return messages_.empty() || (messages_.size() < limits_.messages && bytes_ + bytes <= limits_.bytes);
    }
    std::size_t size() const noexcept { return messages_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }
    /// The number of the message added last; zero when there was none yet.
    std::uint64_t last_number() const noexcept { return last_number_; }

    /// Adds a message at the end of the backlog. If a receipt is awaited, it stays until erase(); else until it is
    /// written.
    OutboxMessage& add(Frame frame, void* receipt);

    bool has_backlog() const noexcept { return next_ != messages_.end(); }
    /// The first message of the backlog; there must be one.
    OutboxMessage& front() noexcept { return *next_; }
    /// The first message of the backlog has been encoded, into these bytes of the connection.
    void encoded(std::uint64_t position, std::uint64_t end);
    /// All up to this byte of the connection has been written.
    void written(std::uint64_t accepted);

    /// Confirmed, refused, withdrawn or given up. `state` is for who watches it.
    void erase(OutboxMessage& message, WriteWatch::State state = WriteWatch::State::unknown);

    /// The connection is gone. What was not sent on it goes back to the backlog, and what was and has a receipt; what
    /// was sent without a receipt is dropped.
    /// @param unsent from which byte of the connection on nothing has left.
    /// @param repeats whether messages that were sent are sent again at all.
    /// @returns those that are not: because of `repeats`, or because they were under way at two losses in a row. They
    /// are still in here.
    std::vector<OutboxMessage*> connection_lost(std::uint64_t unsent, bool repeats);

    /// Forgets everything. @param unsent as above.
    void clear(std::uint64_t unsent);

private:
    using Messages = std::list<OutboxMessage>;

    OutboxLimits limits_;
    Messages messages_;
    Messages::iterator next_; // the first of the backlog
    std::size_t bytes_ = 0;
    std::uint64_t last_number_ = 0;
    std::deque<OutboxMessage*> unwritten_; // encoded without a receipt, in order
};

} // namespace arbalest::detail
