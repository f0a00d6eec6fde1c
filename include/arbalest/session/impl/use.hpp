#pragma once

#include <arbalest/session/stomp_client.hpp>

#include <exception>

namespace arbalest {

namespace detail {

template <class Result, class Function>
boost::asio::awaitable<Result> run_with_session(StompClient client, std::string url, Function function)
{
    auto session = co_await client.connect(url);
    std::exception_ptr failure;
    try {
        if constexpr (std::is_void_v<Result>) {
            co_await function(session);
            co_await session.disconnect();
            co_return;
        } else {
            auto result = co_await function(session);
            co_await session.disconnect();
            co_return result;
        }
    } catch (...) {
        failure = std::current_exception();
    }
    // After a cancellation nothing more can be awaited here; the session then disconnects by itself.
    session.start_disconnect();
    auto const cancelled = co_await boost::asio::this_coro::cancellation_state;
    if (cancelled.cancelled() == boost::asio::cancellation_type::none)
        co_await session.closed();
    std::rethrow_exception(failure);
}

} // namespace detail

template <class Function>
std::invoke_result_t<Function&, StompSession> StompClient::use(std::string_view url, Function function) const
{
    using Result = typename std::invoke_result_t<Function&, StompSession>::value_type;
    return detail::run_with_session<Result>(*this, std::string(url), std::move(function));
}

} // namespace arbalest
