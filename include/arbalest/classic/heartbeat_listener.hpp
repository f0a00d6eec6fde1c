#pragma once

#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/export.hpp>
#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/session/stomp_config.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace arbalest::classic {

class BaseConnection;

/// Sets the heart-beats of a connection up, and shows them (STOMP 1.2, "Heart-beating"). It sends and watches nothing
/// by itself: that is the session's business, and there is one engine for it.
///
/// Attach it before connecting: it puts its `heart-beat` header into CONNECT. Attached to a session that is connected
/// already, it only shows.
class ARBALEST_DECL HeartbeatListener : public virtual ConnectionListener
{
public:
    using Clock = std::chrono::steady_clock; ///< What time is measured with.

    /// @param transport the connection that it is for; its next connect() uses these settings, provided the listener is
    /// attached to it.
    /// @param heartbeats how often we can send and want to receive, in milliseconds; zero turns a direction off.
    /// @param heart_beat_receive_scale after how many periods of silence the broker counts as gone. Default 1.5.
    HeartbeatListener(BaseConnection& transport, HeartBeat heartbeats, double heart_beat_receive_scale = 1.5);
    /// The same for sessions that are made with this configuration, which it changes.
    HeartbeatListener(StompConfig& config, HeartBeat heartbeats, double heart_beat_receive_scale = 1.5);
    /// For a session that is connected already: only shows. @param negotiated StompSession::negotiated_heart_beat().
    explicit HeartbeatListener(HeartBeat negotiated);

    // From any thread.

    /// The periods that hold on our side; zero where there is none. nullopt before CONNECTED.
    std::optional<HeartBeat> negotiated() const;
    /// When anything was sent last, a frame or a heart-beat; nullopt when nothing was.
    std::optional<Clock::time_point> last_sent() const;
    /// When a frame or a heart-beat was received last; nullopt when nothing was.
    std::optional<Clock::time_point> last_received() const;
    /// How many heart-beats were sent, and received.
    std::uint64_t sent() const;
    std::uint64_t received() const;
    /// How often the broker was silent for longer than it promised, and the connection was ended for that.
    std::uint64_t missed() const;
    /// Whether there is a connection with heart-beats in either direction.
    bool running() const;

    void on_connected(Frame const& frame) override;
    void on_disconnected() override;
    void on_heartbeat_timeout() override;
    void on_message(Frame const& frame) override;
    void on_receipt(Frame const& frame) override;
    void on_error(Frame const& frame) override;
    void on_heartbeat() override;
    void on_send(Frame& frame) override;

private:
    void note_received();

    mutable std::mutex mutex_;
    std::optional<HeartBeat> wanted_; // none: it only shows
    std::optional<HeartBeat> negotiated_;
    bool connected_ = false;
    std::optional<Clock::time_point> last_sent_;
    std::optional<Clock::time_point> last_received_;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t missed_ = 0;
};

} // namespace arbalest::classic
