#include "../protocol/peer_text.hpp"
#include <arbalest/engine/error.hpp>

#include <utility>

namespace arbalest {

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

ConnectionLost::ConnectionLost(boost::system::error_code cause, std::string const& what, std::string close_reason)
    : StompErrorOf(errc::connection_lost, close_reason.empty() ? what : what + ": " + detail::peer_text(close_reason),
                   Outcome::unknown),
      cause_(cause), close_reason_(std::make_shared<std::string const>(std::move(close_reason)))
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

SessionClosed::SessionClosed(std::string const& what, Outcome outcome)
    : StompErrorOf(errc::session_closed, what, outcome)
{
}

} // namespace arbalest
