#include "tls.hpp"
#include "websocket_handshake.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace arbalest::detail {

namespace asio = boost::asio;

asio::awaitable<std::unique_ptr<Transport>> open_websocket_tls(ConnectedStream connection,
                                                               std::shared_ptr<asio::ssl::context> context,
                                                               TlsOptions tls, std::string host,
                                                               WebSocketRequest request, OnFailedAttempt failed)
{
    auto endpoint = remote_text(connection.lowest_layer());
    auto stream =
        co_await shake_hands_tls(std::move(connection), std::move(context), std::move(tls), std::move(host), failed);
    // One TLS record for a header and what follows, not two.
    boost::beast::flat_stream<TlsStream> flat(std::move(stream));
    auto shaking = shake_hands_websocket(std::move(flat), std::move(endpoint), std::move(request), std::move(failed));
    co_return co_await std::move(shaking);
}

} // namespace arbalest::detail
