#pragma once

#include <arbalest/transport/connect_attempt.hpp>
#include <arbalest/transport/tcp_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace arbalest::detail {

/// The addresses of both families by turns, beginning with that of the first (RFC 8305, 4).
std::vector<boost::asio::ip::address> interleave(std::vector<boost::asio::ip::address> const& addresses);

/// Resolves a host and connects to its addresses, one beginning a little after the other, until one answers
/// (RFC 8305, "Happy Eyeballs").
///
/// @param failed told of every attempt that fails, and when it is cancelled of every one that is under way; `url` is
/// left for the caller to fill in.
/// @throws boost::system::system_error of the last failure. Cancelling leaves no socket; a look-up that does not end is
/// abandoned.
boost::asio::awaitable<boost::asio::ip::tcp::socket> connect_tcp(boost::asio::any_io_executor executor,
                                                                 std::string host, std::uint16_t port,
                                                                 TcpOptions options,
                                                                 std::function<void(ConnectAttempt)> failed);

} // namespace arbalest::detail
