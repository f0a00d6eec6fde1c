#pragma once

#include "session_impl.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <utility>

// What every operation begins with.
namespace arbalest::detail {

[[noreturn]] void refuse(SessionImpl const* impl);

inline void require(std::shared_ptr<SessionImpl> const& impl)
{
    if (!impl || !impl->is_alive())
        refuse(impl.get());
}

inline void add_headers(Frame& frame, FrameOptions const& options)
{
    for (auto const& [name, value] : options.headers())
        frame.set_header(name, value);
}

/// What add_headers() will make of that header; nullptr when it is not given.
inline std::string const* find_header(FrameOptions const& options, std::string_view name)
{
    std::string const* found = nullptr;
    for (auto const& [given, value] : options.headers()) {
        if (given == name)
            found = &value;
    }
    return found;
}

/// Refuses a header that must be as the operation sets it.
inline void refuse_other(FrameOptions const& options, std::string_view name, std::string_view own)
{
    if (auto const* const given = find_header(options, name); given && *given != own)
        throw InvalidFrame("the operation itself sets this header, to another value", std::string(name));
}

inline TransmitOptions transmit_options(FrameOptions const& options)
{
    TransmitOptions result;
    result.with_receipt = options.wants_receipt();
    result.set_timeout(options.receipt_timeout());
    return result;
}

inline TransmitOptions transmit_options(OutgoingMessage const& message)
{
    TransmitOptions result;
    result.with_receipt = message.wants_receipt();
    result.no_destination = !message.has_destination();
    result.set_timeout(message.receipt_timeout());
    return result;
}

/// Where throw_if_cancelled is off: does what is left of it, for those cancellations that the wait does not ignore.
inline void check_cancelled(boost::asio::cancellation_state const& state, CancellationRule const& rule)
{
    if (rule.ends_wait(state.cancelled()))
        throw boost::system::system_error(boost::asio::error::operation_aborted);
}

/// Hands a failure on as a value.
inline boost::asio::awaitable<std::exception_ptr> as_exception_ptr(boost::asio::awaitable<void> operation)
{
    std::exception_ptr failure;
    try {
        co_await std::move(operation);
    } catch (...) {
        failure = std::current_exception();
    }
    co_return failure;
}

/// Hopping needs a value, users none.
inline boost::asio::awaitable<void> without_value(boost::asio::awaitable<bool> operation)
{
    co_await std::move(operation);
}

} // namespace arbalest::detail
