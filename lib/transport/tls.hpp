#pragma once

#include "connected_stream.hpp"
#include "failed_attempt.hpp"
#include <arbalest/transport/tls_options.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace boost::asio::ssl {
template <class Next>
class stream;
}

namespace arbalest::detail {

using TlsStream = boost::asio::ssl::stream<ConnectedStream>;

/// The context that the options describe, or the caller's own.
/// @throws std::invalid_argument which says what cannot be used.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(TlsOptions const& options);

/// Makes the TLS handshake on a stream that is connected, and the checks.
/// @param host the URL's.
/// @throws boost::system::system_error when it fails; `failed` is told before. Cancelling leaves no socket.
boost::asio::awaitable<TlsStream> shake_hands_tls(ConnectedStream connection,
                                                  std::shared_ptr<boost::asio::ssl::context> context,
                                                  TlsOptions options, std::string host, OnFailedAttempt failed);

/// The same to a proxy, for a tunnel through it.
boost::asio::awaitable<ConnectedStream> open_tls_tunnel(boost::asio::ip::tcp::socket socket,
                                                        std::shared_ptr<boost::asio::ssl::context> context,
                                                        TlsOptions options, std::string host, OnFailedAttempt failed);

} // namespace arbalest::detail
