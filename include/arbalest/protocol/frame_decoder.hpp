#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/limits.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest {

namespace detail {
class SimdHead;
}

/// Turns bytes into frames. It owns the read buffer: ask for room with prepare(), read into it, tell with commit() how
/// much came, and take frames with next() until there is none. The result does not depend on how the bytes are cut.
///
/// Before set_version() the peer's version is unknown: LF and CRLF are both accepted as line ends, the headers of
/// CONNECT, STOMP and CONNECTED are taken literally, and in any other frame known escapes are resolved and unknown ones
/// left alone. After it, the rules of that version hold (STOMP 1.2, "Value Encoding"; 1.1 and 1.0 likewise).
///
/// The examples of the specification of STOMP 1.0 have a space behind the colon. So in 1.0 the spaces at the beginning
/// of a header's value are left out, and those behind the digits of a content-length; as well in a CONNECT or STOMP
/// without `accept-version` and in a CONNECTED without `version`, which are 1.0.
class ARBALEST_DECL FrameDecoder
{
public:
    explicit FrameDecoder(Limits const& limits = {}); ///< What bounds the frames.
    FrameDecoder(FrameDecoder&&) noexcept;            ///< The other must not be used any more.
    FrameDecoder& operator=(FrameDecoder&&) noexcept;
    ~FrameDecoder();

    /// Room for at least `size` bytes behind those that are buffered. Valid until the next call of any member.
    std::span<char> prepare(std::size_t size);

    /// The first `size` bytes of what prepare() returned have been filled.
    void commit(std::size_t size) noexcept { end_ += size; }

    /// prepare, copy and commit in one.
    void feed(std::string_view bytes);

    /// The next whole frame; nullopt when more bytes are needed.
    /// @throws MalformedFrame with reason and offset when the bytes are no frame, or one over a limit. The decoder
    /// stays in that state: every later call throws the same.
    std::optional<Frame> next();

    /// For the end of the connection: an ERROR that has all its headers and lacks only its NUL, or the end of its body.
    /// nullopt when the bytes that are left are something else.
    std::optional<Frame> take_unfinished_error();

    /// The id of the next frame, if that is there as a whole and is a RECEIPT with nothing but an id of letters, digits
    /// and hyphens; else nothing. Nothing is taken: next() still returns that frame, unless take_receipt() follows. The
    /// view is valid until the next call of any member. @throws MalformedFrame, as next().
    std::string_view peek_receipt();

    /// Takes the RECEIPT whose id peek_receipt() has just returned, without making a frame of it.
    void take_receipt(std::string_view id) noexcept;

    /// The version whose rules hold from the next frame on.
    void set_version(StompVersion version) noexcept { version_ = version; }
    std::optional<StompVersion> version() const noexcept { return version_; }

    /// How many heart-beats have come: line ends between frames. A line end directly behind a frame belongs to that
    /// frame (brokers end frames with NUL LF), unless the peer was seen to send frames without one.
    std::uint64_t heart_beats() const noexcept { return heart_beats_; }

    /// Bytes that belong to frames that next() has returned, and heart-beats; where the next frame starts.
    std::uint64_t offset() const noexcept { return consumed_ + begin_; }
    /// Bytes committed that next() has not yet turned into frames.
    std::size_t buffered() const noexcept { return end_ - begin_; }
    /// Bytes of memory held by the read buffer.
    std::size_t capacity() const noexcept { return capacity_; }
    /// Gives the buffer's memory back if nothing is buffered.
    void release_if_empty() noexcept;

private:
    enum class Phase : std::uint8_t { between, head, sized_body, unsized_body, failed };

    bool skip_line_ends();
    detail::FrameBlock* take_whole_frame();
    std::optional<Frame> take_body();
    bool scan_head();
    void add_command(std::size_t begin, std::size_t end);
    void add_header(std::size_t begin, std::size_t end);
    void finish_head(bool may_have_escapes);
    bool is_1_0();
    bool is_error() const noexcept;
    std::vector<detail::HeaderSlot>::iterator find_slot(std::string_view name);
    void strip_leading_spaces() noexcept;
    void check_sizes(std::size_t body_size, std::size_t at);
    bool accepts_carriage_return() const noexcept { return !version_ || *version_ == StompVersion::v1_2; }
    Frame take_frame(std::size_t body_size);
    void end_frame(std::size_t size) noexcept;
    void unescape(Frame& frame) const;
    [[noreturn]] void fail(std::string_view reason, std::size_t position);

    Limits limits_;
    std::optional<StompVersion> version_;
    Phase phase_ = Phase::between;

    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;      // of the frame in progress
    std::size_t end_ = 0;        // of what was committed
    std::uint64_t consumed_ = 0; // bytes dropped from the front of the buffer so far

    // All relative to begin_, so that they survive a move of the buffer's content.
    std::size_t line_ = 0;    // where the line in progress starts
    std::size_t scanned_ = 0; // everything before this was searched already
    std::size_t command_length_ = 0;
    std::size_t body_ = 0; // where the body starts
    std::size_t body_size_ = 0;
    bool has_command_ = false;
    bool literal_ = false; // CONNECT, STOMP, CONNECTED: never unescaped
    bool escaped_ = false; // there is a backslash in the head, and it means something
    std::vector<detail::HeaderSlot> slots_;
    std::unique_ptr<detail::SimdHead> simd_head_; // parsed last

    bool behind_frame_ = false;    // the last thing seen was a frame's NUL
    bool frames_end_bare_ = false; // the peer sends no line end behind its frames
    std::uint64_t heart_beats_ = 0;
    std::string failure_;
    std::uint64_t failure_offset_ = 0;
};

} // namespace arbalest
