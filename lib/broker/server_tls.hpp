#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/ssl.h>
#include <utility>

namespace arbalest::broker {

/// The server's part of TLS on a TCP socket. Each function takes a handler of an error code.
struct ServerTls
{
    using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

    template <class Handler>
    static void handshake(Stream& stream, Handler handler)
    {
        stream.async_handshake(Stream::server, std::move(handler));
    }

    /// Tells the peer that nothing more comes. In contrast to Stream::async_shutdown() alone it does not wait for the
    /// peer to say the same, which fails when the peer is still sending; therefore nothing can be read any more.
    template <class Handler>
    static void say_goodbye(Stream& stream, Handler handler)
    {
        auto* const ssl = stream.native_handle();
        SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
        stream.async_shutdown(std::move(handler));
    }
};

} // namespace arbalest::broker
