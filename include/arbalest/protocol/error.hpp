#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iosfwd>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace arbalest {

/// The kinds of failure. Each has an exception type of its own, all derived from StompError; `e.code()` compares equal
/// to one of these.
enum class errc {
    connect_failed = 1,    ///< ConnectError
    lost_receipt,          ///< LostReceipt
    missing_heart_beat,    ///< MissingHeartBeat
    error_frame_received,  ///< ErrorFrameReceived
    malformed_frame,       ///< MalformedFrame
    connection_lost,       ///< ConnectionLost
    slow_consumer,         ///< SlowConsumer
    stale_message,         ///< StaleMessage
    operation_in_progress, ///< OperationInProgress
    session_closed,        ///< SessionClosed
    timeout,               ///< Timeout
    invalid_frame,         ///< InvalidFrame
    invalid_config,        ///< InvalidConfig
};

/// The category of errc, named "arbalest".
ARBALEST_DECL boost::system::error_category const& error_category() noexcept;
ARBALEST_DECL boost::system::error_code make_error_code(errc code) noexcept;

/// Whether the frame of a failed operation was sent.
enum class Outcome : std::uint8_t {
    not_sent, ///< Not one byte of it left this process: it may be sent again without becoming a duplicate.
    refused,  ///< The broker answered that it did not accept it.
    unknown,  ///< It was written, at least in part, and no answer came.
};

ARBALEST_DECL std::string_view to_string(Outcome outcome) noexcept;         ///< The enumerator's name.
ARBALEST_DECL std::ostream& operator<<(std::ostream& out, Outcome outcome); ///< As to_string().

/// The base of every failure of an operation. A cancelled operation is the exception: it throws a plain
/// boost::system::system_error with `operation_aborted`, as everywhere in Asio.
class ARBALEST_DECL StompError : public boost::system::system_error
{
public:
    /// What happened, in words. What the peer has said stands in it cut to a length, with control characters escaped.
    char const* what() const noexcept override;

    /// Whether the frame of the failed operation was sent.
    Outcome outcome() const noexcept { return outcome_; }

    /// The same failure as seen by an operation whose frame had another fate.
    virtual std::shared_ptr<StompError> with_outcome(Outcome outcome) const = 0;

    /// Throws this object as its own type.
    [[noreturn]] virtual void raise() const = 0;

    /// An exception_ptr that holds a copy of this object as its own type.
    virtual std::exception_ptr to_exception_ptr() const = 0;

protected:
    StompError(errc code, std::string const& what, Outcome outcome);

private:
    template <class, class>
    friend class StompErrorOf;
    std::runtime_error text_; // which can be copied without failing
    Outcome outcome_;
};

/// What every error type shares: copying, raising and changing the outcome without losing the type.
template <class Derived, class Base = StompError>
class StompErrorOf : public Base
{
public:
    using Base::Base;

    std::shared_ptr<StompError> with_outcome(Outcome outcome) const override
    {
        auto copy = std::make_shared<Derived>(static_cast<Derived const&>(*this));
        static_cast<StompErrorOf&>(*copy).set_outcome(outcome);
        return copy;
    }
    [[noreturn]] void raise() const override { throw static_cast<Derived const&>(*this); }
    std::exception_ptr to_exception_ptr() const override
    {
        return std::make_exception_ptr(static_cast<Derived const&>(*this));
    }

private:
    void set_outcome(Outcome outcome) noexcept { this->StompError::outcome_ = outcome; }
};

/// The caller's own frame cannot be encoded in the version of the session, for instance a line feed in a header for
/// STOMP 1.0, or a content-length that differs from the body's size. Thrown before a byte is sent: `not_sent`.
class ARBALEST_DECL InvalidFrame : public StompErrorOf<InvalidFrame>
{
public:
    /// @param reason what is wrong. @param header the name of the header at fault; empty when it is none.
    explicit InvalidFrame(std::string const& reason, std::string header = {});
    std::string const& header() const noexcept { return header_; }

private:
    std::string header_;
};

/// The peer sent bytes that are no STOMP frame, or a frame over one of the Limits. It ends the session.
class ARBALEST_DECL MalformedFrame : public StompErrorOf<MalformedFrame>
{
public:
    /// @param reason what is wrong. @param offset where, in bytes from the first byte that the peer ever sent.
    MalformedFrame(std::string reason, std::uint64_t offset);
    std::string const& reason() const noexcept { return reason_; }
    std::uint64_t offset() const noexcept { return offset_; }

private:
    std::string reason_;
    std::uint64_t offset_;
};

/// The peer sent nothing, not even a heart-beat, for longer than it promised (STOMP 1.2, "Heart-beating"). It ends the
/// session, every operation that waits and every subscription.
class ARBALEST_DECL MissingHeartBeat : public StompErrorOf<MissingHeartBeat>
{
public:
    explicit MissingHeartBeat(std::chrono::milliseconds period);
    /// The negotiated period, in which the peer promised to send something.
    std::chrono::milliseconds period() const noexcept { return period_; }

private:
    std::chrono::milliseconds period_;
};

/// The broker sent an ERROR frame (STOMP 1.2, "ERROR").
class ARBALEST_DECL ErrorFrameReceived : public StompErrorOf<ErrorFrameReceived>
{
public:
    ErrorFrameReceived(Frame frame, Outcome outcome);
    /// The whole frame with all its headers and its body.
    Frame const& frame() const noexcept { return *frame_; }
    /// Its `message` header; empty when there is none.
    std::string_view message() const noexcept;

private:
    std::shared_ptr<Frame const> frame_;
};

} // namespace arbalest

template <>
struct boost::system::is_error_code_enum<arbalest::errc> : std::true_type
{
};
