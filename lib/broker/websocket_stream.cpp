#include "websocket_stream.hpp"

#include "websocket_engine.hpp"

namespace arbalest::broker {

using boost::asio::ip::tcp;

namespace {

std::unique_ptr<ByteStream> make_stream(tcp::socket::executor_type strand, detail::ConnectedStream connection,
                                        WebSocketTls* tls, std::shared_ptr<WebSocketSettings const> settings)
{
    error_code ignored;
    connection.lowest_layer().set_option(tcp::no_delay(true), ignored);
    auto engine = std::make_shared<WebSocketEngine>(std::move(settings), std::move(connection), tls);
    return std::make_unique<StrandedStream>(std::move(strand), std::move(engine), true);
}

} // namespace

std::unique_ptr<ByteStream> make_websocket_stream(tcp::socket socket, std::shared_ptr<WebSocketSettings const> settings)
{
    auto strand = socket.get_executor();
    return make_stream(std::move(strand), detail::ConnectedStream(std::move(socket)), nullptr, std::move(settings));
}

std::unique_ptr<ByteStream> make_secure_websocket_stream(tcp::socket socket,
                                                         std::shared_ptr<boost::asio::ssl::context> context,
                                                         std::shared_ptr<WebSocketSettings const> settings)
{
    auto strand = socket.get_executor();
    auto tls = std::make_unique<WebSocketTls>(std::move(socket), std::move(context));
    auto* const part = tls.get();
    return make_stream(std::move(strand), detail::ConnectedStream(std::move(tls)), part, std::move(settings));
}

} // namespace arbalest::broker
