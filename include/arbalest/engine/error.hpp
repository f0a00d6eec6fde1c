#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/error.hpp>

#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace arbalest {

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
    /// The peer has closed, and said why. @param close_reason as it came; it is added to the text.
    ConnectionLost(boost::system::error_code cause, std::string const& what, std::string close_reason);
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

/// The session was ended from this side: by disconnect(), or because its last handle is gone. Also thrown by every
/// operation on an empty handle.
class ARBALEST_DECL SessionClosed : public StompErrorOf<SessionClosed>
{
public:
    explicit SessionClosed(std::string const& what, Outcome outcome = Outcome::not_sent);
};

} // namespace arbalest
