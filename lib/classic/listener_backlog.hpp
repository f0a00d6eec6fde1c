#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace arbalest::classic::detail {

/// What a session has queued for one listener that has an executor of its own.
class ListenerBacklog : public std::enable_shared_from_this<ListenerBacklog>
{
public:
    class Limits
    {
    public:
        Limits() = default;
        std::size_t messages = 0; // soft limits: the session may stop reading
        std::size_t bytes = 0;
        std::size_t hard_limit = 0; // in bytes
    };
    /// Called on the session's executor when the backlog goes over a soft limit (true), and when it is at half of them
    /// again (false).
    using OnChange = std::function<void(bool is_full)>;
    /// Runs a function on the session's executor, or not at all when the session is gone.
    using RunThere = std::function<void(std::function<void()>)>;

    ListenerBacklog(Limits limits, RunThere run_there, OnChange on_change)
        : limits_(limits), run_there_(std::move(run_there)), on_change_(std::move(on_change))
    {
    }

    /// Whether these bytes would go over the hard limit. An empty backlog takes anything.
    bool is_beyond(std::size_t bytes) const
    {
        std::lock_guard const lock(mutex_);
        return messages_ > 0 && bytes_ + bytes > limits_.hard_limit;
    }
    std::pair<std::size_t, std::size_t> size() const
    {
        std::lock_guard const lock(mutex_);
        return {messages_, bytes_};
    }

    /// A frame was queued. On the session's executor.
    void added(std::size_t bytes)
    {
        {
            std::lock_guard const lock(mutex_);
            ++messages_;
            bytes_ += bytes;
            if (full_ || (messages_ < limits_.messages && bytes_ < limits_.bytes))
                return;
            full_ = true;
        }
        on_change_(true);
    }

    /// A frame was taken out of the queue. On the listener's executor.
    void taken(std::size_t bytes)
    {
        {
            std::lock_guard const lock(mutex_);
            --messages_;
            bytes_ -= bytes;
            if (!full_ || !has_room() || std::exchange(telling_, true))
                return;
        }
        run_there_([self = shared_from_this()] { self->tell_of_room(); });
    }

private:
    bool has_room() const noexcept { return messages_ <= limits_.messages / 2 && bytes_ <= limits_.bytes / 2; }

    void tell_of_room()
    {
        {
            std::lock_guard const lock(mutex_);
            telling_ = false;
            if (!full_ || !has_room())
                return;
            full_ = false;
        }
        on_change_(false);
    }

    Limits const limits_;
    RunThere const run_there_;
    OnChange const on_change_;
    mutable std::mutex mutex_;
    std::size_t messages_ = 0;
    std::size_t bytes_ = 0;
    bool full_ = false;
    bool telling_ = false; // tell_of_room() is under way
};

} // namespace arbalest::classic::detail
