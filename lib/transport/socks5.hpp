#pragma once

#include "failed_attempt.hpp"
#include "proxy.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace arbalest::detail {

/// Asks the SOCKS5 proxy at the other end for a connection (RFC 1928; with a password, RFC 1929). The proxy resolves
/// the host's name.
/// @throws boost::system::system_error when the proxy refuses, and what the socket throws; `failed` is told before.
boost::asio::awaitable<boost::asio::ip::tcp::socket> open_socks5(boost::asio::ip::tcp::socket socket, ProxyUrl proxy,
                                                                 std::string host, std::uint16_t port,
                                                                 OnFailedAttempt failed);

} // namespace arbalest::detail
