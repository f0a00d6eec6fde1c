#pragma once

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace arbalest::detail {

/// Finds out, where that is wanted, whether two threads are in a session at the same time: then its executor is shared
/// by threads and no strand, and everything that follows would be undefined.
class ConcurrencyCheck
{
public:
    explicit ConcurrencyCheck(bool enabled) noexcept : enabled_(enabled) {}

    class Section
    {
    public:
        explicit Section(ConcurrencyCheck& exclusive) noexcept
            : concurrency_check_(exclusive.enabled_ ? &exclusive : nullptr)
        {
            if (concurrency_check_)
                concurrency_check_->enter();
        }
        Section(Section const&) = delete;
        Section& operator=(Section const&) = delete;
        ~Section()
        {
            if (concurrency_check_)
                concurrency_check_->leave();
        }

    private:
        ConcurrencyCheck* concurrency_check_;
    };

    /// Checks only, without entering.
    void check() const noexcept
    {
        auto const owner = owner_.load();
        if (enabled_ && owner != std::thread::id() && owner != std::this_thread::get_id())
            fail();
    }

private:
    void enter() noexcept
    {
        auto const self = std::this_thread::get_id();
        std::thread::id nobody;
        if (!owner_.compare_exchange_strong(nobody, self) && nobody != self)
            fail();
        ++depth_;
    }
    [[noreturn]] static void fail() noexcept
    {
        std::fputs(
            "arbalest: a session is used by two threads at once; in a multi-threaded program its executor must be "
            "a strand (StompConfig::assert_no_concurrency)\n",
            stderr);
        std::abort();
    }
    void leave() noexcept
    {
        if (--depth_ == 0)
            owner_.store({});
    }

    bool const enabled_;
    std::atomic<std::thread::id> owner_{};
    int depth_ = 0;
};

} // namespace arbalest::detail
