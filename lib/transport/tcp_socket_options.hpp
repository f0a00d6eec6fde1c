#pragma once

#include <arbalest/transport/tcp_options.hpp>

#include <boost/asio/ip/tcp.hpp>

namespace arbalest::detail {

/// Opens a socket for a remote endpoint, binds it and sets its options.
/// @throws boost::system::system_error.
void open_socket(boost::asio::ip::tcp::socket& socket, boost::asio::ip::tcp::endpoint const& remote,
                 TcpOptions const& options);

} // namespace arbalest::detail
