#pragma once

#include "executor_probe.hpp"
#include "memory_reserve.hpp"
#include <arbalest/session/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <mutex>
#include <utility>

namespace arbalest::detail {

/// The executor on which a session lives, for whoever comes from any thread, also while the io_context is being
/// destroyed in another one.
class SessionExecutor
{
public:
    explicit SessionExecutor(boost::asio::any_io_executor executor) : executor_(std::move(executor)), probe_(executor_)
    {
    }
    SessionExecutor(SessionExecutor const&) = delete;
    SessionExecutor& operator=(SessionExecutor const&) = delete;

    // --- from any thread
    bool running_here() const noexcept { return probe_.running_here(); }
    /// False once the io_context is gone: then nothing is posted and no I/O object exists.
    bool is_alive() const noexcept { return alive_.load(std::memory_order_acquire); }

    /// Runs the function there, later. Returns false, and does nothing, when the io_context is gone.
    template <class Function>
    bool post(Function function)
    {
        // The check and the post belong together: the io_context goes down before or after both.
        std::lock_guard const lock(mutex_);
        if (!is_alive())
            return false;
        boost::asio::post(executor_, std::move(function));
        return true;
    }

    /// The same for the destructors of handles: memory is kept back for it.
    template <class Function>
    void post_from_destructor(Function const& function) noexcept
    {
        reserve_.run([&] { post(function); });
    }
    void give_back_reserve() noexcept { reserve_.give_back(); }

    /// @throws SessionClosed when the io_context is gone.
    boost::asio::any_io_executor copy() const
    {
        std::lock_guard const lock(mutex_);
        if (!is_alive())
            throw SessionClosed("the io_context of the session is gone");
        return executor_;
    }

    // --- on the executor
    boost::asio::any_io_executor const& get() const noexcept { return executor_; }
    /// Whether a coroutine that lives on `caller`, and runs in here right now, is resumed in here after it was
    /// suspended. Too strict a comparison costs a post.
    bool is(boost::asio::any_io_executor const& caller) const noexcept { return caller == executor_; }

    // --- while the io_context goes down
    /// From now on nothing comes in here from any thread.
    void close() noexcept
    {
        std::lock_guard const lock(mutex_);
        alive_.store(false, std::memory_order_release);
    }
    /// Lets go of the executor after close(): the destructor of a strand needs its context.
    void drop() noexcept { executor_ = boost::asio::any_io_executor(); }

private:
    mutable std::mutex mutex_;
    boost::asio::any_io_executor executor_;
    ExecutorProbe const probe_;
    std::atomic<bool> alive_{true};
    MemoryReserve reserve_;
};

} // namespace arbalest::detail
