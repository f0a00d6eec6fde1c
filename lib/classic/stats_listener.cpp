#include <arbalest/classic/stats_listener.hpp>

#include <ostream>

namespace arbalest::classic {

namespace {

void increment(StatsListener::Counter& counter)
{
    counter.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

std::string StatsListener::to_string() const
{
    return "Connections: " + std::to_string(connections) + "\nDisconnects: " + std::to_string(disconnects) +
           "\nMessages sent: " + std::to_string(messages_sent) + "\nMessages received: " + std::to_string(messages) +
           "\nHeartbeats received: " + std::to_string(heartbeat_count) + "\nErrors: " + std::to_string(errors);
}

std::ostream& operator<<(std::ostream& out, StatsListener const& stats)
{
    return out << stats.to_string();
}

void StatsListener::on_connecting(HostAndPort const&)
{
    increment(connections);
}

void StatsListener::on_disconnected()
{
    increment(disconnects);
}

void StatsListener::on_message(Frame const&)
{
    increment(messages);
}

void StatsListener::on_send(Frame&)
{
    increment(messages_sent);
}

void StatsListener::on_error(Frame const&)
{
    increment(errors);
}

void StatsListener::on_heartbeat_timeout()
{
    increment(heartbeat_timeouts);
}

void StatsListener::on_heartbeat()
{
    increment(heartbeat_count);
}

} // namespace arbalest::classic
