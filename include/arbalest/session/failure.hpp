#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/error.hpp>

#include <boost/system/error_code.hpp>

#include <exception>
#include <string>

namespace arbalest {

/// A failure as a value: what an exception would have said.
class ARBALEST_DECL Failure
{
public:
    /// None.
    Failure() noexcept = default;
    /// Takes code and outcome from the exception where it has them; any other exception has errc::connection_lost and
    /// Outcome::unknown.
    explicit Failure(std::exception_ptr exception);

    /// The exception's code: an errc, or `operation_aborted` of a cancelled operation. No error when there is none.
    boost::system::error_code code() const noexcept { return code_; }
    /// Whether the frame of the failed operation was sent.
    Outcome outcome() const noexcept { return outcome_; }
    /// The exception itself; nullptr when there is none.
    std::exception_ptr const& exception() const noexcept { return exception_; }
    /// What the exception's what() says; empty when there is none.
    std::string what() const;
    /// Throws the exception as its own type. There must be one.
    [[noreturn]] void raise() const { std::rethrow_exception(exception_); }
    /// Whether there is a failure.
    explicit operator bool() const noexcept { return exception_ != nullptr; }

private:
    boost::system::error_code code_;
    Outcome outcome_ = Outcome::unknown;
    std::exception_ptr exception_;
};

/// For boost::system::result: value() on a failed result throws the failure as its own type.
[[noreturn]] inline void throw_exception_from_error(Failure const& failure, boost::source_location const&)
{
    failure.raise();
}

} // namespace arbalest
