#pragma once

#include "../engine/reconnect_schedule.hpp"
#include "broker_list.hpp"
#include "wait_queue.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <utility>

namespace arbalest::detail {

/// The coroutine that makes the next connection.
struct ReconnectTask
{
    boost::asio::cancellation_signal signal;
    bool done = false;
};

/// How a session comes by its next connection: where it is to, when, and who makes it.
class Reconnection
{
public:
    /// @param brokers nullptr when there will be one connection only.
    Reconnection(std::shared_ptr<BrokerList> brokers, ReconnectSchedule schedule, bool is_enabled) noexcept
        : schedule(schedule), brokers_(std::move(brokers)), is_enabled_(is_enabled && brokers_)
    {
    }

    bool is_enabled() const noexcept { return is_enabled_; }
    std::shared_ptr<BrokerList> const& brokers() const noexcept { return brokers_; }

    /// A connection is lost: which broker comes first depends on whether it had held.
    void connection_lost(TimePoint now)
    {
        bool const had_held = schedule.has_held(now);
        brokers_->first = brokers_->current + (had_held ? 0 : 1);
        if (had_held)
            schedule.reset();
    }

    std::shared_ptr<ReconnectTask> start() { return task_ = std::make_shared<ReconnectTask>(); }
    /// Who makes the next connection is not needed any more; nullptr when there is none.
    std::shared_ptr<ReconnectTask> stop() noexcept { return std::exchange(task_, nullptr); }

    ReconnectSchedule schedule;
    WaitQueue waiters; ///< Who waits for a connection.

private:
    std::shared_ptr<BrokerList> const brokers_;
    std::shared_ptr<ReconnectTask> task_;
    bool const is_enabled_;
};

} // namespace arbalest::detail
