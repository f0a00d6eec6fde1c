#include "websocket_handshake.hpp"

namespace arbalest::detail {

namespace asio = boost::asio;

asio::awaitable<std::unique_ptr<Transport>> open_websocket(asio::ip::tcp::socket socket, WebSocketRequest request,
                                                           OnFailedAttempt failed)
{
    auto endpoint = remote_text(socket);
    return shake_hands_websocket(std::move(socket), std::move(endpoint), std::move(request), std::move(failed));
}

} // namespace arbalest::detail
