#pragma once

#include <arbalest/transport/connect_attempt.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <functional>
#include <string>
#include <utility>

namespace arbalest::detail {

/// Told of every attempt to connect that fails, before the operation throws. `url` is left for it to fill in. The code
/// is `operation_aborted` when the attempt was cancelled.
using OnFailedAttempt = std::function<void(ConnectAttempt)>;

/// Address and port, with the brackets of IPv6; empty when the socket is not connected.
std::string remote_text(boost::asio::ip::tcp::socket const& socket);

/// Reports an attempt, and throws its code.
[[noreturn]] inline void fail_attempt(OnFailedAttempt const& failed, ConnectAttempt attempt)
{
    auto const code = attempt.code;
    failed(std::move(attempt));
    throw boost::system::system_error(code);
}

} // namespace arbalest::detail
