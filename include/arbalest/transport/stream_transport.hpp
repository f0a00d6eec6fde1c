#pragma once

#include <arbalest/transport/transport.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <utility>

namespace arbalest {

namespace detail {

/// The peer's address of anything that is like a socket; empty when it has none.
template <class Socket>
std::string endpoint_text(Socket const& socket)
{
    if constexpr (requires(std::ostringstream out, boost::system::error_code code) {
                      out << socket.remote_endpoint(code);
                  }) {
        boost::system::error_code code;
        auto const endpoint = socket.remote_endpoint(code);
        std::ostringstream out;
        if (!code)
            out << endpoint;
        return out.str();
    }
    return {};
}

/// Closes anything that is like a socket, whatever its close() says.
template <class Socket>
void close_now(Socket& socket) noexcept
{
    if constexpr (requires(boost::system::error_code code) { socket.close(code); }) {
        boost::system::error_code ignored;
        socket.close(ignored);
    } else {
        try {
            socket.close();
        } catch (...) {
            // It is given up in any case.
        }
    }
}

} // namespace detail

/// A Transport over any Asio stream (AsyncReadStream and AsyncWriteStream) that is connected already: a TCP socket, a
/// Unix domain socket, a stream of one's own. The stream is movable, completes with `asio::error::eof` when its peer
/// has closed, and has a close() member which makes pending operations complete with an error; what that throws is
/// ignored. A socket is put into non-blocking mode; what it can do without waiting completes at once.
template <class Stream>
class StreamTransport final : public Transport
{
public:
    /// @param stream connected; the transport owns it from here on.
    explicit StreamTransport(Stream stream) : stream_(std::move(stream)) {}

    boost::asio::any_io_executor get_executor() override { return stream_.get_executor(); }

    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer) override
    {
        if constexpr (is_socket) {
            if (auto const size = at_once([&](auto& code) { return stream_.read_some(buffer, code); }))
                co_return *size;
        }
        co_return co_await stream_.async_read_some(buffer, boost::asio::use_awaitable);
    }

    boost::asio::awaitable<std::size_t> write_some(boost::asio::const_buffer buffer,
                                                   std::span<std::size_t const>) override
    {
        if constexpr (is_socket) {
            if (auto const size = at_once([&](auto& code) { return stream_.write_some(buffer, code); }))
                co_return *size;
        }
        co_return co_await stream_.async_write_some(buffer, boost::asio::use_awaitable);
    }

    boost::asio::awaitable<void> close(CloseReason) override
    {
        if constexpr (requires { stream_.shutdown(Stream::shutdown_both); }) {
            boost::system::error_code ignored;
            stream_.shutdown(Stream::shutdown_both, ignored);
        }
        co_return;
    }

    bool may_close_while_busy() const noexcept override { return true; }
    void abort() noexcept override { detail::close_now(stream_); }

    std::string remote_endpoint() const override { return detail::endpoint_text(stream_); }

    /// The stream, for its options.
    Stream& stream() noexcept { return stream_; }

private:
    static constexpr bool is_socket =
        requires(Stream stream, boost::asio::mutable_buffer buffer, boost::system::error_code code)
    {
        stream.non_blocking(true, code);
        stream.read_some(buffer, code);
        stream.write_some(boost::asio::const_buffer(buffer), code);
    };

    // What a socket can do without waiting needs no trip through the scheduler, which would be another system call.
    template <class Operation>
    std::optional<std::size_t> at_once(Operation operation)
    {
        boost::system::error_code code;
        if (!stream_.non_blocking() && stream_.non_blocking(true, code))
            return std::nullopt;
        auto const size = operation(code);
        if (code == boost::asio::error::would_block || code == boost::asio::error::try_again ||
            code == boost::asio::error::interrupted)
            return std::nullopt;
        if (code)
            throw boost::system::system_error(code);
        return size;
    }

    Stream stream_;
};

/// How StompSession::over() makes a transport of a stream. <arbalest/transport/over_tls.hpp> and
/// <arbalest/transport/over_websocket.hpp> specialise it for their streams; so may you for one of your own.
template <class Stream>
struct TransportFor
{
    static std::unique_ptr<Transport> make(Stream stream, WebSocketOptions const&)
    {
        return std::make_unique<StreamTransport<Stream>>(std::move(stream));
    }
};

} // namespace arbalest
