#pragma once

#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/export.hpp>

#include <atomic>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace arbalest::classic {

/// Counts what happens on a connection. The figures may be read from any thread.
class ARBALEST_DECL StatsListener : public virtual ConnectionListener
{
public:
    using Counter = std::atomic<std::uint64_t>; ///< May be read from any thread.

    Counter errors{0};             ///< ERROR frames received.
    Counter connections{0};        ///< Connections made.
    Counter disconnects{0};        ///< Connections ended.
    Counter messages{0};           ///< Messages received.
    Counter messages_sent{0};      ///< Frames sent, of every kind, heart-beats included.
    Counter heartbeat_timeouts{0}; ///< Connections ended because the broker was silent.
    Counter heartbeat_count{0};    ///< Heart-beats received.

    /// The figures as six lines, without a line end behind the last: "Connections: 1", "Disconnects: 0", "Messages
    /// sent: 2", "Messages received: 3", "Heartbeats received: 4", "Errors: 0".
    std::string to_string() const;
    /// Prints to_string().
    friend ARBALEST_DECL std::ostream& operator<<(std::ostream& out, StatsListener const& stats);

    void on_connecting(HostAndPort const& host_and_port) override;
    void on_disconnected() override;
    void on_message(Frame const& frame) override;
    void on_send(Frame& frame) override;
    void on_error(Frame const& frame) override;
    void on_heartbeat_timeout() override;
    void on_heartbeat() override;
};

} // namespace arbalest::classic
