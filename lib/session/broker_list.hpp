#pragma once

#include <arbalest/session/stomp_config.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

// From a transport or from URLs to an open session; every failure becomes a ConnectError.
namespace arbalest::detail {

class SessionImpl;

/// Where a session's connections come from.
class BrokerList
{
public:
    explicit BrokerList(std::vector<std::string> urls) : urls(std::move(urls)) {}

    std::vector<std::string> const urls;
    std::size_t first = 0;   // which one to begin with
    std::size_t current = 0; // which one was tried last
    unsigned attempts = 0;   // at any of them, since there was a connection
};

/// Makes a connection for a session: goes once through the URLs of its route, until one works. Runs on the session's
/// executor. Throws ConnectError, or InvalidFrame when a setting cannot be put into CONNECT.
boost::asio::awaitable<bool> connect_once(std::shared_ptr<SessionImpl> impl, std::shared_ptr<BrokerList> route);

/// Makes a connection of a transport that is connected, in the same way.
boost::asio::awaitable<bool> connect_over(std::shared_ptr<SessionImpl> impl, std::unique_ptr<Transport> transport);

} // namespace arbalest::detail
