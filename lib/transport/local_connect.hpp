#pragma once

#include "failed_attempt.hpp"
#include <arbalest/transport/transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace arbalest::detail {

/// Connects to a Unix domain socket. One whose backlog is full is tried again until there is room.
///
/// @throws boost::system::system_error; `failed` is told before. Cancelling leaves no socket.
boost::asio::awaitable<std::unique_ptr<Transport>> connect_local(boost::asio::any_io_executor executor,
                                                                 std::string path, OnFailedAttempt failed);

} // namespace arbalest::detail
