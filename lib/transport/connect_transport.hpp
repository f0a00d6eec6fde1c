#pragma once

#include "failed_attempt.hpp"
#include "url.hpp"
#include <arbalest/transport/tcp_options.hpp>
#include <arbalest/transport/tls_options.hpp>
#include <arbalest/transport/transport.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace arbalest::detail {

/// Everything that says how to connect, beside the URL.
class TransportOptions
{
public:
    TransportOptions() = default;

    TcpOptions tcp;
    TlsOptions tls;
    WebSocketOptions websocket;
    std::string proxy;
    TlsOptions proxy_tls; // to an HTTPS proxy
};

/// Connects to where an URL says, in the way that it says.
///
/// @param failed told of every attempt that fails.
/// @throws boost::system::system_error of the last failure. Cancelling leaves no socket.
boost::asio::awaitable<std::unique_ptr<Transport>> connect_transport(boost::asio::any_io_executor executor,
                                                                     BrokerUrl url, TransportOptions options,
                                                                     OnFailedAttempt failed);

} // namespace arbalest::detail
