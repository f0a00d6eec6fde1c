#pragma once

#include <arbalest/export.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::asio::ssl {
class context;
}

namespace arbalest {

/// What carries STOMP between an EmbeddedBroker and its clients.
enum class Listen : std::uint8_t {
    tcp,              ///< `stomp://`
    tls,              ///< `stomp+tls://`, see BrokerTls
    websocket,        ///< `ws://`, see BrokerWebSocket
    secure_websocket, ///< `wss://`, see both
};

/// How an EmbeddedBroker proves who it is, and what it wants to know of its clients (Listen::tls and
/// Listen::secure_websocket). The files are in PEM format and are read by EmbeddedBroker::listen(). TLS 1.2 and 1.3 are
/// spoken.
class BrokerTls
{
public:
    BrokerTls() = default;

    /// The certificate, followed by the intermediate ones if there are any. No default.
    std::string certificate_file;
    /// Its private key, without a passphrase. No default.
    std::string private_key_file;
    /// The authorities that may have signed a client's certificate. When given, clients are asked for one, and what
    /// they show must be valid. Default empty: clients are not asked.
    std::string ca_file;
    /// Whether a client without a certificate is refused in the handshake; needs `ca_file`. Default false.
    bool require_client_certificate = false;

    /// A context of the caller's own, for whatever else is wanted; all fields above are then ignored. It must not be
    /// changed while the broker listens. Default none.
    std::shared_ptr<boost::asio::ssl::context> context;
};

/// A client's request for a WebSocket, and what came of it.
class WebSocketHandshake
{
public:
    WebSocketHandshake() = default;

    /// The request target, for instance "/stomp?token=1".
    std::string target;
    /// The request's headers, name and value, in their order.
    std::vector<std::pair<std::string, std::string>> headers;
    /// Whether it came through TLS.
    bool secure = false;
    /// Whether it is for a session of SockJS, see BrokerWebSocket::sockjs_path.
    bool sockjs = false;
    /// The subprotocol that was chosen; empty: none.
    std::string subprotocol;
    /// The HTTP status that was answered, 101 being the consent. While BrokerWebSocket::on_handshake is called: 101.
    unsigned status = 101;

    /// The value of the first header of that name, in whatever case; nullopt when there is none.
    ARBALEST_DECL std::optional<std::string_view> header(std::string_view name) const;
};

/// What is answered to a WebSocketHandshake.
class WebSocketAnswer
{
public:
    /// @param status 101 agrees, anything else refuses with that HTTP status.
    WebSocketAnswer(unsigned status = 101) : status(status) {}

    /// Adds a header. One that the answer has anyhow, for instance `Sec-WebSocket-Protocol`, is replaced.
    WebSocketAnswer& header(std::string name, std::string value) &
    {
        headers.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    WebSocketAnswer&& header(std::string name, std::string value) && { return std::move(header(name, value)); }

    /// The HTTP status. Default 101.
    unsigned status = 101;
    /// Headers, name and value. Default none.
    std::vector<std::pair<std::string, std::string>> headers;
    /// What stands in the body of a refusal. Default empty.
    std::string body;
};

/// In which kind of WebSocket messages an EmbeddedBroker sends its frames.
enum class WebSocketFrames : std::uint8_t {
    automatic, ///< text if the bytes are valid UTF-8, else binary
    text,      ///< text, whatever the bytes are; RabbitMQ does so unless told otherwise
    binary,    ///< binary
};

/// What WebSockets to an EmbeddedBroker are like (Listen::websocket and Listen::secure_websocket; RFC 6455). Each STOMP
/// frame and each heart-beat is sent as a message of its own; what comes in may be cut into messages in any way, text
/// or binary.
class BrokerWebSocket
{
public:
    BrokerWebSocket() = default;

    /// Where it is served, with a slash in front; a query behind it is left alone. What is not served is answered 404.
    /// Default "/stomp".
    std::string path = "/stomp";
    /// Where SockJS is served beside it, with a slash in front: sessions at `/PREFIX/SERVER/SESSION/websocket`, a plain
    /// WebSocket at `/PREFIX/websocket`, and `/PREFIX/info`. SockJS speaks text: bytes that are not UTF-8 arrive as
    /// U+FFFD. Its other transports are not there. Default empty: nowhere.
    std::string sockjs_path;
    /// The subprotocols that are known. The first of the client's that is among them is chosen; when there is none, the
    /// client is served without. Default those of STOMP 1.2, 1.1 and 1.0.
    std::vector<std::string> subprotocols = {"v12.stomp", "v11.stomp", "v10.stomp"};
    /// Default automatic.
    WebSocketFrames frames = WebSocketFrames::automatic;
    /// Cuts longer messages into WebSocket frames of about that many bytes, at least 8. Zero means no limit. Default 0.
    std::size_t fragment_size = 0;
    /// Whether messages are compressed when the client offers to (RFC 7692). Default true.
    bool permessage_deflate = true;

    /// Sees the requests for what is served that are proper WebSocket handshakes, and answers them; for instance
    /// `return 401;`. An exception is answered 500. It is called on the broker's executor, for several connections at a
    /// time if that has several threads. Default none: all are agreed to.
    std::function<WebSocketAnswer(WebSocketHandshake const&)> on_handshake;
};

} // namespace arbalest
