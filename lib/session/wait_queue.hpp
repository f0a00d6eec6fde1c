#pragma once

#include "wait_handler.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/system/error_code.hpp>

#include <new>
#include <utility>

namespace arbalest::detail {

class WaitQueue;

/// Which cancellations end a wait. `total` promises that nothing has happened, so it is ignored where something has.
class CancellationRule
{
public:
    /// Every type ends it.
    CancellationRule() = default;
    /// `total` ends it as long as `has_begun(subject)` is false. The subject must live until the wait ends.
    CancellationRule(void const* subject, bool (*has_begun)(void const* subject)) noexcept
        : subject_(subject), has_begun_(has_begun)
    {
    }
    /// `total` never ends it.
    static CancellationRule never_total() noexcept
    {
        return {nullptr, [](void const*) { return true; }};
    }

    bool ends_wait(boost::asio::cancellation_type type) const
    {
        using Type = boost::asio::cancellation_type;
        if ((type & (Type::terminal | Type::partial)) != Type::none)
            return true;
        return type != Type::none && !(has_begun_ && has_begun_(subject_));
    }

private:
    void const* subject_ = nullptr;
    bool (*has_begun_)(void const*) = nullptr;
};

/// One suspended coroutine: lives in its frame. Waking is always posted, never done inside the waker. What it waits for
/// is told by its type: PeerWaiter, ObservingWaiter or LoopWaiter.
class Waiter : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
{
public:
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;

    /// Lets the coroutine go on, with an error code that wait() then throws.
    void wake(boost::asio::any_io_executor const& executor, boost::system::error_code code = {})
    {
        auto handler = release();
        if (handler)
            handler.post(executor, code);
    }

    /// Lets the coroutine go on right here, inside of the caller. Only for coroutines of ours that run where the caller
    /// runs, and where the caller is ready for whatever they do.
    void resume()
    {
        auto handler = release();
        if (handler)
            handler({});
    }

    /// Takes the coroutine out; destroying what is returned destroys the coroutine.
    WaitHandler release()
    {
        unlink();
        if (handler_)
            handler_.cancellation_slot().clear();
        return std::move(handler_);
    }

protected:
    Waiter() = default;
    ~Waiter() = default;

private:
    friend struct StartWaiting;
    WaitHandler handler_;
};

/// The reader or the writer of a connection, waiting for work.
class LoopWaiter : public Waiter
{
public:
    LoopWaiter() = default;
};

struct StartWaiting
{
    template <class Handler, class Queue>
    void operator()(Handler handler, Waiter* waiter, Queue* queue, boost::asio::any_io_executor const* executor,
                    CancellationRule rule) const
    {
        waiter->handler_.emplace(std::move(handler), *executor);
        auto slot = waiter->handler_.cancellation_slot();
        queue->push_back(*waiter);
        if (!slot.is_connected())
            return;
        try {
            slot.assign([waiter, executor, rule](boost::asio::cancellation_type type) {
                if (rule.ends_wait(type))
                    waiter->wake(*executor, boost::asio::error::operation_aborted);
            });
        } catch (std::bad_alloc const&) {
            // What an initiation throws would leave io_context::run(). The coroutine is suspended already.
            auto last = waiter->release();
            last(boost::asio::error::no_memory);
        }
    }
};

/// Coroutines that wait for the same thing, in the order in which they came. All on one executor.
class WaitQueue
{
public:
    /// To be awaited: suspends until woken. `waiter`, this queue and the executor must live until then; the caller's
    /// frame keeps them.
    auto wait(boost::asio::any_io_executor const& executor, Waiter& waiter, CancellationRule rule = CancellationRule())
    {
        return boost::asio::async_initiate<boost::asio::deferred_t const, void(boost::system::error_code)>(
            StartWaiting(), boost::asio::deferred, &waiter, this, &executor, rule);
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
    WaitHandler release_one()
    {
        if (waiters_.empty())
            return {};
        return waiters_.front().release();
    }

private:
    boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

} // namespace arbalest::detail
