#pragma once

#include <arbalest/transport/transport.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace arbalest::detail {

/// TLS to a proxy, behind an interface: so that TLS within TLS, and a WebSocket within TLS, need no code of their own.
class TlsTunnel
{
public:
    using Handler = boost::asio::any_completion_handler<void(boost::system::error_code, std::size_t)>;

    TlsTunnel() = default;
    TlsTunnel(TlsTunnel const&) = delete;
    TlsTunnel& operator=(TlsTunnel const&) = delete;
    virtual ~TlsTunnel() = default;

    virtual void read_some(boost::asio::mutable_buffer buffer, Handler handler) = 0;
    virtual void write_some(boost::asio::const_buffer buffer, Handler handler) = 0;
    virtual boost::asio::ip::tcp::socket& socket() noexcept = 0;
    /// A transport that moves bytes through it; takes everything away.
    virtual std::unique_ptr<Transport> make_transport() = 0;
};

/// The stream that TLS and WebSocket are put upon: a TCP connection, or a tunnel through a TLS proxy over one.
class ConnectedStream
{
public:
    using executor_type = boost::asio::ip::tcp::socket::executor_type;
    using lowest_layer_type = boost::asio::ip::tcp::socket;
    using next_layer_type = boost::asio::ip::tcp::socket;

    explicit ConnectedStream(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}
    explicit ConnectedStream(std::unique_ptr<TlsTunnel> tunnel)
        : socket_(tunnel->socket().get_executor()), tunnel_(std::move(tunnel))
    {
    }

    executor_type get_executor() noexcept { return lowest_layer().get_executor(); }
    lowest_layer_type& lowest_layer() noexcept { return tunnel_ ? tunnel_->socket() : socket_; }
    lowest_layer_type const& lowest_layer() const noexcept { return tunnel_ ? tunnel_->socket() : socket_; }
    next_layer_type& next_layer() noexcept { return lowest_layer(); }
    next_layer_type const& next_layer() const noexcept { return lowest_layer(); }

    /// A transport that moves bytes over it; takes everything away.
    std::unique_ptr<Transport> make_transport();
    /// The TCP connection, where there is nothing else.
    boost::asio::ip::tcp::socket take_socket() noexcept { return std::move(socket_); }

    template <class Buffers, class Token>
    auto async_read_some(Buffers const& buffers, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [](auto&& handler, ConnectedStream* self, Buffers const& into) {
                if (self->tunnel_)
                    self->tunnel_->read_some(first_of<boost::asio::mutable_buffer>(into),
                                             TlsTunnel::Handler(std::forward<decltype(handler)>(handler)));
                else
                    self->socket_.async_read_some(into, std::forward<decltype(handler)>(handler));
            },
            token, this, buffers);
    }

    template <class Buffers, class Token>
    auto async_write_some(Buffers const& buffers, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [](auto&& handler, ConnectedStream* self, Buffers const& from) {
                if (self->tunnel_)
                    self->tunnel_->write_some(first_of<boost::asio::const_buffer>(from),
                                              TlsTunnel::Handler(std::forward<decltype(handler)>(handler)));
                else
                    self->socket_.async_write_some(from, std::forward<decltype(handler)>(handler));
            },
            token, this, buffers);
    }

private:
    // The first buffer that is not empty: enough for an operation that may do less than it was asked for.
    template <class Buffer, class Buffers>
    static Buffer first_of(Buffers const& buffers)
    {
        for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers);
             ++at) {
            Buffer const buffer(*at);
            if (buffer.size() != 0)
                return buffer;
        }
        return Buffer();
    }

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<TlsTunnel> tunnel_;
};

} // namespace arbalest::detail
