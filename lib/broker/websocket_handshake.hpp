#pragma once

#include <arbalest/broker/listen.hpp>

#include <functional>

namespace arbalest::broker {

/// What the WebSockets of one listener have in common.
struct WebSocketSettings
{
    BrokerWebSocket config;
    bool secure = false;
    /// Told of every handshake before it is answered. Called on the executor, without the server's lock.
    std::function<void(WebSocketHandshake const&)> report;
};

/// Decides what a request for a WebSocket is answered, completes the handshake by it, and reports it.
/// @param is_upgrade whether it asks for one at all (RFC 6455, section 4.2.1).
WebSocketAnswer answer_handshake(WebSocketSettings const& settings, WebSocketHandshake& handshake, bool is_upgrade);

} // namespace arbalest::broker
