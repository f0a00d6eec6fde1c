#pragma once

#include "memory_reserve.hpp"
#include "session_executor.hpp"
#include <arbalest/session/error.hpp>
#include <arbalest/session/impl/spawn_operation.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace arbalest::detail {

/// What becomes of a cancellation on its way to an operation.
enum class Cancellations : std::uint8_t {
    as_given,
    all_terminal, ///< For what supports terminal cancellation only, and leaves nothing behind then.
};

/// What an operation on another executor came to, and the coroutine that waits for it.
template <class T>
struct RunOnResult : OperationResult<T>
{
    using Handler = AwaitableHandler<std::shared_ptr<RunOnResult>>;

    std::optional<Handler> handler;
};

/// What both executors share while an operation runs on the other one. It is touched on the target executor only, and
/// the result on the caller's after completion.
template <class T>
struct RunOnState : std::enable_shared_from_this<RunOnState<T>>
{
    RunOnState(boost::asio::any_io_executor caller, std::shared_ptr<SessionExecutor> target,
               boost::asio::awaitable<T> operation, Cancellations cancellations)
        : caller(boost::asio::prefer(caller, boost::asio::execution::outstanding_work.tracked)),
          target(std::move(target)), operation(std::move(operation)), cancellations(cancellations)
    {
    }
    RunOnState(RunOnState const&) = delete;
    RunOnState& operator=(RunOnState const&) = delete;

    // The target's context has gone, or had no memory to go on, and the operation ended with it: the caller is told,
    // and not left behind.
    ~RunOnState()
    {
        reserve.give_back();
        if (!completed && result->handler)
            fail(std::make_exception_ptr(SessionClosed("the io_context of the session is gone")));
    }

    void start()
    {
        try {
            auto taken = std::move(*operation);
            operation.reset();
            spawn_operation(target->get(), std::move(taken), signal.slot(), this->shared_from_this());
        } catch (...) {
            fail(std::current_exception());
        }
    }

    void fail(std::exception_ptr cause)
    {
        done = true;
        if (!result->value && !result->error)
            result->error = cause;
        complete();
    }

    void finished()
    {
        done = true;
        signal.slot().clear();
        complete();
    }

    /// The destructor tells the caller.
    void lost() noexcept {}

    void cancel(boost::asio::cancellation_type type)
    {
        if (cancellations == Cancellations::all_terminal)
            type = boost::asio::cancellation_type::terminal;
        reserve.run([this, type] {
            if (!done)
                signal.emit(type);
        });
    }

    /// Where there is no memory for it, the destructor tries again.
    void complete() noexcept
    {
        if (completed)
            return;
        reserve.run([this] {
            boost::asio::post(caller, [result = result]() mutable { resume_caller(std::move(result)); });
            completed = true;
        });
    }

    /// On the caller's executor.
    static void resume_caller(std::shared_ptr<RunOnResult<T>> result)
    {
        auto last = std::move(*result->handler);
        result->handler.reset();
        last.get_cancellation_slot().clear();
        std::move(last)(std::move(result));
    }

    boost::asio::any_io_executor caller;
    std::shared_ptr<SessionExecutor> target;
    std::optional<boost::asio::awaitable<T>> operation;
    Cancellations cancellations;
    boost::asio::cancellation_signal signal;
    bool done = false;
    bool completed = false;
    /// The coroutine that waits gets this only with the result: if it held it while this holds the coroutine, both
    /// would outlive an io_context that is destroyed meanwhile.
    std::shared_ptr<RunOnResult<T>> result = std::make_shared<RunOnResult<T>>();
    MemoryReserve reserve;
};

struct StartRunOn
{
    template <class Handler, class T>
    void operator()(Handler handler, std::shared_ptr<RunOnState<T>> state) const
    {
        // What an initiation throws would leave io_context::run().
        state->result->handler.emplace(std::move(handler));
        try {
            auto slot = state->result->handler->get_cancellation_slot();
            if (slot.is_connected()) {
                // The caller's slot only posts: the operation lives on the other executor, and may be over by the time.
                slot.assign([weak = std::weak_ptr<RunOnState<T>>(state)](boost::asio::cancellation_type type) {
                    auto const state = weak.lock();
                    if (!state)
                        return;
                    // An exception would leave run(), if the caller was cancelled through another executor.
                    state->reserve.run([&] { state->target->post([state, type] { state->cancel(type); }); });
                });
            }
            // If its io_context is gone, the state is destroyed here, which tells the caller so.
            state->target->post([state] { state->start(); });
        } catch (...) {
            state->completed = true;
            state->result->error = std::current_exception();
            RunOnState<T>::resume_caller(state->result);
        }
    }
};

/// Runs an operation on the executor of a session and completes on the caller's. Cancellation crosses in one direction,
/// the result in the other; neither can meet a dead object.
template <class T>
boost::asio::awaitable<T> run_on(std::shared_ptr<SessionExecutor> target, boost::asio::awaitable<T> operation,
                                 Cancellations cancellations = Cancellations::as_given)
{
    auto const caller = co_await boost::asio::this_coro::executor;
    auto started = std::make_shared<RunOnState<T>>(caller, std::move(target), std::move(operation), cancellations);
    auto const result = co_await boost::asio::async_initiate<boost::asio::use_awaitable_t<> const,
                                                             void(std::shared_ptr<RunOnResult<T>>)>(
        StartRunOn(), boost::asio::use_awaitable, std::move(started));
    if (result->error)
        std::rethrow_exception(result->error);
    co_return std::move(*result->value);
}

} // namespace arbalest::detail
