#pragma once

#include "failed_attempt.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// An HTTP proxy.
class ProxyUrl
{
public:
    ProxyUrl() = default;

    std::string host;
    std::uint16_t port = 0;
    std::string authorization; // the value of Proxy-Authorization; empty for none
};

/// Reads "http://user:password@host:port". Throws std::invalid_argument, which shows no credentials.
ProxyUrl parse_proxy(std::string_view text);

/// Asks the proxy at the other end for a tunnel (RFC 9110, 9.3.6). Returns the socket, now connected to the host.
/// @throws boost::system::system_error when the proxy refuses, and what the socket throws; `failed` is told before.
/// Cancelling leaves no socket.
boost::asio::awaitable<boost::asio::ip::tcp::socket> open_tunnel(boost::asio::ip::tcp::socket socket, ProxyUrl proxy,
                                                                 std::string host, std::uint16_t port,
                                                                 OnFailedAttempt failed);

} // namespace arbalest::detail
