#pragma once

#include "connected_stream.hpp"
#include "failed_attempt.hpp"
#include <arbalest/transport/tls_options.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace arbalest::detail {

/// The context that the options describe, or the caller's own.
/// @throws std::invalid_argument which says what cannot be used.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(TlsOptions const& options);

/// Makes the TLS handshake on a connection, and the checks. The result is the stream within TLS.
/// @param host the URL's.
/// @throws boost::system::system_error when it fails; `failed` is told before. Cancelling leaves no socket.
boost::asio::awaitable<ConnectedStream> put_tls_on(ConnectedStream connection,
                                                   std::shared_ptr<boost::asio::ssl::context> context,
                                                   TlsOptions options, std::string host, OnFailedAttempt failed);

/// A transport that moves bytes over it. @param connection with TLS on it, if any, by put_tls_on().
std::unique_ptr<Transport> make_transport(ConnectedStream connection);

} // namespace arbalest::detail
