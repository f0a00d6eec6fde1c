#include "wait_queue.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace arbalest::classic::detail {

namespace asio = boost::asio;

asio::awaitable<bool> WaitQueue::async_wait(std::shared_ptr<WaitQueue> self, std::chrono::nanoseconds limit, Take take)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const end = end_of(limit);
    Waiter waiter(*self, executor, end);
    for (;;) {
        {
            std::lock_guard const lock(self->mutex_);
            waiter.called = false;
            if (take())
                co_return true;
            if (Clock::now() >= end)
                co_return false;
        }
        boost::system::error_code code;
        auto token = asio::redirect_error(asio::use_awaitable, code);
        co_await asio::async_initiate<decltype(token), void(boost::system::error_code)>(StartWaiting(), token, &waiter);
        auto const cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
}

} // namespace arbalest::classic::detail
