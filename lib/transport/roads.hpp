#pragma once

#include "connected_stream.hpp"
#include "failed_attempt.hpp"
#include <arbalest/transport/tls_options.hpp>
#include <arbalest/transport/transport.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string>

// The ways from a TCP connection to a transport. Each throws boost::system::system_error when it fails, after `failed`
// has been told; cancelling leaves no socket. They are declared without the libraries that they are made of.
namespace arbalest::detail {

/// TLS.
boost::asio::awaitable<std::unique_ptr<Transport>> open_tls(ConnectedStream connection,
                                                            std::shared_ptr<boost::asio::ssl::context> context,
                                                            TlsOptions options, std::string host,
                                                            OnFailedAttempt failed);

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

/// A WebSocket over TCP.
boost::asio::awaitable<std::unique_ptr<Transport>> open_websocket(ConnectedStream connection, WebSocketRequest request,
                                                                  OnFailedAttempt failed);

/// A WebSocket over TLS.
boost::asio::awaitable<std::unique_ptr<Transport>>
open_websocket_tls(ConnectedStream connection, std::shared_ptr<boost::asio::ssl::context> context, TlsOptions tls,
                   std::string host, WebSocketRequest request, OnFailedAttempt failed);

} // namespace arbalest::detail
