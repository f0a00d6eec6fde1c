#include "client_link.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <utility>

namespace arbalest::broker::test {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using TlsSocket = ssl::stream<tcp::socket>;

namespace {

tcp::socket connected(asio::io_context& io, std::uint16_t port)
{
    tcp::socket socket(io);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    socket.set_option(tcp::no_delay(true));
    return socket;
}

ssl::context tls_context(LinkOptions const& options)
{
    ssl::context context(ssl::context::tls_client);
    if (!options.ca_file.empty()) {
        context.load_verify_file(options.ca_file);
        context.set_verify_mode(ssl::verify_peer);
    }
    if (!options.certificate_file.empty()) {
        context.use_certificate_chain_file(options.certificate_file);
        context.use_private_key_file(options.key_file, ssl::context::pem);
    }
    return context;
}

// What is the same for all of them.
class SocketLink : public ClientLink
{
public:
    void shut_down() override { socket().shutdown(tcp::socket::shutdown_send); }
    void close() override
    {
        error_code ignored;
        socket().close(ignored);
    }
    void reset() override
    {
        socket().set_option(asio::socket_base::linger(true, 0));
        close();
    }

protected:
    virtual tcp::socket& socket() = 0;
};

class TcpLink final : public SocketLink
{
public:
    TcpLink(asio::io_context& io, std::uint16_t port) : socket_(connected(io, port)) {}

    void open(Opened done) override { done({}); }
    void read_some(asio::mutable_buffer into, Done done) override { socket_.async_read_some(into, std::move(done)); }
    void write(std::string_view bytes, Done done) override
    {
        asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), std::move(done));
    }

private:
    tcp::socket& socket() override { return socket_; }

    tcp::socket socket_;
};

class TlsLink final : public SocketLink
{
public:
    TlsLink(asio::io_context& io, std::uint16_t port, LinkOptions const& options)
        : context_(tls_context(options)), stream_(connected(io, port), context_)
    {
    }

    void open(Opened done) override { stream_.async_handshake(ssl::stream_base::client, std::move(done)); }
    void read_some(asio::mutable_buffer into, Done done) override { stream_.async_read_some(into, std::move(done)); }
    void write(std::string_view bytes, Done done) override
    {
        asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()), std::move(done));
    }

private:
    tcp::socket& socket() override { return stream_.next_layer(); }

    ssl::context context_;
    TlsSocket stream_;
};

template <class Stream>
class WebSocketLink : public SocketLink
{
public:
    template <class... Arguments>
    explicit WebSocketLink(LinkOptions const& options, Arguments&&... arguments)
        : target_(options.target), stream_(std::forward<Arguments>(arguments)...)
    {
        stream_.binary(true);
        stream_.read_message_max(0);
    }

    void open(Opened done) override { stream_.async_handshake("127.0.0.1", target_, std::move(done)); }
    void read_some(asio::mutable_buffer into, Done done) override
    {
        stream_.async_read_some(into, [this, done = std::move(done)](error_code error, std::size_t size) {
            bool const orderly =
                error == websocket::error::closed && stream_.reason().code == websocket::close_code::normal;
            done(orderly ? asio::error::eof : error, size);
        });
    }
    void write(std::string_view bytes, Done done) override
    {
        stream_.async_write(asio::buffer(bytes.data(), bytes.size()), std::move(done));
    }

protected:
    tcp::socket& socket() override { return beast::get_lowest_layer(stream_); }

    std::string target_;
    websocket::stream<Stream> stream_;
};

// Constructed before the stream that uses it.
struct OwnContext
{
    explicit OwnContext(LinkOptions const& options) : context(tls_context(options)) {}

    ssl::context context;
};

class SecureWebSocketLink final : private OwnContext, public WebSocketLink<TlsSocket>
{
public:
    SecureWebSocketLink(asio::io_context& io, std::uint16_t port, LinkOptions const& options)
        : OwnContext(options), WebSocketLink(options, connected(io, port), context)
    {
    }

    void open(Opened done) override
    {
        stream_.next_layer().async_handshake(ssl::stream_base::client,
                                             [this, done = std::move(done)](error_code error) {
                                                 if (error)
                                                     return done(error);
                                                 WebSocketLink::open(done);
                                             });
    }
};

} // namespace

std::unique_ptr<ClientLink> make_link(Listen kind, asio::io_context& io, std::uint16_t port, LinkOptions const& options)
{
    switch (kind) {
    case Listen::tcp:
        break;
    case Listen::tls:
        return std::make_unique<TlsLink>(io, port, options);
    case Listen::websocket:
        return std::make_unique<WebSocketLink<tcp::socket>>(options, connected(io, port));
    case Listen::secure_websocket:
        return std::make_unique<SecureWebSocketLink>(io, port, options);
    }
    return std::make_unique<TcpLink>(io, port);
}

} // namespace arbalest::broker::test
