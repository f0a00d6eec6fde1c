#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

// co_spawn() by itself allocates once more when the operation has ended; a failure of that leaves io_context::run() and
// the completion handler is never called.
namespace arbalest::detail {

/// What an operation came to.
template <class T>
struct OperationResult
{
    std::exception_ptr error;
    std::optional<T> value;
};

/// Runs a function at once, without an allocation.
class InlineExecutor
{
public:
    template <class Function>
    void execute(Function&& function) const
    {
        std::decay_t<Function> taken(std::forward<Function>(function));
        taken();
    }
    friend bool operator==(InlineExecutor const&, InlineExecutor const&) noexcept { return true; }
    friend bool operator!=(InlineExecutor const&, InlineExecutor const&) noexcept { return false; }
};

/// An initiation that completes at once. Asio calls it after the coroutine was suspended, so that is allowed.
struct CompleteInline
{
    template <class Handler>
    void operator()(Handler handler) const
    {
        std::move(handler)();
    }
};

/// Runs an operation of somebody else's, which every type of cancellation reaches.
template <class T, class State>
boost::asio::awaitable<void> run_operation(std::shared_ptr<State> state, boost::asio::awaitable<T> operation)
{
    try {
        co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation(),
                                                                  boost::asio::enable_total_cancellation());
        state->result->value.emplace(co_await std::move(operation));
    } catch (...) {
        state->result->error = std::current_exception();
    }
    // A coroutine that was suspended once need not be posted by co_spawn() before it completes.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    co_await boost::asio::async_initiate<boost::asio::deferred_t const, void()>(CompleteInline(),
                                                                                boost::asio::deferred);
}

/// A completion handler that calls `State::finished()`, or `State::lost()` when it is destroyed before.
template <class State>
class OperationEnd
{
public:
    explicit OperationEnd(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
    OperationEnd(OperationEnd&&) noexcept = default;
    OperationEnd& operator=(OperationEnd&&) = delete;
    ~OperationEnd()
    {
        if (state_)
            state_->lost();
    }

    void operator()(std::exception_ptr) { std::exchange(state_, nullptr)->finished(); }

private:
    std::shared_ptr<State> state_;
};

/// Runs an operation on an executor, whose first steps may be taken right here. Its result is written to
/// `*state->result`, then `state->finished()` is called on that executor.
///
/// @throws std::bad_alloc, for instance: then the operation was destroyed or will be, and finished() is not called.
template <class T, class State>
void spawn_operation(boost::asio::any_io_executor const& executor, boost::asio::awaitable<T> operation,
                     boost::asio::cancellation_slot slot, std::shared_ptr<State> state)
{
    auto running = run_operation(state, std::move(operation));
    boost::asio::co_spawn(
        executor, std::move(running),
        boost::asio::bind_cancellation_slot(
            slot, boost::asio::bind_executor(InlineExecutor(), OperationEnd<State>(std::move(state)))));
}

/// The handler that `co_await` makes for an operation which completes with an Argument. Keeping one by its own type
/// takes no allocation.
template <class Argument>
using AwaitableHandler =
    typename boost::asio::async_result<boost::asio::use_awaitable_t<>, void(Argument)>::handler_type;

} // namespace arbalest::detail
