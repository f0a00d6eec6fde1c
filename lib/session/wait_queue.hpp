#pragma once

#include "trip.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/system/error_code.hpp>

#include <optional>
#include <utility>

namespace arbalest::detail {

class WaitQueue;

/// One suspended coroutine: lives in its frame. Waking is always posted, never done inside the waker.
class Waiter : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
{
public:
    using Handler = boost::asio::any_completion_handler<void(boost::system::error_code)>;

    Waiter() = default;
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;

    bool waiting() const noexcept { return handler_.has_value(); }

    /// Lets the coroutine go on, with an error code that wait() then throws.
    void wake(boost::asio::any_io_executor const& executor, boost::system::error_code code = {})
    {
        auto handler = release();
        if (!handler)
            return;
        auto completion = boost::asio::append(std::move(*handler), code);
        // Asking an erased handler for its executor allocates four times.
        if (on_same_executor_)
            post_here(executor, std::move(completion));
        else
            boost::asio::post(executor, std::move(completion));
    }

    /// Lets the coroutine go on right here, inside of the caller. Only for coroutines of ours that run where the caller
    /// runs, and where the caller is ready for whatever they do.
    void resume()
    {
        auto handler = release();
        if (handler)
            std::move (*handler)(boost::system::error_code());
    }

    /// Takes the coroutine out; destroying what is returned destroys the coroutine.
    std::optional<Handler> release()
    {
        unlink();
        std::optional<Handler> handler;
        if (handler_) {
            boost::asio::get_associated_cancellation_slot(*handler_).clear();
            // Not moved by assignment: that of any_completion_handler never ends in Boost 1.81.
            handler.emplace(std::move(*handler_));
            handler_.reset();
        }
        return handler;
    }

private:
    friend struct StartWaiting;
    std::optional<Handler> handler_;
    bool on_same_executor_ = false; // the coroutine lives where it is woken
};

struct StartWaiting
{
    template <class Handler, class Queue>
    void operator()(Handler handler, Waiter* waiter, Queue* queue, boost::asio::any_io_executor const* executor) const
    {
        waiter->on_same_executor_ = boost::asio::get_associated_executor(handler) == *executor;
        waiter->handler_.emplace(std::move(handler));
        // Asked for only now: the erased handler puts a state of its own into the caller's slot.
        auto slot = boost::asio::get_associated_cancellation_slot(*waiter->handler_);
        queue->push_back(*waiter);
        if (slot.is_connected()) {
            slot.assign([waiter, executor](boost::asio::cancellation_type type) {
                if (type != boost::asio::cancellation_type::none)
                    waiter->wake(*executor, boost::asio::error::operation_aborted);
            });
        }
    }
};

/// Coroutines that wait for the same thing, in the order in which they came. All on one executor.
class WaitQueue
{
public:
    /// To be awaited: suspends until woken. `waiter`, this queue and the executor must live until then; the caller's
    /// frame keeps them.
    auto wait(boost::asio::any_io_executor const& executor, Waiter& waiter)
    {
        return boost::asio::async_initiate<boost::asio::deferred_t const, void(boost::system::error_code)>(
            StartWaiting(), boost::asio::deferred, &waiter, this, &executor);
    }

    void push_back(Waiter& waiter) { waiters_.push_back(waiter); }
    bool empty() const noexcept { return waiters_.empty(); }
    Waiter& front() { return waiters_.front(); }

    void wake_one(boost::asio::any_io_executor const& executor)
    {
        if (!waiters_.empty())
            waiters_.front().wake(executor);
    }
    void wake_all(boost::asio::any_io_executor const& executor)
    {
        while (!waiters_.empty())
            waiters_.front().wake(executor);
    }
    /// See Waiter::resume().
    void resume_one()
    {
        if (!waiters_.empty())
            waiters_.front().resume();
    }
    /// Takes one coroutine out; see Waiter::release().
    std::optional<Waiter::Handler> release_one()
    {
        if (waiters_.empty())
            return std::nullopt;
        return waiters_.front().release();
    }

private:
    boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

} // namespace arbalest::detail
