#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <string>
#include <vector>

namespace arbalest::detail {

/// The addresses of a host, in the order in which the system wants them tried (RFC 6724). An address in numbers is its
/// own, at once.
///
/// @throws boost::system::system_error of getaddrinfo(). Cancelling abandons the look-up; neither another look-up nor
/// the destruction of the io_context waits for one that does not end.
boost::asio::awaitable<std::vector<boost::asio::ip::address>> resolve(boost::asio::any_io_executor executor,
                                                                      std::string host);

} // namespace arbalest::detail
