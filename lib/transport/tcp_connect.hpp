#pragma once

#include <arbalest/transport/connect_attempt.hpp>
#include <arbalest/transport/tcp_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace arbalest::detail {

/// Resolves a host and connects to each of its addresses in turn, until one accepts.
///
/// @param failed told of every attempt that fails; `url` is left for the caller to fill in.
/// @throws boost::system::system_error of the last failure. Cancelling leaves no socket; a resolution that does not end
/// is abandoned.
boost::asio::awaitable<boost::asio::ip::tcp::socket> connect_tcp(boost::asio::any_io_executor executor,
                                                                 std::string host, std::uint16_t port,
                                                                 TcpOptions options,
                                                                 std::function<void(ConnectAttempt)> failed);

} // namespace arbalest::detail
