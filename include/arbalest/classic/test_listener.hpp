#pragma once

#include <arbalest/classic/printing_listener.hpp>
#include <arbalest/classic/stats_listener.hpp>
#include <arbalest/classic/waiting_listener.hpp>
#include <arbalest/export.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace arbalest::classic {

/// StatsListener, WaitingListener and PrintingListener in one, which also keeps the messages. For tests. For every
/// timeout, zero means no limit.
class ARBALEST_DECL TestListener : public StatsListener, public WaitingListener, public PrintingListener
{
public:
    /// @param receipt as for WaitingListener; default none. @param print_to_log, log as for PrintingListener; default
    /// true.
    explicit TestListener(std::string receipt = {}, bool print_to_log = true, LogSink log = {});
    ~TestListener() override;

    /// All messages received, in order. From any thread.
    std::vector<Frame> message_list() const;
    /// When the last message came; nullopt before the first. From any thread.
    std::optional<std::chrono::system_clock::time_point> timestamp() const;
    /// The last message; nullopt when there is none. From any thread.
    std::optional<Frame> get_latest_message() const;

    /// Blocks until there is a message that was not waited for yet: every message is returned once, in order.
    /// @param timeout default 10 s. @returns the message; nullopt at the timeout.
    std::optional<Frame> wait_for_message(std::chrono::nanoseconds timeout = std::chrono::seconds(10));
    /// Blocks until a heart-beat comes; at once if one has come since the last successful wait.
    /// @param timeout default 10 s. @returns true when one has come, false at the timeout.
    bool wait_for_heartbeat(std::chrono::nanoseconds timeout = std::chrono::seconds(10));

    /// The same for coroutines, as in WaitingListener.
    boost::asio::awaitable<std::optional<Frame>>
    async_wait_for_message(std::chrono::nanoseconds timeout = std::chrono::seconds(10)) const;
    boost::asio::awaitable<bool>
    async_wait_for_heartbeat(std::chrono::nanoseconds timeout = std::chrono::seconds(10)) const; ///< Without blocking.

    void on_connecting(HostAndPort const& host_and_port) override;
    void on_connected(Frame const& frame) override;
    void on_disconnecting() override;
    void on_disconnected() override;
    void on_message(Frame const& frame) override;
    void on_error(Frame const& frame) override;
    void on_send(Frame& frame) override;
    void on_receipt(Frame const& frame) override;
    void on_heartbeat() override;
    void on_heartbeat_timeout() override;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace arbalest::classic
