#pragma once

#include "session_tools.hpp"
#include <arbalest/protocol/frame_decoder.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace arbalest::test {

/// A frame as bytes: lines, an empty line, a body, a NUL.
inline std::string frame_bytes(std::string_view lines, std::string_view body = {})
{
    std::string bytes(lines);
    bytes += "\n\n";
    bytes += body;
    bytes += '\0';
    return bytes;
}

/// A peer that sends exactly the bytes that the test wants, to one client.
class RawPeer
{
public:
    explicit RawPeer(asio::io_context& context)
        : acceptor_(context, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)), socket_(context)
    {
    }

    std::string url() const { return "stomp://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

    asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

    asio::awaitable<void> accept() { co_await acceptor_.async_accept(socket_, asio::use_awaitable); }

    asio::awaitable<Frame> receive()
    {
        for (;;) {
            if (auto frame = decoder_.next())
                co_return std::move(*frame);
            auto const room = decoder_.prepare(4096);
            auto const size =
                co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), asio::use_awaitable);
            decoder_.commit(size);
        }
    }

    /// Waits for a frame with that command; heart-beats are skipped.
    asio::awaitable<Frame> receive(std::string command)
    {
        auto frame = co_await receive();
        BOOST_TEST(frame.command() == command);
        co_return frame;
    }

    /// The next bytes, as they are.
    asio::awaitable<std::string> receive_raw(std::size_t size)
    {
        std::string bytes(size, '\0');
        co_await asio::async_read(socket_, asio::buffer(bytes), asio::use_awaitable);
        co_return bytes;
    }

    asio::awaitable<void> send(std::string bytes)
    {
        co_await asio::async_write(socket_, asio::buffer(bytes), asio::use_awaitable);
    }

    /// Accepts a client, and answers its CONNECT.
    asio::awaitable<void> accept_session()
    {
        co_await accept();
        co_await receive("CONNECT");
        auto connected = frame_bytes("CONNECTED\nversion:1.2\nheart-beat:0,0");
        co_await send(std::move(connected));
    }

    /// Waits until the client has closed its side.
    asio::awaitable<void> wait_for_end()
    {
        char byte;
        Failure failure;
        while (!failure)
            failure = co_await failure_of(socket_.async_read_some(asio::buffer(&byte, 1), asio::use_awaitable));
    }

    void close() { socket_.close(); }
    void reset()
    {
        socket_.set_option(asio::socket_base::linger(true, 0));
        socket_.close();
    }
    void stop_listening() { acceptor_.close(); }

private:
    asio::ip::tcp::acceptor acceptor_;
    asio::ip::tcp::socket socket_;
    FrameDecoder decoder_;
};

} // namespace arbalest::test
