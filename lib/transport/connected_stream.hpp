#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace arbalest::detail {

/// TLS on a connection, behind an interface: TLS within TLS, and a WebSocket within TLS, need no code of their own
/// then.
class TlsLayer
{
public:
    using Handler = boost::asio::any_completion_handler<void(boost::system::error_code, std::size_t)>;
    using ShutdownHandler = boost::asio::any_completion_handler<void(boost::system::error_code)>;

    TlsLayer() = default;
    TlsLayer(TlsLayer const&) = delete;
    TlsLayer& operator=(TlsLayer const&) = delete;
    virtual ~TlsLayer() = default;

    virtual void read_some(boost::asio::mutable_buffer buffer, Handler handler) = 0;
    virtual void write_some(boost::asio::const_buffer buffer, Handler handler) = 0;
    /// Sends close_notify and awaits the peer's.
    virtual void shut_down(ShutdownHandler handler) = 0;
    virtual boost::asio::ip::tcp::socket& socket() noexcept = 0;
};

/// The stream that TLS and WebSocket are put upon: a TCP connection, or TLS on one.
class ConnectedStream
{
public:
    using executor_type = boost::asio::ip::tcp::socket::executor_type;
    using lowest_layer_type = boost::asio::ip::tcp::socket;
    using next_layer_type = boost::asio::ip::tcp::socket;

    explicit ConnectedStream(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}
    explicit ConnectedStream(std::unique_ptr<TlsLayer> tls)
        : socket_(tls->socket().get_executor()), tls_(std::move(tls))
    {
    }

    executor_type get_executor() noexcept { return lowest_layer().get_executor(); }
    lowest_layer_type& lowest_layer() noexcept { return tls_ ? tls_->socket() : socket_; }
    lowest_layer_type const& lowest_layer() const noexcept { return tls_ ? tls_->socket() : socket_; }
    next_layer_type& next_layer() noexcept { return lowest_layer(); }
    next_layer_type const& next_layer() const noexcept { return lowest_layer(); }

    /// The TCP connection, where there is no TLS.
    boost::asio::ip::tcp::socket take_socket() noexcept { return std::move(socket_); }
    /// What there is of TLS; null where there is none.
    TlsLayer* tls() noexcept { return tls_.get(); }

    /// Called when a teardown of this stream begins: see async_teardown().
    void on_teardown(std::function<void()> hook) { on_teardown_ = std::move(hook); }
    void teardown_begins() const
    {
        if (on_teardown_)
            on_teardown_();
    }

    template <class Buffers, class Token>
    auto async_read_some(Buffers const& buffers, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [](auto&& handler, ConnectedStream* self, Buffers const& into) {
                if (self->tls_)
                    self->tls_->read_some(first_of<boost::asio::mutable_buffer>(into),
                                          TlsLayer::Handler(std::forward<decltype(handler)>(handler)));
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
                if (self->tls_)
                    self->tls_->write_some(self->gather(from),
                                           TlsLayer::Handler(std::forward<decltype(handler)>(handler)));
                else
                    self->socket_.async_write_some(from, std::forward<decltype(handler)>(handler));
            },
            token, this, buffers);
    }

private:
    // What one TLS record holds at most (RFC 8446, section 5.1).
    static constexpr std::size_t largest_record = std::size_t{1} << 14;

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

    // As much as makes one TLS record: a WebSocket frame's header is not to need a record of its own.
    template <class Buffers>
    boost::asio::const_buffer gather(Buffers const& buffers)
    {
        auto const first = first_of<boost::asio::const_buffer>(buffers);
        auto const size = std::min(boost::asio::buffer_size(buffers), largest_record);
        if (first.size() >= size)
            return first;
        if (record_.size() < size)
            record_.resize(size);
        boost::asio::buffer_copy(boost::asio::buffer(record_.data(), size), buffers);
        return {record_.data(), size};
    }

    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<TlsLayer> tls_;
    std::vector<char> record_;
    std::function<void()> on_teardown_;
};

} // namespace arbalest::detail
