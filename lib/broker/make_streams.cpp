#include "make_streams.hpp"

#include "tcp_stream.hpp"
#include "tls_stream.hpp"
#include "websocket_stream.hpp"

#include <stdexcept>
#include <utility>

namespace arbalest::broker {

using boost::asio::ip::tcp;

Listener::MakeStream make_streams(Listen kind, BrokerConfig const& config,
                                  std::function<void(WebSocketHandshake const&)> report)
{
    if (kind == Listen::tcp)
        return [](tcp::socket socket) { return std::make_unique<TcpStream>(std::move(socket)); };

    bool const secure = kind != Listen::websocket;
    auto const context = secure ? make_tls_context(config.tls) : nullptr;
    if (kind == Listen::tls)
        return [context](tcp::socket socket) { return make_tls_stream(std::move(socket), context); };

    if (!config.websocket.path.starts_with('/'))
        throw std::invalid_argument("BrokerWebSocket::path must begin with a slash");
    auto const& sockjs = config.websocket.sockjs_path;
    if (!sockjs.empty() && (!sockjs.starts_with('/') || sockjs.ends_with('/')))
        throw std::invalid_argument("BrokerWebSocket::sockjs_path must begin with a slash, and not end with one");
    auto const settings = std::make_shared<WebSocketSettings>();
    settings->config = config.websocket;
    settings->secure = secure;
    settings->report = std::move(report);
    if (!secure)
        return [settings](tcp::socket socket) { return make_websocket_stream(std::move(socket), settings); };
    return [settings, context](tcp::socket socket) {
        return make_secure_websocket_stream(std::move(socket), context, settings);
    };
}

} // namespace arbalest::broker
