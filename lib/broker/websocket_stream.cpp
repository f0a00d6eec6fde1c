#include "websocket_stream.hpp"

#include "websocket_engine.hpp"

namespace arbalest::broker {

using boost::asio::ip::tcp;

namespace {

struct PlainLayer
{
    using Stream = tcp::socket;

    template <class Handler>
    static void shake_hands(Stream&, Handler handler)
    {
        handler(error_code());
    }
    template <class Handler>
    static void say_goodbye(Stream&, Handler handler)
    {
        handler(error_code());
    }
};

} // namespace

std::unique_ptr<ByteStream> make_websocket_stream(tcp::socket socket, std::shared_ptr<WebSocketSettings const> settings)
{
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto strand = socket.get_executor();
    auto engine = std::make_shared<WebSocketEngine<PlainLayer>>(std::move(settings), nullptr, std::move(socket));
    return std::make_unique<StrandedStream>(std::move(strand), std::move(engine), true);
}

} // namespace arbalest::broker
