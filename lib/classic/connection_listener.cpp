#include <arbalest/classic/connection_listener.hpp>

namespace arbalest::classic {

ConnectionListener::~ConnectionListener() = default;
void ConnectionListener::on_connecting(HostAndPort const&) {}
void ConnectionListener::on_connected(Frame const&) {}
void ConnectionListener::on_disconnecting() {}
void ConnectionListener::on_disconnected() {}
void ConnectionListener::on_heartbeat_timeout() {}
bool ConnectionListener::on_before_message(Frame&)
{
    return true;
}
void ConnectionListener::on_message(Frame const&) {}
void ConnectionListener::on_receipt(Frame const&) {}
void ConnectionListener::on_error(Frame const&) {}
void ConnectionListener::on_send(Frame&) {}
void ConnectionListener::on_heartbeat() {}
void ConnectionListener::on_receiver_loop_completed(Frame const&) {}

} // namespace arbalest::classic
