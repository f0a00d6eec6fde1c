#pragma once

#include "listener_table.hpp"
#include "text_codec.hpp"
#include <arbalest/protocol/frame.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace arbalest::classic::detail {

/// Something that listeners are told.
class Event
{
public:
    enum class Kind : std::uint8_t {
        connecting,
        connected,
        message,
        receipt,
        error,
        disconnecting,
        heart_beat,
        heart_beat_sent,
        heart_beat_timeout,
        disconnected,
        receiver_loop_completed,
    };

    explicit Event(Kind kind) : kind(kind) {}
    Event(Kind kind, Frame frame) : kind(kind), frame(std::move(frame)) {}
    explicit Event(HostAndPort host_and_port) : kind(Kind::connecting), host_and_port(std::move(host_and_port)) {}

    std::size_t memory() const noexcept { return sizeof(Event) + frame.memory(); }

    Kind kind;
    Frame frame;
    HostAndPort host_and_port;
};

/// Tells listeners of events, in order, in a thread of its own. From any thread.
class Dispatcher : public std::enable_shared_from_this<Dispatcher>
{
public:
    using Clock = std::chrono::steady_clock;

    // Beyond these, no more should be read from the broker than has to be.
    static constexpr std::size_t most_events = 1000;
    static constexpr std::size_t most_bytes = std::size_t{4} << 20;

    /// @param on_room called when there is room again after is_full(). @param auto_decode whether bodies are decoded.
    Dispatcher(std::shared_ptr<ListenerTable> listeners, ListenerTable::Report report, std::function<void()> on_room,
               TextCodec codec, bool auto_decode);

    /// Starts the thread, once.
    void start();
    bool runs_here() const noexcept { return thread_id_.load() == std::this_thread::get_id(); }

    /// @returns the event's number.
    std::uint64_t push(Event event);
    /// Waits until the event with this number, and all before it, have been told. @param is_over ends the wait as well;
    /// looked at after wake(). @returns whether they have been told.
    bool wait_for(std::uint64_t event, Clock::time_point end, std::function<bool()> const& is_over = {});
    void wake();
    bool has_told(std::uint64_t event) const;
    /// The number of the last event.
    std::uint64_t last_event() const;
    bool is_full() const noexcept { return full_.load(std::memory_order_relaxed); }

    /// Tells what is left, but for messages, and ends the thread; waits for that unless it runs here.
    void finish();

private:
    void run();
    void tell(Event& event);

    std::shared_ptr<ListenerTable> const listeners_;
    ListenerTable::Report const report_;
    std::function<void()> const on_room_;
    TextCodec const codec_;
    bool const auto_decode_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Event> events_;
    std::size_t bytes_ = 0;
    std::uint64_t pushed_ = 0;
    std::uint64_t delivered_ = 0;
    bool finishing_ = false;
    std::atomic<bool> full_{false};
    std::atomic<std::thread::id> thread_id_{};
    std::thread thread_;
    Frame last_; // received; of the thread only
};

} // namespace arbalest::classic::detail
