#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace arbalest::classic::detail {

/// Calls functions on an executor, one after the other, in order. Unlike a strand it may be destroyed after the
/// executor's context.
class SerialQueue : public std::enable_shared_from_this<SerialQueue>
{
public:
    explicit SerialQueue(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// @param function must not throw.
    void post(std::function<void()> function)
    {
        std::lock_guard const lock(mutex_);
        functions_.push_back(std::move(function));
        if (!std::exchange(running_, true))
            boost::asio::post(executor_, [self = shared_from_this()] { self->run(); });
    }

private:
    void run()
    {
        std::unique_lock lock(mutex_);
        while (!functions_.empty()) {
            auto const function = std::move(functions_.front());
            functions_.pop_front();
            lock.unlock();
            function();
            lock.lock();
        }
        running_ = false;
    }

    boost::asio::any_io_executor const executor_;
    std::mutex mutex_;
    std::deque<std::function<void()>> functions_;
    bool running_ = false;
};

} // namespace arbalest::classic::detail
