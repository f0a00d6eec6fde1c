#include "connection_core.hpp"
#include <arbalest/classic/connection.hpp>
#include <arbalest/classic/heartbeat_listener.hpp>

namespace arbalest::classic {

HeartbeatListener::HeartbeatListener(BaseConnection& transport, HeartBeat heartbeats, double heart_beat_receive_scale)
    : wanted_(heartbeats)
{
    transport.core_->set_heart_beat_receive_scale(heart_beat_receive_scale);
}

HeartbeatListener::HeartbeatListener(StompConfig& config, HeartBeat heartbeats, double heart_beat_receive_scale)
    : wanted_(heartbeats)
{
    config.heart_beat = heartbeats;
    config.heart_beat_tolerance.receive_scale = heart_beat_receive_scale;
}

HeartbeatListener::HeartbeatListener(HeartBeat negotiated) : negotiated_(negotiated), connected_(true) {}

std::optional<HeartBeat> HeartbeatListener::negotiated() const
{
    std::lock_guard const lock(mutex_);
    return negotiated_;
}

std::optional<HeartbeatListener::Clock::time_point> HeartbeatListener::last_sent() const
{
    std::lock_guard const lock(mutex_);
    return last_sent_;
}

std::optional<HeartbeatListener::Clock::time_point> HeartbeatListener::last_received() const
{
    std::lock_guard const lock(mutex_);
    return last_received_;
}

std::uint64_t HeartbeatListener::sent() const
{
    std::lock_guard const lock(mutex_);
    return sent_;
}

std::uint64_t HeartbeatListener::received() const
{
    std::lock_guard const lock(mutex_);
    return received_;
}

std::uint64_t HeartbeatListener::missed() const
{
    std::lock_guard const lock(mutex_);
    return missed_;
}

bool HeartbeatListener::running() const
{
    std::lock_guard const lock(mutex_);
    return connected_ && negotiated_ && *negotiated_ != HeartBeat();
}

void HeartbeatListener::note_received()
{
    last_received_ = Clock::now();
}

void HeartbeatListener::on_connected(Frame const& frame)
{
    std::lock_guard const lock(mutex_);
    note_received();
    connected_ = true;
    if (wanted_)
        negotiated_ =
            negotiate(*wanted_, parse_heart_beat(frame.header("heart-beat").value_or("0,0")).value_or(HeartBeat()));
}

void HeartbeatListener::on_disconnected()
{
    std::lock_guard const lock(mutex_);
    connected_ = false;
}

void HeartbeatListener::on_heartbeat_timeout()
{
    std::lock_guard const lock(mutex_);
    ++missed_;
}

void HeartbeatListener::on_message(Frame const&)
{
    std::lock_guard const lock(mutex_);
    note_received();
}

void HeartbeatListener::on_receipt(Frame const&)
{
    std::lock_guard const lock(mutex_);
    note_received();
}

void HeartbeatListener::on_error(Frame const&)
{
    std::lock_guard const lock(mutex_);
    note_received();
}

void HeartbeatListener::on_heartbeat()
{
    std::lock_guard const lock(mutex_);
    note_received();
    ++received_;
}

void HeartbeatListener::on_send(Frame& frame)
{
    std::lock_guard const lock(mutex_);
    last_sent_ = Clock::now();
    if (frame.empty()) {
        ++sent_;
    } else if (wanted_ && (frame.command() == "CONNECT" || frame.command() == "STOMP")) {
        if (*wanted_ == HeartBeat())
            frame.remove_header("heart-beat");
        else
            frame.set_header("heart-beat", to_header_value(*wanted_));
        negotiated_.reset();
    }
}

} // namespace arbalest::classic
