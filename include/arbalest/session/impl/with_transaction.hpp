#pragma once

#include <arbalest/session/stomp_session.hpp>

#include <exception>

namespace arbalest {

namespace detail {

// A failure of ABORT must not hide why it was needed, and must not come between the exception and its handler.
ARBALEST_DECL boost::asio::awaitable<void> abort_quietly(Transaction& transaction);

template <class Result, class Function>
boost::asio::awaitable<Result> run_in_transaction(StompSession session, Function function)
{
    auto transaction = co_await session.begin();
    std::exception_ptr failure;
    try {
        if constexpr (std::is_void_v<Result>) {
            co_await function(transaction);
            co_await transaction.commit();
            co_return;
        } else {
            auto result = co_await function(transaction);
            co_await transaction.commit();
            co_return result;
        }
    } catch (...) {
        failure = std::current_exception();
    }
    co_await abort_quietly(transaction);
    std::rethrow_exception(failure);
}

} // namespace detail

template <class Function>
std::invoke_result_t<Function&, Transaction&> StompSession::with_transaction(Function function) const
{
    using Result = typename std::invoke_result_t<Function&, Transaction&>::value_type;
    return detail::run_in_transaction<Result>(*this, std::move(function));
}

} // namespace arbalest
