#pragma once

#include "../transport/connect_transport.hpp"
#include <arbalest/classic/connection_options.hpp>
#include <arbalest/classic/host_and_port.hpp>
#include <arbalest/transport/connect_attempt.hpp>
#include <arbalest/transport/tls_options.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace arbalest::classic::detail {

/// A broker, and how it is reached.
class Endpoint
{
public:
    Endpoint() = default;
    /// @param tls none: without. @param target of a WebSocket's handshake.
    Endpoint(HostAndPort broker, arbalest::detail::TransportKind transport_kind, std::optional<TlsOptions> const& tls,
             std::string const& target);

    HostAndPort host_and_port;
    arbalest::detail::BrokerUrl url;
    arbalest::detail::TransportOptions options;
};

/// Tries one broker, for a limited time. A failure is added to the attempts, and gives no transport.
/// @throws boost::system::system_error with operation_aborted when it is cancelled.
boost::asio::awaitable<std::unique_ptr<Transport>> try_endpoint(Endpoint endpoint, std::chrono::nanoseconds limit,
                                                                std::shared_ptr<std::vector<ConnectAttempt>> attempts);

/// The endpoints to all brokers, and how often they are tried.
class ConnectPlan
{
public:
    ConnectPlan() = default;

    std::vector<Endpoint> endpoints;
    ConnectionOptions options;
    std::chrono::nanoseconds limit{0}; // for each attempt
};

/// A transport that was connected, and to whom.
class Established
{
public:
    Established() = default;

    HostAndPort host_and_port;
    std::unique_ptr<Transport> transport;
};

/// Tries all endpoints, and sleeps and tries them again, as the options say.
/// @throws ConnectError when they say that it is enough; as try_endpoint() when it is cancelled.
boost::asio::awaitable<Established> connect_any(ConnectPlan plan);

} // namespace arbalest::classic::detail
