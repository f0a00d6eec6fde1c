#pragma once

#include "limit.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <utility>

namespace arbalest::classic::detail {

/// Lets threads and coroutines wait until something is there, and be told of it from any thread.
class WaitQueue
{
public:
    using Clock = std::chrono::steady_clock;
    /// Returns whether it is there, and takes it if so. Called with the lock held.
    using Take = std::function<bool()>;

    /// What is waited for may be looked at and changed under this lock only.
    std::mutex& mutex() noexcept { return mutex_; }

    /// Changes what is waited for, and lets everybody look again.
    template <class Change>
    void change(Change const& change)
    {
        std::lock_guard const lock(mutex_);
        change();
        changed_.notify_all();
        for (auto* const waiter : waiters_) {
            waiter->called = true;
            waiter->timer.cancel();
        }
    }

    /// Blocks until it could be taken. @param limit zero or less: none. @returns false at the limit.
    bool wait(std::chrono::nanoseconds limit, Take const& take)
    {
        std::unique_lock lock(mutex_);
        auto const end = end_of(limit);
        if (end == Clock::time_point::max()) {
            changed_.wait(lock, take);
            return true;
        }
        return changed_.wait_until(lock, end, take);
    }

    /// The same for a coroutine. Cancelling throws `operation_aborted`.
    static boost::asio::awaitable<bool> async_wait(std::shared_ptr<WaitQueue> self, std::chrono::nanoseconds limit,
                                                   Take take);

private:
    // In the frame of a coroutine that waits. What it refers to is used under the lock only.
    struct Waiter
    {
        Waiter(WaitQueue& owner, boost::asio::any_io_executor const& executor, Clock::time_point end)
            : owner(owner), timer(executor, end)
        {
            std::lock_guard const lock(owner.mutex_);
            position = owner.waiters_.insert(owner.waiters_.end(), this);
        }
        Waiter(Waiter const&) = delete;
        Waiter& operator=(Waiter const&) = delete;
        ~Waiter()
        {
            std::lock_guard const lock(owner.mutex_);
            owner.waiters_.erase(position);
        }

        WaitQueue& owner;
        boost::asio::steady_timer timer;
        bool called = false;
        std::list<Waiter*>::iterator position;
    };

    struct StartWaiting
    {
        template <class Handler>
        void operator()(Handler handler, Waiter* waiter) const
        {
            std::lock_guard const lock(waiter->owner.mutex_);
            if (waiter->called) {
                // Something has changed between looking and waiting.
                auto const executor = waiter->timer.get_executor();
                boost::asio::post(executor, boost::asio::append(std::move(handler), boost::system::error_code()));
            } else {
                waiter->timer.async_wait(std::move(handler));
            }
        }
    };

    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Waiter*> waiters_;
};

} // namespace arbalest::classic::detail
