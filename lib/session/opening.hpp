#pragma once

#include <arbalest/session/stomp_config.hpp>
#include <arbalest/session/stomp_session.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

// From a transport or from URLs to an open session; every failure becomes a ConnectError.
namespace arbalest::detail {

/// Speaks STOMP on a transport that is connected.
boost::asio::awaitable<StompSession> open_over(std::unique_ptr<Transport> transport,
                                               std::shared_ptr<StompConfig const> config);

/// Connects to the first of the URLs that works. The session lives on the executor.
boost::asio::awaitable<StompSession> open_urls(boost::asio::any_io_executor executor, std::vector<std::string> urls,
                                               std::shared_ptr<StompConfig const> config);

} // namespace arbalest::detail
