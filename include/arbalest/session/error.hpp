#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/error.hpp>
#include <arbalest/transport/connect_attempt.hpp>
#include <arbalest/transport/error.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest {

/// The session could not be opened: anything that goes wrong before CONNECTED, at every endpoint that was tried. Its
/// outcome is `not_sent`.
class ARBALEST_DECL ConnectError : public StompErrorOf<ConnectError>
{
public:
    /// @param attempts what was tried, in order; the last one is the cause.
    /// @param error_frame the ERROR that the last broker sent instead of CONNECTED, if it did.
    /// @param rounds how often the URLs were gone through; `attempts` are those of the last time.
    explicit ConnectError(std::vector<ConnectAttempt> attempts, std::shared_ptr<Frame const> error_frame = nullptr,
                          unsigned rounds = 1);

    /// Everything that was tried, in order, each with its phase and cause.
    std::vector<ConnectAttempt> const& attempts() const noexcept { return *attempts_; }
    /// How far the last attempt came.
    ConnectPhase phase() const noexcept;
    /// The system's, TLS's or Arbalest's error code behind the last attempt's failure.
    boost::system::error_code cause() const noexcept;
    /// The ERROR frame that the last broker sent instead of CONNECTED; nullptr when it sent none.
    Frame const* error_frame() const noexcept { return error_frame_.get(); }
    /// How many attempts a session made in a row that reconnects (see ReconnectPolicy); 1 for others.
    unsigned rounds() const noexcept { return rounds_; }
    /// The same after so many attempts.
    ConnectError with_rounds(unsigned rounds) const;

private:
    std::shared_ptr<std::vector<ConnectAttempt> const> attempts_;
    std::shared_ptr<Frame const> error_frame_;
    unsigned rounds_;
};

/// A setting has a value that it cannot have: a field of StompConfig, or of what is given for one subscription. Thrown
/// before any I/O, and never retried. Its outcome is `not_sent`.
class ARBALEST_DECL InvalidConfig : public StompErrorOf<InvalidConfig>
{
public:
    /// @param field its name from the StompConfig on, for instance "limits.body". @param value as text. @param reason
    /// which values it can have.
    InvalidConfig(std::string field, std::string value, std::string const& reason);
    /// The name of the field, for instance "reconnect.multiplier".
    std::string const& field() const noexcept { return field_; }
    /// Its value as text; "(hidden)" where it may hold credentials.
    std::string const& value() const noexcept { return value_; }

private:
    std::string field_;
    std::string value_;
};

/// No RECEIPT came within the limit (STOMP 1.2, "RECEIPT"). The session stays open; a late RECEIPT is ignored. Its
/// outcome is `unknown`, or `not_sent` when there was no room for the frame in the write buffer in all that time.
class ARBALEST_DECL LostReceipt : public StompErrorOf<LostReceipt>
{
public:
    LostReceipt(std::string receipt_id, std::chrono::milliseconds limit, Outcome outcome,
                std::shared_ptr<StompError const> cause = nullptr);
    /// The `receipt` header of the frame.
    std::string const& receipt_id() const noexcept { return receipt_id_; }
    /// How long the receipt was waited for, from the call.
    std::chrono::milliseconds limit() const noexcept { return limit_; }
    /// An ERROR that came while the receipt was awaited and named no operation; nullptr when there was none.
    std::shared_ptr<StompError const> const& cause_error() const noexcept { return cause_; }

private:
    std::string receipt_id_;
    std::chrono::milliseconds limit_;
    std::shared_ptr<StompError const> cause_;
};

/// The connection broke, or the peer closed it without being asked to. It ends the session.
class ARBALEST_DECL ConnectionLost : public StompErrorOf<ConnectionLost>
{
public:
    ConnectionLost(boost::system::error_code cause, std::string const& what, Outcome outcome = Outcome::unknown);
    /// The peer has closed, and said why. @param what the text, to which the peer's reason is added.
    ConnectionLost(PeerClosed const& cause, std::string const& what);
    /// What the transport reported, `asio::error::eof` when the peer closed; errc::connection_lost when a hook failed.
    /// With a code of websocket_close_category() the peer has closed a WebSocket or a SockJS session for that reason.
    boost::system::error_code cause() const noexcept { return cause_; }
    /// The reason that the peer of a WebSocket or of SockJS gave with its code, as it came; empty when there is none.
    std::string_view close_reason() const noexcept { return close_reason_ ? *close_reason_ : std::string_view(); }

private:
    boost::system::error_code cause_;
    std::shared_ptr<std::string const> close_reason_;
};

/// A subscription's buffer passed its hard limit, or its soft limit under the policy `fail`. Ends that subscription
/// only.
class ARBALEST_DECL SlowConsumer : public StompErrorOf<SlowConsumer>
{
public:
    SlowConsumer(std::string const& destination, std::size_t messages, std::size_t bytes);
    /// How many messages, and bytes of them, were buffered.
    std::size_t messages() const noexcept { return messages_; }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    std::size_t messages_;
    std::size_t bytes_;
};

/// An ack of a message whose subscription or connection is gone, or which was settled before; thrown only with
/// `strict_acks`.
class ARBALEST_DECL StaleMessage : public StompErrorOf<StaleMessage>
{
public:
    StaleMessage();
};

/// The object serves one operation of this kind at a time, and one is waiting already.
class ARBALEST_DECL OperationInProgress : public StompErrorOf<OperationInProgress>
{
public:
    explicit OperationInProgress(std::string const& what);
};

/// The session was ended from this side: by disconnect(), or because its last handle is gone. Also thrown by every
/// operation on an empty handle.
class ARBALEST_DECL SessionClosed : public StompErrorOf<SessionClosed>
{
public:
    explicit SessionClosed(std::string const& what, Outcome outcome = Outcome::not_sent);
};

/// A wait was not over in time. Its outcome is `unknown`: what the wait was for is not known to it.
class ARBALEST_DECL Timeout : public StompErrorOf<Timeout>
{
public:
    explicit Timeout(std::chrono::nanoseconds limit);
    /// How long was waited.
    std::chrono::nanoseconds limit() const noexcept { return limit_; }

private:
    std::chrono::nanoseconds limit_;
};

} // namespace arbalest
