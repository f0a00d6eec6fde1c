#include "websocket_handshake.hpp"

// g++ 12 inlines one half of the pair with which Asio allocates coroutine frames, and then finds the halves mismatched.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace arbalest::detail {

namespace asio = boost::asio;

asio::awaitable<std::unique_ptr<Transport>> open_websocket(asio::ip::tcp::socket socket, WebSocketRequest request,
                                                           OnFailedAttempt failed)
{
    auto endpoint = remote_text(socket);
    return shake_hands_websocket(std::move(socket), std::move(endpoint), std::move(request), std::move(failed));
}

} // namespace arbalest::detail
