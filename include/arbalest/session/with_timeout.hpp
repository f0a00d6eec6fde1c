#pragma once

#include <arbalest/session/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
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

/// For a coroutine that is spawned to run an operation of somebody else's: every type of cancellation reaches that.
template <class T>
boost::asio::awaitable<T> accept_all_cancellations(boost::asio::awaitable<T> operation)
{
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation(),
                                                              boost::asio::enable_total_cancellation());
    co_return co_await std::move(operation);
}

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
            executor, accept_all_cancellations(std::move(*operation)),
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
        if (limit.count() <= 0) {
            // Behind the operation's first steps, which take what is ready: here, or on another executor.
            boost::asio::post(executor, [self] { self->expire(); });
            return;
        }
        timer.expires_after(limit);
        timer.async_wait([self](boost::system::error_code code) {
            if (!code)
                self->expire();
        });
    }

    void expire()
    {
        if (done || cancelled)
            return;
        timed_out = true;
        signal.emit(boost::asio::cancellation_type::terminal);
    }

    void cancel(boost::asio::cancellation_type type)
    {
        if (done)
            return;
        // An operation may ignore the others, and then still be bounded.
        cancelled =
            cancelled || (type & boost::asio::cancellation_type::terminal) != boost::asio::cancellation_type::none;
        signal.emit(type);
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
    bool cancelled = false; // by the caller, before the limit
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
                if (auto const run = weak.lock())
                    run->cancel(type);
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
    if (!run->timed_out)
        std::rethrow_exception(run->error);
    try {
        std::rethrow_exception(run->error);
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
/// @param operation of any kind; its result type must be default-constructible.
/// @returns what the operation returns, also when it completes while it is being cancelled: nothing is lost.
/// @throws Timeout when the operation fails after the limit, for whatever cause, which is nested in it
/// (std::rethrow_if_nested); what the operation throws before.
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
