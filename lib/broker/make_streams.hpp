#pragma once

#include "listener.hpp"
#include <arbalest/broker/broker_config.hpp>

#include <functional>

namespace arbalest::broker {

/// What a listener of that kind makes of its sockets.
/// @param report is told of every WebSocket's handshake, see WebSocketSettings.
/// @throws std::invalid_argument, boost::system::system_error when the configuration cannot be used.
Listener::MakeStream make_streams(Listen kind, BrokerConfig const& config,
                                  std::function<void(WebSocketHandshake const&)> report);

} // namespace arbalest::broker
