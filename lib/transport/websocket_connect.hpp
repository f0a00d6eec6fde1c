#pragma once

#include "connected_stream.hpp"
#include "failed_attempt.hpp"
#include <arbalest/transport/transport.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace arbalest::detail {

/// What a WebSocket handshake asks for.
class WebSocketRequest
{
public:
    WebSocketRequest() = default;

    std::string authority;     // the Host field
    std::string target;        // path and query
    std::string authorization; // the Authorization field; empty for none
    bool through_proxy = false;
    WebSocketOptions options;
};

/// Makes the WebSocket handshake on a connection.
/// @throws boost::system::system_error when it fails; `failed` is told before. Cancelling leaves no socket.
boost::asio::awaitable<std::unique_ptr<Transport>> open_websocket(ConnectedStream connection, WebSocketRequest request,
                                                                  OnFailedAttempt failed);

} // namespace arbalest::detail
