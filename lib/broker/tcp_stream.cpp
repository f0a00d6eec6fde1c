#include "tcp_stream.hpp"

#include <boost/asio/buffer.hpp>

#include <utility>

namespace arbalest::broker {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

TcpStream::TcpStream(tcp::socket socket) noexcept : socket_(std::move(socket))
{
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
}

bool TcpStream::open(std::shared_ptr<StreamUser>)
{
    return true;
}

void TcpStream::read_some(std::span<char> into, std::shared_ptr<StreamUser> user)
{
    socket_.async_read_some(
        asio::buffer(into.data(), into.size()),
        [user = std::move(user)](error_code error, std::size_t size) { user->on_read(error, size); });
}

void TcpStream::write_some(std::string_view bytes, std::shared_ptr<StreamUser> user)
{
    socket_.async_write_some(
        asio::buffer(bytes.data(), bytes.size()),
        [user = std::move(user)](error_code error, std::size_t size) { user->on_written(error, size); });
}

void TcpStream::shut_down() noexcept
{
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void TcpStream::close() noexcept
{
    error_code ignored;
    socket_.close(ignored);
}

void TcpStream::reset() noexcept
{
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

} // namespace arbalest::broker
