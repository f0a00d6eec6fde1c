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
    /// Takes code and outcome from the exception where it has them; any other exception has errc::connection_lost.
    explicit Failure(std::exception_ptr exception);

    boost::system::error_code code() const noexcept { return code_; }
    Outcome outcome() const noexcept { return outcome_; }
    std::exception_ptr const& exception() const noexcept { return exception_; }
    /// What the exception's what() says; empty when there is none.
    std::string what() const;
    /// Throws the exception as its own type.
    [[noreturn]] void raise() const { std::rethrow_exception(exception_); }
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
