#include "tls_layer.hpp"
#include "websocket_engine.hpp"
#include "websocket_stream.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace arbalest::broker {

using boost::asio::ip::tcp;

std::unique_ptr<ByteStream> make_secure_websocket_stream(tcp::socket socket,
                                                         std::shared_ptr<boost::asio::ssl::context> context,
                                                         std::shared_ptr<WebSocketSettings const> settings)
{
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto strand = socket.get_executor();
    auto& used = *context;
    auto engine =
        std::make_shared<WebSocketEngine<TlsLayer>>(std::move(settings), std::move(context), std::move(socket), used);
    return std::make_unique<StrandedStream>(std::move(strand), std::move(engine), true);
}

} // namespace arbalest::broker
