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

OperationInProgress::OperationInProgress(std::string const& what)
    : StompErrorOf(errc::operation_in_progress, what, Outcome::not_sent)
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
