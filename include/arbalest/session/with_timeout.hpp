#pragma once

#include <arbalest/session/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace arbalest {

namespace detail {

/// An operation that runs beside a timer. Whichever ends first ends the other; a result wins over a timeout.
template <class T>
struct TimedRun : std::enable_shared_from_this<TimedRun<T>>
{
    // The coroutine that waits gets the run only with the result: if it held the run while the run holds it, both would
    // outlive an io_context that is destroyed meanwhile.
    using Handler = boost::asio::any_completion_handler<void(std::shared_ptr<TimedRun>)>;

    TimedRun(boost::asio::any_io_executor executor, boost::asio::awaitable<T> operation)
        : executor(executor), timer(executor), operation(std::move(operation))
    {
    }

    void start(std::chrono::nanoseconds limit)
    {
        auto self = this->shared_from_this();
        boost::asio::co_spawn(
            executor, std::move(*operation),
            boost::asio::bind_cancellation_slot(signal.slot(), [self](std::exception_ptr thrown, T value) {
                self->done = true;
                self->signal.slot().clear();
                self->timer.cancel();
                self->error = thrown;
                if (!thrown)
                    self->result.emplace(std::move(value));
                boost::asio::post(self->executor, [self] { self->complete(); });
            }));
        operation.reset();
        timer.expires_after(limit);
        timer.async_wait([self](boost::system::error_code code) {
            if (code || self->done)
                return;
            self->timed_out = true;
            self->signal.emit(boost::asio::cancellation_type::terminal);
        });
    }

    void complete()
    {
        boost::asio::get_associated_cancellation_slot(*handler).clear();
        Handler last(std::move(*handler));
        handler.reset();
        std::move(last)(this->shared_from_this());
    }

    boost::asio::any_io_executor executor;
    boost::asio::steady_timer timer;
    std::optional<boost::asio::awaitable<T>> operation;
    boost::asio::cancellation_signal signal;
    std::optional<Handler> handler;
    bool done = false;
    bool timed_out = false;
    std::exception_ptr error;
    std::optional<T> result;
};

struct StartTimedRun
{
    template <class Handler, class T>
    void operator()(Handler handler, std::shared_ptr<TimedRun<T>> run, std::chrono::nanoseconds limit) const
    {
        run->handler.emplace(std::move(handler));
        // Asked for only now: the erased handler puts a state of its own into the caller's slot.
        auto slot = boost::asio::get_associated_cancellation_slot(*run->handler);
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr<TimedRun<T>>(run)](boost::asio::cancellation_type type) {
                auto const run = weak.lock();
                if (run && !run->done)
                    run->signal.emit(type);
            });
        }
        run->start(limit);
    }
};

template <class T>
boost::asio::awaitable<T> run_timed(std::chrono::nanoseconds limit, boost::asio::awaitable<T> operation)
{
    auto const executor = co_await boost::asio::this_coro::executor;
    auto started = std::make_shared<TimedRun<T>>(executor, std::move(operation));
    auto const run =
        co_await boost::asio::async_initiate<boost::asio::use_awaitable_t<> const, void(std::shared_ptr<TimedRun<T>>)>(
            StartTimedRun(), boost::asio::use_awaitable, std::move(started), limit);
    if (run->result)
        co_return std::move(*run->result);
    if (run->timed_out) {
        try {
            std::rethrow_exception(run->error);
        } catch (boost::system::system_error const& error) {
            if (error.code() == boost::asio::error::operation_aborted)
                throw Timeout(limit);
            throw;
        }
    }
    std::rethrow_exception(run->error);
}

inline boost::asio::awaitable<std::monostate> with_monostate(boost::asio::awaitable<void> operation)
{
    co_await std::move(operation);
    co_return std::monostate();
}

inline boost::asio::awaitable<void> without_monostate(boost::asio::awaitable<std::monostate> operation)
{
    co_await std::move(operation);
}

} // namespace detail

/// Bounds any wait: runs the operation for no longer than `limit`, then cancels it.
///
/// @param limit zero or less means no limit. @param operation of any kind; its result type must be
/// default-constructible.
/// @returns what the operation returns, also when it completes while it is being cancelled: nothing is lost.
/// @throws Timeout when the limit has passed; what the operation throws. Cancelling cancels the operation. Completes on
/// the caller's executor, which must not run handlers in several threads at once: a strand, or one thread.
template <class T>
boost::asio::awaitable<T> with_timeout(std::chrono::nanoseconds limit, boost::asio::awaitable<T> operation)
{
    if (limit.count() <= 0)
        return operation;
    if constexpr (std::is_void_v<T>)
        return detail::without_monostate(detail::run_timed(limit, detail::with_monostate(std::move(operation))));
    else
        return detail::run_timed(limit, std::move(operation));
}

} // namespace arbalest
