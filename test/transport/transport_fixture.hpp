#pragma once

#include "support/contains.hpp"
#include "support/open_files.hpp"
#include "support/session_tools.hpp"
#include "transport/connect_transport.hpp"
#include "transport/url.hpp"
#include <arbalest/transport/error.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arbalest {

// For Boost.Test.
inline std::ostream& operator<<(std::ostream& out, transport_errc code)
{
    return out << make_error_code(code).message();
}

} // namespace arbalest

namespace arbalest::test {

/// Connects transports, and notes the attempts that fail.
class TransportFixture : public ContextFixture
{
public:
    asio::awaitable<std::unique_ptr<Transport>> connect(std::string url)
    {
        detail::OnFailedAttempt const failed = [this](ConnectAttempt attempt) {
            attempts.push_back(std::move(attempt));
        };
        return detail::connect_transport(context.get_executor(), detail::parse_url(url), options, failed);
    }

    /// Expects that connecting fails, and returns how.
    asio::awaitable<ConnectAttempt> fail_to_connect(std::string url)
    {
        attempts.clear();
        auto const failure = co_await failure_of(connect(std::move(url)));
        BOOST_REQUIRE(static_cast<bool>(failure));
        BOOST_REQUIRE(!attempts.empty());
        BOOST_TEST(attempts.back().code == failure.code());
        co_return attempts.back();
    }

    detail::TransportOptions options;
    std::vector<ConnectAttempt> attempts;
};

/// Reads until there are so many bytes.
inline asio::awaitable<std::string> read_bytes(Transport& transport, std::size_t count)
{
    std::string bytes;
    while (bytes.size() < count) {
        char piece[1000];
        auto const room = asio::buffer(piece, std::min(sizeof piece, count - bytes.size()));
        auto const size = co_await transport.read_some(room);
        BOOST_TEST(size > 0u);
        bytes.append(piece, size);
    }
    co_return bytes;
}

/// Writes bytes as the session does. Each string is a frame.
inline asio::awaitable<void> write_frames(Transport& transport, std::vector<std::string> frames)
{
    std::string bytes;
    std::vector<std::size_t> ends;
    for (auto const& frame : frames) {
        bytes += frame;
        if (transport.wants_frame_ends())
            ends.push_back(bytes.size());
    }
    std::size_t done = 0;
    while (done < bytes.size()) {
        std::span<std::size_t const> const left(ends);
        auto const size = co_await transport.write_some(asio::buffer(bytes.data() + done, bytes.size() - done), left);
        done += size;
        std::erase_if(ends, [size](std::size_t end) { return end <= size; });
        for (auto& end : ends)
            end -= size;
    }
}

inline asio::awaitable<void> write_frame(Transport& transport, std::string frame)
{
    std::vector<std::string> frames;
    frames.push_back(std::move(frame));
    return write_frames(transport, std::move(frames));
}

/// A TCP server on this machine that is played by hand, for one client at a time.
class TcpPeer
{
public:
    explicit TcpPeer(asio::io_context& context)
        : socket(context), acceptor_(context, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0))
    {
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    std::string at(std::string_view scheme, std::string_view rest = {}) const
    {
        return std::string(scheme) + "://127.0.0.1:" + std::to_string(port()) + std::string(rest);
    }

    asio::awaitable<void> accept()
    {
        socket.close();
        read_.clear();
        co_await acceptor_.async_accept(socket, asio::use_awaitable);
    }

    /// The next bytes up to and including an empty line.
    asio::awaitable<std::string> read_head()
    {
        auto const size =
            co_await asio::async_read_until(socket, asio::dynamic_buffer(read_), "\r\n\r\n", asio::use_awaitable);
        auto head = read_.substr(0, size);
        read_.erase(0, size);
        co_return head;
    }

    asio::awaitable<void> send(std::string bytes)
    {
        co_await asio::async_write(socket, asio::buffer(bytes), asio::use_awaitable);
    }

    /// Accepts a client, reads a request and answers it.
    asio::awaitable<void> answer(std::string answer)
    {
        co_await accept();
        request = co_await read_head();
        co_await send(std::move(answer));
    }

    /// Waits until the client has closed its side.
    asio::awaitable<void> wait_for_end()
    {
        Failure failure;
        char byte;
        while (!failure)
            failure = co_await failure_of(socket.async_read_some(asio::buffer(&byte, 1), asio::use_awaitable));
    }

    asio::ip::tcp::socket socket;
    std::string request;

private:
    asio::ip::tcp::acceptor acceptor_;
    std::string read_;
};

} // namespace arbalest::test
