#include "asio_scenarios.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

// Raw Beast over TCP and TLS: every STOMP frame is a message of its own.
namespace bench {
namespace {

namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using Tls = asio::ssl::stream<tcp::socket>;

asio::awaitable<void> open(tcp::socket& socket, tcp::endpoint endpoint)
{
    co_await socket.async_connect(endpoint, asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
}

asio::awaitable<void> open(Tls& stream, tcp::endpoint endpoint)
{
    co_await open(stream.next_layer(), endpoint);
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
}

template <class Next>
class BeastStream
{
public:
    template <class... Arguments>
    explicit BeastStream(Arguments&... arguments) : stream_(arguments...)
    {
    }

    asio::awaitable<void> connect(tcp::endpoint endpoint)
    {
        co_await open(stream_.next_layer(), endpoint);
        co_await stream_.async_handshake("127.0.0.1", "/", asio::use_awaitable);
        stream_.binary(false);
        stream_.auto_fragment(false);
        stream_.read_message_max(0);
    }
    asio::awaitable<void> write(std::string const& bytes, std::vector<std::size_t> const& ends)
    {
        std::size_t begin = 0;
        for (auto const end : ends) {
            co_await stream_.async_write(asio::buffer(bytes.data() + begin, end - begin), asio::use_awaitable);
            begin = end;
        }
    }
    asio::awaitable<std::size_t> read(asio::mutable_buffer room)
    {
        return stream_.async_read_some(room, asio::use_awaitable);
    }

private:
    websocket::stream<Next> stream_;
};

} // namespace

void over_beast(FloorJob const& job, Measurement& measurement)
{
    asio::io_context context(1);
    BeastStream<tcp::socket> stream(context);
    run_floor(stream, context, job, measurement);
}

void over_beast_tls(FloorJob const& job, Measurement& measurement)
{
    asio::io_context context(1);
    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.load_verify_file(job.ca_file);
    tls.set_verify_mode(asio::ssl::verify_peer);
    BeastStream<Tls> stream(context, tls);
    run_floor(stream, context, job, measurement);
}

} // namespace bench
