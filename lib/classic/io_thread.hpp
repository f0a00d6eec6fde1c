#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace arbalest::classic::detail {

/// An io_context with a thread that runs it.
class IoThread : public std::enable_shared_from_this<IoThread>
{
public:
    boost::asio::io_context::executor_type get_executor() noexcept { return context_.get_executor(); }

    /// Once.
    void start();
    /// Lets the thread end when its io_context has run out of work, and joins it. A handler that blocks, a listener for
    /// instance, is waited for 3 s; then, or when this is called on the thread itself, the thread is detached.
    void finish();

private:
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
    std::mutex mutex_;
    std::condition_variable ended_changed_;
    bool ended_ = false;
    std::thread thread_;
};

} // namespace arbalest::classic::detail
