#pragma once

#include "../transport/connected_stream.hpp"
#include "server_tls.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <utility>

namespace arbalest::broker {

/// The server's part of TLS below a WebSocket.
class WebSocketTls final : public detail::TlsLayer
{
public:
    WebSocketTls(boost::asio::ip::tcp::socket socket, std::shared_ptr<boost::asio::ssl::context> context)
        : context_(std::move(context)), stream_(std::move(socket), *context_)
    {
    }

    /// These take a handler of an error code.
    template <class Handler>
    void handshake(Handler handler)
    {
        ServerTls::handshake(stream_, std::move(handler));
    }
    template <class Handler>
    void say_goodbye(Handler handler)
    {
        ServerTls::say_goodbye(stream_, std::move(handler));
    }

    void read_some(boost::asio::mutable_buffer buffer, Handler handler) override
    {
        stream_.async_read_some(buffer, std::move(handler));
    }
    void write_some(boost::asio::const_buffer buffer, Handler handler) override
    {
        stream_.async_write_some(buffer, std::move(handler));
    }
    void shut_down(ShutdownHandler handler) override { stream_.async_shutdown(std::move(handler)); }
    boost::asio::ip::tcp::socket& socket() noexcept override { return stream_.next_layer(); }

private:
    std::shared_ptr<boost::asio::ssl::context> context_;
    ServerTls::Stream stream_;
};

} // namespace arbalest::broker
