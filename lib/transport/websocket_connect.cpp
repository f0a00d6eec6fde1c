#include "websocket_handshake.hpp"

namespace arbalest::detail {

boost::asio::awaitable<std::unique_ptr<Transport>> open_websocket(ConnectedStream connection, WebSocketRequest request,
                                                                  OnFailedAttempt failed)
{
    auto endpoint = remote_text(connection.lowest_layer());
    return perform_websocket_handshake(std::move(connection), std::move(endpoint), std::move(request),
                                       std::move(failed));
}

} // namespace arbalest::detail
