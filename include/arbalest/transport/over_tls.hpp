#pragma once

/// STOMP over a TLS stream whose handshake the application has made: include this, and pass the stream to
/// StompSession::over(). It compiles OpenSSL, which <arbalest/arbalest.hpp> does not.

#include <arbalest/transport/stream_transport.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <utility>

namespace arbalest {

/// A Transport over `asio::ssl::stream<Next>` after its handshake. Closing it sends and awaits close_notify; a peer
/// that closes without one has closed all the same (`asio::error::eof`), since STOMP tells itself where it ends.
template <class Next>
class TlsTransport final : public Transport
{
public:
    using Stream = boost::asio::ssl::stream<Next>;

    /// @param stream after its handshake; the transport owns it from here on.
    explicit TlsTransport(Stream stream) : stream_(std::move(stream)) {}

    boost::asio::any_io_executor get_executor() override { return stream_.get_executor(); }

    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer) override
    {
        boost::system::error_code code;
        auto const size =
            co_await stream_.async_read_some(buffer, boost::asio::redirect_error(boost::asio::use_awaitable, code));
        if (code == boost::asio::ssl::error::stream_truncated)
            code = boost::asio::error::eof;
        if (code)
            throw boost::system::system_error(code);
        co_return size;
    }

    boost::asio::awaitable<std::size_t> write_some(boost::asio::const_buffer buffer,
                                                   std::span<std::size_t const>) override
    {
        return stream_.async_write_some(buffer, boost::asio::use_awaitable);
    }

    boost::asio::awaitable<void> close(CloseReason) override
    {
        boost::system::error_code ignored;
        co_await stream_.async_shutdown(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }

    bool may_close_while_busy() const noexcept override { return true; }
    void abort() noexcept override { detail::close_now(stream_.lowest_layer()); }

    std::string remote_endpoint() const override { return detail::endpoint_text(stream_.lowest_layer()); }

    /// The stream, for its options.
    Stream& stream() noexcept { return stream_; }

private:
    Stream stream_;
};

template <class Next>
struct TransportFor<boost::asio::ssl::stream<Next>>
{
    static std::unique_ptr<Transport> make(boost::asio::ssl::stream<Next> stream, WebSocketOptions const&)
    {
        return std::make_unique<TlsTransport<Next>>(std::move(stream));
    }
};

} // namespace arbalest
