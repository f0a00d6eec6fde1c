#pragma once

#include "../protocol/write_buffer.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace arbalest::detail {

/// What is to be written on one connection: the frames encoded since the last write began, and what of that write is
/// left. Positions are counted in bytes from the connection's beginning, so that it is known of every frame whether any
/// of it may have left.
class OutgoingBytes
{
public:
    /// @param wants_ends whether the transport has to know where frames end, as one does that makes messages of them.
    explicit OutgoingBytes(bool wants_ends) noexcept : wants_ends_(wants_ends) {}

    /// Appends an encoded frame. Changes nothing when it throws InvalidFrame.
    /// @returns where it starts.
    std::uint64_t append(Frame const& frame, StompVersion version, ContentLength content_length);
    /// Appends a heart-beat.
    void append_heart_beat();

    /// How many bytes wait for the next write to begin.
    std::size_t waiting() const noexcept { return waiting_.size(); }
    /// Where the next encoded frame will start.
    std::uint64_t end() const noexcept { return taken_ + waiting_.size(); }

    /// Everything that waits becomes what is to be written. To be called when nothing of the last write is left.
    void begin_write();
    /// What of the write is left; empty when it is complete.
    std::span<char const> remaining() const noexcept { return {writing_.data() + done_, writing_.size() - done_}; }
    /// Where frames end in remaining(), if the transport wants to know.
    std::span<std::size_t const> remaining_ends() const noexcept { return writing_ends_; }
    /// The transport has accepted the first `size` bytes of remaining().
    void written(std::size_t size);
    /// Forgets what has been written. @param most_kept the most memory to keep, in bytes.
    void end_write(std::size_t most_kept) noexcept;

    /// The transport has remaining(), and how much of it has left is not known yet.
    void set_busy(bool is_busy) noexcept { is_busy_ = is_busy; }
    bool is_busy() const noexcept { return is_busy_; }

    /// How many bytes the transport has accepted.
    std::uint64_t accepted() const noexcept { return accepted_; }
    /// Whether that is everything.
    bool is_drained() const noexcept { return accepted_ == end(); }
    /// The position from which on not one byte has left.
    std::uint64_t unsent_from() const noexcept
    {
        if (has_ended_)
            return unsent_at_end_;
        return is_busy_ ? taken_ : accepted_;
    }
    /// Whether nothing has left of a frame that starts there.
    bool is_unsent(std::uint64_t position) const noexcept { return position >= unsent_from(); }

    /// The connection is gone: nobody will know what became of a write that is under way.
    void connection_ended() noexcept
    {
        unsent_at_end_ = unsent_from();
        has_ended_ = true;
    }

private:
    bool const wants_ends_;
    WriteBuffer waiting_;
    std::vector<std::size_t> waiting_ends_;
    WriteBuffer writing_;
    std::vector<std::size_t> writing_ends_; // counted from the first byte that is left
    std::size_t done_ = 0;                  // bytes of `writing_` that were accepted
    std::uint64_t taken_ = 0;               // bytes for which a write has begun
    std::uint64_t accepted_ = 0;
    std::uint64_t unsent_at_end_ = 0;
    bool is_busy_ = false;
    bool has_ended_ = false;
};

} // namespace arbalest::detail
