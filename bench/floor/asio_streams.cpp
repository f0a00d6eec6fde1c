#include "asio_scenarios.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

// Raw Asio coroutines over TCP and TLS.
namespace bench {
namespace {

using asio::ip::tcp;

class TcpStream
{
public:
    explicit TcpStream(asio::io_context& context) : socket_(context) {}

    asio::awaitable<void> connect(tcp::endpoint endpoint)
    {
        co_await socket_.async_connect(endpoint, asio::use_awaitable);
        socket_.set_option(tcp::no_delay(true));
    }
    asio::awaitable<void> write(std::string const& bytes, std::vector<std::size_t> const&)
    {
        co_await asio::async_write(socket_, asio::buffer(bytes), asio::use_awaitable);
    }
    asio::awaitable<std::size_t> read(asio::mutable_buffer room)
    {
        return socket_.async_read_some(room, asio::use_awaitable);
    }

private:
    tcp::socket socket_;
};

class TlsStream
{
public:
    TlsStream(asio::io_context& context, asio::ssl::context& tls) : stream_(context, tls) {}

    asio::awaitable<void> connect(tcp::endpoint endpoint)
    {
        co_await stream_.next_layer().async_connect(endpoint, asio::use_awaitable);
        stream_.next_layer().set_option(tcp::no_delay(true));
        co_await stream_.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
    }
    asio::awaitable<void> write(std::string const& bytes, std::vector<std::size_t> const&)
    {
        co_await asio::async_write(stream_, asio::buffer(bytes), asio::use_awaitable);
    }
    asio::awaitable<std::size_t> read(asio::mutable_buffer room)
    {
        return stream_.async_read_some(room, asio::use_awaitable);
    }

private:
    asio::ssl::stream<tcp::socket> stream_;
};

} // namespace

void over_asio(FloorJob const& job, Measurement& measurement)
{
    asio::io_context context(1);
    TcpStream stream(context);
    run_floor(stream, context, job, measurement);
}

void over_asio_tls(FloorJob const& job, Measurement& measurement)
{
    asio::io_context context(1);
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.load_verify_file(job.ca_file);
    tls.set_verify_mode(asio::ssl::verify_peer);
    TlsStream stream(context, tls);
    run_floor(stream, context, job, measurement);
}

} // namespace bench
