#pragma once

#include <arbalest/engine/error.hpp>
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

/// The object serves one operation of this kind at a time, and one is waiting already.
class ARBALEST_DECL OperationInProgress : public StompErrorOf<OperationInProgress>
{
public:
    explicit OperationInProgress(std::string const& what);
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
