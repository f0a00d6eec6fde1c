#pragma once

#include "connected_stream.hpp"
#include "failed_attempt.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// A proxy.
class ProxyUrl
{
public:
    enum class Kind : std::uint8_t {
        http,
        https, // HTTP over TLS
        socks5,
    };

    ProxyUrl() = default;

    Kind kind = Kind::http;
    std::string host;
    std::uint16_t port = 0;
    std::string authorization; // the value of Proxy-Authorization; empty for none
    std::string login;         // for SOCKS5; empty for none
    std::string passcode;
};

/// Reads "http://user:password@host:port", or the same with the scheme https, socks5 or socks5h. Throws
/// std::invalid_argument, which shows no credentials.
ProxyUrl parse_proxy(std::string_view text);

/// Asks the HTTP proxy at the other end for a tunnel (RFC 9110, 9.3.6). Returns the stream, now connected to the host.
/// @throws boost::system::system_error when the proxy refuses, and what the stream throws; `failed` is told before.
boost::asio::awaitable<ConnectedStream> open_tunnel(ConnectedStream socket, ProxyUrl proxy, std::string host,
                                                    std::uint16_t port, OnFailedAttempt failed);

} // namespace arbalest::detail
