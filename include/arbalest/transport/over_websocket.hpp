#pragma once

/// STOMP over a WebSocket whose handshake the application has made: include this, and pass the stream to
/// StompSession::over(). Of `config.websocket` what concerns the handshake does not apply, the rest does. The session
/// takes the stream's control_callback, and shortens its timeout for closing. A peer that breaks the WebSocket protocol
/// and does not read what is being written ends such a session by its missing heart-beats only. It compiles Beast,
/// which <arbalest/arbalest.hpp> does not. For a stream over TLS include <boost/beast/websocket/ssl.hpp> too.

#include <arbalest/transport/impl/websocket_transport.hpp>
#include <arbalest/transport/stream_transport.hpp>

namespace arbalest {

/// A Transport over `beast::websocket::stream<Next>`, for StompSession::over().
template <class Next, bool deflate>
struct TransportFor<boost::beast::websocket::stream<Next, deflate>>
{
    using Stream = boost::beast::websocket::stream<Next, deflate>;

    static std::unique_ptr<Transport> make(Stream stream, WebSocketOptions const& options)
    {
        return std::make_unique<WebSocketTransport<Stream>>(std::move(stream), options);
    }
};

} // namespace arbalest
