#include "io_thread.hpp"

#include <chrono>

namespace arbalest::classic::detail {

namespace {

constexpr auto stop_limit = std::chrono::seconds(3);

} // namespace

void IoThread::start()
{
    std::lock_guard const lock(mutex_);
    if (thread_.joinable() || ended_)
        return;
    thread_ = std::thread([self = shared_from_this()] {
        self->context_.run();
        std::lock_guard const ending(self->mutex_);
        self->ended_ = true;
        self->ended_changed_.notify_all();
    });
}

void IoThread::finish()
{
    work_.reset();
    std::unique_lock lock(mutex_);
    if (!thread_.joinable()) {
        ended_ = true; // start() must not start a thread that nobody would join
        return;
    }
    bool const is_inside = std::this_thread::get_id() == thread_.get_id();
    if (!is_inside && ended_changed_.wait_for(lock, stop_limit, [this] { return ended_; })) {
        lock.unlock();
        thread_.join();
    } else {
        // A thread cannot join itself, and a handler that blocks must not block the caller for ever. The thread holds a
        // reference to this object, so it can go on and end later.
        thread_.detach();
    }
}

} // namespace arbalest::classic::detail
