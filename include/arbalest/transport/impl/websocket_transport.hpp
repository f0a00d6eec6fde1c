#pragma once

#include <arbalest/transport/impl/open_websocket.hpp>
#include <arbalest/transport/impl/websocket_tools.hpp>
#include <arbalest/transport/stream_transport.hpp>
#include <arbalest/transport/transport.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace arbalest {

/// A Transport over a Beast WebSocket stream after its handshake.
template <class Stream>
class WebSocketTransport final : public Transport
{
public:
    /// @param stream after its handshake as a client; the transport owns it from here on.
    /// @param subprotocol what the server chose; empty when it is not known.
    WebSocketTransport(Stream stream, WebSocketOptions const& options, std::string subprotocol = {})
        : socket_(std::make_shared<detail::OpenWebSocket<Stream>>(std::move(stream), options.ping_interval)),
          payload_(options.payload), limit_(options.max_message_size), split_(options.split_large_frames),
          append_nul_(options.append_missing_nul), subprotocol_(std::move(subprotocol))
    {
        socket_->stream.read_message_max(options.max_message_size);
        // One message is one frame of the WebSocket, whatever its size.
        socket_->stream.auto_fragment(false);
        socket_->stream.write_buffer_bytes(write_room_);
        socket_->watch_for_close();
    }

    ~WebSocketTransport() override { socket_->abort(); }

    boost::asio::any_io_executor get_executor() override { return socket_->stream.get_executor(); }

    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer) override
    {
        auto& stream = socket_->stream;
        if (!socket_->pings_started())
            socket_->start_pings(co_await boost::asio::this_coro::executor);
        if (std::exchange(owes_nul_, false))
            co_return put_nul(buffer, 0);
        if (auto const ready = take_ready(buffer); ready > 0)
            co_return ready;
        for (;;) {
            std::size_t size = 0;
            try {
                size = co_await socket_->read_some(buffer);
            } catch (boost::system::system_error const& error) {
                throw_read_error(error.code());
            }
            size += take_ready(buffer + size);
            if (append_nul_) {
                nul_appender_.take(std::string_view(static_cast<char const*>(buffer.data()), size));
                if (stream.is_message_done() && nul_appender_.ends_without())
                    size = put_nul(buffer, size);
            }
            if (size > 0)
                co_return size;
        }
    }

    bool wants_frame_ends() const noexcept override { return true; }

    boost::asio::awaitable<std::size_t> write_some(boost::asio::const_buffer buffer,
                                                   std::span<std::size_t const> frame_ends) override
    {
        std::string_view const bytes(static_cast<char const*>(buffer.data()), buffer.size());
        if (frame_ends.empty()) {
            co_await write_frame(bytes);
            co_return bytes.size();
        }
        std::size_t done = 0;
        for (auto const end : frame_ends) {
            try {
                co_await write_frame(bytes.substr(done, end - done));
            } catch (boost::system::system_error const&) {
                // The next call fails as well; what was written before stays written.
                if (done == 0)
                    throw;
                break;
            }
            done = end;
        }
        co_return done;
    }

    boost::asio::awaitable<void> close(CloseReason reason) override
    {
        socket_->stop_pings();
        if (socket_->peer_has_closed()) {
            co_await socket_->read_ended();
            co_return;
        }
        socket_->await_tcp_end();
        boost::beast::websocket::close_reason why;
        why.code = detail::close_code(reason);
        auto const text = detail::close_text(reason);
        why.reason.assign(text.data(), text.size());
        boost::system::error_code ignored;
        co_await socket_->stream.async_close(why, boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }

    bool may_close_while_busy() const noexcept override { return true; }
    void abort() noexcept override { socket_->abort(); }

    std::string remote_endpoint() const override
    {
        return detail::endpoint_text(boost::beast::get_lowest_layer(socket_->stream));
    }

    std::string subprotocol() const override { return subprotocol_; }

private:
    boost::asio::awaitable<void> write_frame(std::string_view frame)
    {
        auto& stream = socket_->stream;
        bool const binary = detail::is_sent_as_binary(frame, payload_);
        while (!frame.empty()) {
            auto const size = detail::next_part(frame, split_, binary);
            stream.binary(binary);
            make_room(size);
            co_await stream.async_write(boost::asio::const_buffer(frame.data(), size), boost::asio::use_awaitable);
            socket_->written();
            frame.remove_prefix(size);
        }
    }

    // Beast masks what it sends in a buffer that it keeps: the less was ever sent at a time, the smaller it is.
    void make_room(std::size_t size)
    {
        if (size <= write_room_ || write_room_ == most_write_room)
            return;
        write_room_ = std::min(std::bit_ceil(size), most_write_room);
        socket_->stream.write_buffer_bytes(write_room_);
    }

    // Takes the messages that have come wholly, from a layer below the stream that hands them out.
    std::size_t take_ready(boost::asio::mutable_buffer buffer) noexcept
    {
        auto& stream = socket_->stream;
        if constexpr (requires { stream.next_layer().incoming(); }) {
            if (!append_nul_ && stream.is_message_done()) {
                std::span<char> const room(static_cast<char*>(buffer.data()), buffer.size());
                return stream.next_layer().incoming().take(room, limit_);
            }
        }
        return 0;
    }

    std::size_t put_nul(boost::asio::mutable_buffer buffer, std::size_t position) noexcept
    {
        if (position == buffer.size()) {
            owes_nul_ = true;
            return position;
        }
        static_cast<char*>(buffer.data())[position] = '\0';
        return position + 1;
    }

    [[noreturn]] void throw_read_error(boost::system::error_code code)
    {
        if (code == boost::beast::websocket::error::closed) {
            auto const& why = socket_->stream.reason();
            detail::throw_peer_closed(why.code, std::string_view(why.reason.data(), why.reason.size()));
        }
        if (detail::is_truncation(code))
            code = boost::asio::error::eof;
        throw boost::system::system_error(code);
    }

    static constexpr std::size_t most_write_room = std::size_t{16} << 10;

    std::shared_ptr<detail::OpenWebSocket<Stream>> socket_;
    WebSocketPayload payload_;
    std::size_t limit_;
    std::size_t split_;
    bool append_nul_;
    bool owes_nul_ = false;
    std::size_t write_room_ = 512;
    detail::NulAppender nul_appender_;
    std::string subprotocol_;
};

} // namespace arbalest
