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
    /// Ends the thread when nothing is left to be done, and waits for that; not for what cannot be cancelled, as the
    /// resolution of a name: then the thread ends by itself, later.
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
