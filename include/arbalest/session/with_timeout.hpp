#pragma once

#include <arbalest/session/error.hpp>
#include <arbalest/session/impl/spawn_operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace arbalest {

namespace detail {

/// An operation that runs beside a timer. Whichever ends first ends the other; a result wins over a timeout. What fails
/// for want of memory ends the operation, or the wait for it.
template <class T>
struct TimedRun : std::enable_shared_from_this<TimedRun<T>>
{
    // The coroutine that waits gets the run only with the result: if it held the run while the run holds it, both would
    // outlive an io_context that is destroyed meanwhile.
    using Handler = AwaitableHandler<std::shared_ptr<TimedRun>>;

    TimedRun(boost::asio::any_io_executor executor, boost::asio::awaitable<T> operation)
        : executor(executor), timer(executor), operation(std::move(operation))
    {
    }

    void start(std::chrono::nanoseconds limit)
    {
        auto self = this->shared_from_this();
        // The timer first: when it fails, nothing has begun.
        if (limit.count() > 0)
            expire_after(limit);
        auto taken = std::move(*operation);
        operation.reset();
        spawn_operation(executor, std::move(taken), signal.slot(), self);
        if (limit.count() > 0)
            return;
        try {
            // Behind the operation's first steps, which take what is ready: here, or on another executor.
            boost::asio::post(executor, [self] { self->expire(); });
        } catch (...) {
            expire();
        }
    }

    /// Completes without the operation. The coroutine that waits goes on inside of this call.
    void fail(std::exception_ptr cause)
    {
        done = true;
        timer.cancel();
        if (!result->value && !result->error)
            result->error = cause;
        complete();
    }

    void finished()
    {
        done = true;
        signal.slot().clear();
        timer.cancel();
        try {
            boost::asio::post(executor, [self = this->shared_from_this()] { self->complete(); });
        } catch (...) {
            complete();
        }
    }

    /// The operation's coroutine was destroyed: something that it awaited has failed to start.
    void lost() noexcept
    {
        if (done)
            return;
        is_lost = true;
        try {
            boost::asio::post(executor, [self = this->shared_from_this()] { self->expire(); });
        } catch (...) {
            // Then the timer ends it.
        }
    }

    void expire_after(std::chrono::nanoseconds time)
    {
        timer.expires_after(time);
        timer.async_wait([self = this->shared_from_this()](boost::system::error_code code) {
            if (!code)
                self->expire();
        });
    }

    void expire()
    {
        if (done || (cancelled && !is_lost))
            return;
        timed_out = true;
        if (is_lost) {
            fail(std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted)));
            return;
        }
        try {
            signal.emit(boost::asio::cancellation_type::terminal);
        } catch (...) {
            try {
                expire_after(std::chrono::milliseconds(1));
            } catch (...) {
                fail(std::current_exception());
            }
        }
    }

    void cancel(boost::asio::cancellation_type type)
    {
        if (done)
            return;
        auto const self = this->shared_from_this();
        signal.emit(type);
        // An operation may ignore the others, and then still be bounded.
        cancelled =
            cancelled || (type & boost::asio::cancellation_type::terminal) != boost::asio::cancellation_type::none;
    }

    void complete()
    {
        if (!handler)
            return;
        Handler last(std::move(*handler));
        handler.reset();
        last.get_cancellation_slot().clear();
        std::move(last)(this->shared_from_this());
    }

    boost::asio::any_io_executor executor;
    boost::asio::steady_timer timer;
    std::optional<boost::asio::awaitable<T>> operation;
    boost::asio::cancellation_signal signal;
    std::optional<Handler> handler;
    bool done = false;
    bool timed_out = false;
    bool cancelled = false; // by the caller, before the limit
    bool is_lost = false;
    std::shared_ptr<OperationResult<T>> const result = std::make_shared<OperationResult<T>>();
};

struct StartTimedRun
{
    template <class Handler, class T>
    void operator()(Handler handler, std::shared_ptr<TimedRun<T>> run, std::chrono::nanoseconds limit) const
    {
        // What an initiation throws would leave io_context::run().
        run->handler.emplace(std::move(handler));
        try {
            auto slot = run->handler->get_cancellation_slot();
            if (slot.is_connected()) {
                slot.assign([weak = std::weak_ptr<TimedRun<T>>(run)](boost::asio::cancellation_type type) {
                    if (auto const run = weak.lock())
                        run->cancel(type);
                });
            }
            run->start(limit);
        } catch (...) {
            run->fail(std::current_exception());
        }
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
    if (run->result->value)
        co_return std::move(*run->result->value);
    if (!run->timed_out)
        std::rethrow_exception(run->result->error);
    try {
        std::rethrow_exception(run->result->error);
    } catch (...) {
        // Each kind of operation has an error of its own for having been cancelled.
        std::throw_with_nested(Timeout(limit));
    }
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

/// As with_timeout(), for a limit of the configuration, where zero means no limit.
template <class T>
boost::asio::awaitable<T> with_configured_timeout(std::chrono::nanoseconds limit, boost::asio::awaitable<T> operation);

} // namespace detail

/// Bounds any wait: runs the operation for no longer than `limit`, then cancels it.
///
/// @param limit when it is zero or negative, the operation takes what is ready, and otherwise times out at once.
/// @param operation of any kind.
/// @returns what the operation returns, also when it completes while it is being cancelled: nothing is lost.
/// @throws Timeout when the operation fails after the limit, for whatever cause, which is nested in it
/// (std::rethrow_if_nested); what the operation throws before; std::bad_alloc when there is no memory to start it.
///
/// Cancellation of each type is handed on to the operation, which says what it means. The limit is terminal
/// cancellation. Completes on the caller's executor, which must not run handlers in several threads at once: a strand,
/// or one thread.
template <class T>
boost::asio::awaitable<T> with_timeout(std::chrono::nanoseconds limit, boost::asio::awaitable<T> operation)
{
    if constexpr (std::is_void_v<T>)
        return detail::without_monostate(detail::run_timed(limit, detail::with_monostate(std::move(operation))));
    else
        return detail::run_timed(limit, std::move(operation));
}

template <class T>
boost::asio::awaitable<T> detail::with_configured_timeout(std::chrono::nanoseconds limit,
                                                          boost::asio::awaitable<T> operation)
{
    if (limit.count() <= 0)
        return operation;
    return with_timeout(limit, std::move(operation));
}

} // namespace arbalest
