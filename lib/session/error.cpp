#include "../protocol/peer_text.hpp"
#include "connect_texts.hpp"
#include <arbalest/session/error.hpp>

#include <utility>

namespace arbalest {

ConnectError::ConnectError(std::vector<ConnectAttempt> attempts, std::shared_ptr<Frame const> error_frame,
                           unsigned rounds)
    : StompErrorOf(errc::connect_failed, detail::describe_attempts(attempts, rounds), Outcome::not_sent),
      attempts_(std::make_shared<std::vector<ConnectAttempt> const>(std::move(attempts))),
      error_frame_(std::move(error_frame)), rounds_(rounds)
{
}

ConnectError ConnectError::with_rounds(unsigned rounds) const
{
    return ConnectError(*attempts_, error_frame_, rounds);
}

ConnectPhase ConnectError::phase() const noexcept
{
    return attempts_->empty() ? ConnectPhase::url : attempts_->back().phase;
}

boost::system::error_code ConnectError::cause() const noexcept
{
    return attempts_->empty() ? make_error_code(errc::connect_failed) : attempts_->back().code;
}

InvalidConfig::InvalidConfig(std::string field, std::string value, std::string const& reason)
    : StompErrorOf(errc::invalid_config, field + " is " + value + ": " + reason, Outcome::not_sent),
      field_(std::move(field)), value_(std::move(value))
{
}

LostReceipt::LostReceipt(std::string receipt_id, std::chrono::milliseconds limit, Outcome outcome,
                         std::shared_ptr<StompError const> cause)
    : StompErrorOf(errc::lost_receipt,
                   "no receipt '" + receipt_id + "' within " + std::to_string(limit.count()) + " ms" +
                       (cause ? std::string(", but an ERROR: ") + cause->what() : std::string()),
                   outcome),
      receipt_id_(std::move(receipt_id)), limit_(limit), cause_(std::move(cause))
{
}

ConnectionLost::ConnectionLost(boost::system::error_code cause, std::string const& what, Outcome outcome)
    : StompErrorOf(errc::connection_lost, what, outcome), cause_(cause)
{
}

ConnectionLost::ConnectionLost(PeerClosed const& cause, std::string const& what)
    : StompErrorOf(errc::connection_lost,
                   cause.reason().empty() ? what : what + ": " + detail::peer_text(cause.reason()), Outcome::unknown),
      cause_(cause.code()), close_reason_(std::make_shared<std::string const>(cause.reason()))
{
}

SlowConsumer::SlowConsumer(std::string const& destination, std::size_t messages, std::size_t bytes)
    : StompErrorOf(errc::slow_consumer,
                   "the consumer of '" + destination + "' leaves " + std::to_string(messages) + " messages of " +
                       std::to_string(bytes) + " bytes in the buffer",
                   Outcome::unknown),
      messages_(messages), bytes_(bytes)
{
}

StaleMessage::StaleMessage()
    : StompErrorOf(errc::stale_message,
                   "the message was settled before, or its subscription or connection is gone and the broker delivers "
                   "it again",
                   Outcome::not_sent)
{
}

OperationInProgress::OperationInProgress(std::string const& what)
    : StompErrorOf(errc::operation_in_progress, what, Outcome::not_sent)
{
}

SessionClosed::SessionClosed(std::string const& what, Outcome outcome)
    : StompErrorOf(errc::session_closed, what, outcome)
{
}

Timeout::Timeout(std::chrono::nanoseconds limit)
    : StompErrorOf(errc::timeout,
                   "not over within " +
                       std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) + " ms",
                   Outcome::unknown),
      limit_(limit)
{
}

} // namespace arbalest
