#pragma once

#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/protocol/stomp_version.hpp>
#include <arbalest/session/stomp_session.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace arbalest::detail {

/// A number that one thread counts and any may read. Counting takes no locked instruction.
class Counter
{
public:
    void add(std::uint64_t by) noexcept { value_.store(get() + by, std::memory_order_relaxed); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// What may be asked about a session from any thread. Written on its executor.
class SessionInfo
{
public:
    // --- from any thread
    bool is_open() const noexcept { return is_open_.load(std::memory_order_acquire); }
    bool is_connected() const noexcept { return is_connected_.load(std::memory_order_acquire); }
    StompVersion version() const noexcept { return version_.load(std::memory_order_relaxed); }
    std::string server() const
    {
        std::lock_guard const lock(mutex_);
        return server_;
    }
    HeartBeat heart_beat() const
    {
        std::lock_guard const lock(mutex_);
        return heart_beat_;
    }
    SessionStats stats() const noexcept
    {
        SessionStats stats;
        stats.frames_sent = frames_sent.get();
        stats.frames_received = frames_received.get();
        stats.messages_received = messages_received.get();
        stats.bytes_sent = bytes_sent.get();
        stats.bytes_received = bytes_received.get();
        stats.connections = connections.get();
        return stats;
    }

    // --- on the executor
    void set_open(bool is_open) noexcept { is_open_.store(is_open, std::memory_order_release); }
    void set_connected(StompVersion version, std::string server, HeartBeat heart_beat)
    {
        version_.store(version, std::memory_order_relaxed);
        {
            std::lock_guard const lock(mutex_);
            server_ = std::move(server);
            heart_beat_ = heart_beat;
        }
        is_connected_.store(true, std::memory_order_release);
    }
    void set_disconnected() noexcept { is_connected_.store(false, std::memory_order_release); }

    Counter frames_sent;
    Counter frames_received;
    Counter messages_received;
    Counter bytes_sent;
    Counter bytes_received;
    Counter connections;

private:
    std::atomic<bool> is_open_{false};
    std::atomic<bool> is_connected_{false};
    std::atomic<StompVersion> version_{StompVersion::v1_2};
    mutable std::mutex mutex_;
    std::string server_;
    HeartBeat heart_beat_;
};

} // namespace arbalest::detail
