#pragma once

#include "session_executor.hpp"
#include <arbalest/session/error.hpp>
#include <arbalest/session/with_timeout.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
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

/// What an operation on another executor came to.
template <class T>
struct RunOnResult
{
    std::exception_ptr error;
    std::optional<T> value;
};

/// What both executors share while an operation runs on the other one. Everything but `handler` is touched on the
/// target executor only, and after completion on the caller's.
template <class T>
struct RunOnState : std::enable_shared_from_this<RunOnState<T>>
{
    // The coroutine that waits gets the result only: if it held this state while the state holds it, both would outlive
    // an io_context that is destroyed meanwhile.
    using Handler = boost::asio::any_completion_handler<void(std::shared_ptr<RunOnResult<T>>)>;

    RunOnState(boost::asio::any_io_executor caller, std::shared_ptr<SessionExecutor> target,
               boost::asio::awaitable<T> operation, Cancellations cancellations)
        : caller(boost::asio::prefer(caller, boost::asio::execution::outstanding_work.tracked)),
          target(std::move(target)), operation(std::move(operation)), cancellations(cancellations)
    {
    }
    RunOnState(RunOnState const&) = delete;
    RunOnState& operator=(RunOnState const&) = delete;

    // The target's context has gone, and the operation with it: the caller is told, and not left behind.
    ~RunOnState()
    {
        if (!handler)
            return;
        try {
            result->error = std::make_exception_ptr(SessionClosed("the io_context of the session is gone"));
            complete();
        } catch (...) {
            // Then its coroutine is destroyed with the handler.
        }
    }

    void start()
    {
        auto self = this->shared_from_this();
        boost::asio::co_spawn(
            target->get(), accept_all_cancellations(std::move(*operation)),
            boost::asio::bind_cancellation_slot(signal.slot(), [self](std::exception_ptr thrown, T value) {
                self->done = true;
                self->signal.slot().clear();
                self->result->error = thrown;
                if (!thrown)
                    self->result->value.emplace(std::move(value));
                self->complete();
            }));
        operation.reset();
    }

    void cancel(boost::asio::cancellation_type type)
    {
        if (!done)
            signal.emit(cancellations == Cancellations::all_terminal ? boost::asio::cancellation_type::terminal : type);
    }

    void complete()
    {
        boost::asio::post(caller, [last = std::move(*handler), result = result]() mutable {
            boost::asio::get_associated_cancellation_slot(last).clear();
            std::move(last)(std::move(result));
        });
        handler.reset();
    }

    boost::asio::any_io_executor caller;
    std::shared_ptr<SessionExecutor> target;
    std::optional<boost::asio::awaitable<T>> operation;
    Cancellations cancellations;
    boost::asio::cancellation_signal signal;
    std::optional<Handler> handler;
    bool done = false;
    std::shared_ptr<RunOnResult<T>> result = std::make_shared<RunOnResult<T>>();
};

struct StartRunOn
{
    template <class Handler, class T>
    void operator()(Handler handler, std::shared_ptr<RunOnState<T>> state) const
    {
        state->handler.emplace(std::move(handler));
        // Asked for only now: the erased handler puts a state of its own into the caller's slot.
        auto slot = boost::asio::get_associated_cancellation_slot(*state->handler);
        if (slot.is_connected()) {
            // The caller's slot only posts: the operation lives on the other executor, and may be over by the time.
            slot.assign([weak = std::weak_ptr<RunOnState<T>>(state)](boost::asio::cancellation_type type) {
                if (auto const state = weak.lock())
                    state->target->post([state, type] { state->cancel(type); });
            });
        }
        // If its io_context is gone, the state is destroyed here, which tells the caller so.
        state->target->post([state] { state->start(); });
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
