#pragma once

#include <arbalest/session/failure.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>

#include <exception>
#include <type_traits>
#include <utility>

namespace arbalest {

/// InlineBudget the exceptions of an operation into values: `auto r = co_await as_result(session.send(…)); if (!r) …`.
/// Cancellation of each type is the operation's; completes as the operation does, on the caller's executor.
/// @param operation any awaitable; it is started when the result is awaited.
/// @returns a boost::system::result with the operation's value or a Failure; `value()` rethrows the failure as its own
/// type. A cancellation is a Failure with `operation_aborted`.
template <class T>
boost::asio::awaitable<boost::system::result<T, Failure>> as_result(boost::asio::awaitable<T> operation)
{
    std::exception_ptr failure;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(operation);
            co_return boost::system::result<void, Failure>();
        } else {
            auto value = co_await std::move(operation);
            boost::system::result<T, Failure> result(boost::system::in_place_value, std::move(value));
            co_return result;
        }
    } catch (...) {
        failure = std::current_exception();
    }
    // In place, because a Failure could be taken for a bool.
    boost::system::result<T, Failure> result(boost::system::in_place_error, failure);
    co_return result;
}

} // namespace arbalest
