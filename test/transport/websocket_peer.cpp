#include "websocket_peer.hpp"

#include "support/session_tools.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace arbalest::test {

namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
namespace websocket = beast::websocket;
using asio::ip::tcp;

class WebSocketPeer::Server
{
public:
    explicit Server(asio::io_context& context)
        : acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), socket(context)
    {
    }
    virtual ~Server() = default;

    virtual asio::awaitable<void> handshake(WebSocketPeer& peer) = 0;
    virtual asio::awaitable<Message> receive() = 0;
    virtual asio::awaitable<void> send(std::string bytes, bool binary) = 0;
    virtual asio::awaitable<void> send_fragments(std::vector<std::string> fragments) = 0;
    virtual asio::awaitable<void> send_raw(std::string bytes) = 0;
    virtual asio::awaitable<void> ping() = 0;
    virtual asio::awaitable<void> close(websocket::close_reason reason) = 0;
    virtual websocket::close_reason reason() = 0;

    tcp::acceptor acceptor;
    tcp::socket socket;
};

namespace {

template <class Next>
class ServerOver final : public WebSocketPeer::Server
{
public:
    ServerOver(asio::io_context& context, std::shared_ptr<ssl::context> tls) : Server(context), tls_(std::move(tls)) {}

    asio::awaitable<void> handshake(WebSocketPeer& peer) override
    {
        if constexpr (std::is_same_v<Next, tcp::socket&>) {
            stream_.emplace(socket);
        } else {
            stream_.emplace(socket, *tls_);
            co_await stream_->next_layer().async_handshake(ssl::stream_base::server, asio::use_awaitable);
        }
        buffer_.clear();
        http::request<http::empty_body> request;
        co_await http::async_read(stream_->next_layer(), buffer_, request, asio::use_awaitable);
        peer.target = std::string(request.target());
        peer.fields.clear();
        for (auto const& field : request)
            peer.fields.emplace_back(field.name_string(), field.value());
        websocket::permessage_deflate compression;
        compression.server_enable = peer.compresses;
        stream_->set_option(compression);
        stream_->set_option(websocket::stream_base::decorator([&peer](websocket::response_type& response) {
            if (!peer.subprotocol.empty())
                response.set(http::field::sec_websocket_protocol, peer.subprotocol);
        }));
        stream_->control_callback([&peer](websocket::frame_type type, beast::string_view) {
            peer.pings += type == websocket::frame_type::ping;
            peer.pongs += type == websocket::frame_type::pong;
        });
        co_await stream_->async_accept(request, asio::use_awaitable);
        stream_->auto_fragment(false);
        stream_->read_message_max(0);
    }

    asio::awaitable<WebSocketPeer::Message> receive() override
    {
        buffer_.clear();
        co_await stream_->async_read(buffer_, asio::use_awaitable);
        WebSocketPeer::Message message;
        message.bytes.assign(static_cast<char const*>(buffer_.data().data()), buffer_.size());
        message.binary = stream_->got_binary();
        co_return message;
    }

    asio::awaitable<void> send(std::string bytes, bool binary) override
    {
        stream_->binary(binary);
        co_await stream_->async_write(asio::buffer(bytes), asio::use_awaitable);
    }

    asio::awaitable<void> send_fragments(std::vector<std::string> fragments) override
    {
        stream_->binary(false);
        for (std::size_t i = 0; i < fragments.size(); ++i) {
            bool const last = i + 1 == fragments.size();
            co_await stream_->async_write_some(last, asio::buffer(fragments[i]), asio::use_awaitable);
        }
    }

    asio::awaitable<void> send_raw(std::string bytes) override
    {
        co_await asio::async_write(stream_->next_layer(), asio::buffer(bytes), asio::use_awaitable);
    }

    asio::awaitable<void> ping() override
    {
        websocket::ping_data const data("are you there?");
        co_await stream_->async_ping(data, asio::use_awaitable);
    }

    asio::awaitable<void> close(websocket::close_reason reason) override
    {
        co_await stream_->async_close(reason, asio::use_awaitable);
    }

    websocket::close_reason reason() override { return stream_->reason(); }

private:
    std::shared_ptr<ssl::context> tls_;
    std::optional<websocket::stream<Next>> stream_;
    beast::flat_buffer buffer_;
};

std::shared_ptr<ssl::context> context_with(IssuedCertificate const& certificate)
{
    auto const context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->use_certificate_chain_file(certificate.certificate_file);
    context->use_private_key_file(certificate.key_file, ssl::context::pem);
    return context;
}

} // namespace

WebSocketPeer::WebSocketPeer(asio::io_context& context)
    : server_(std::make_unique<ServerOver<tcp::socket&>>(context, nullptr))
{
}

WebSocketPeer::WebSocketPeer(asio::io_context& context, IssuedCertificate const& certificate)
    : server_(std::make_unique<ServerOver<ssl::stream<tcp::socket&>>>(context, context_with(certificate)))
{
}

WebSocketPeer::~WebSocketPeer() = default;

std::uint16_t WebSocketPeer::port() const
{
    return server_->acceptor.local_endpoint().port();
}

std::string WebSocketPeer::field(std::string_view name) const
{
    std::string values;
    for (auto const& [known, value] : fields) {
        if (beast::iequals(known, beast::string_view(name.data(), name.size())))
            values += (values.empty() ? "" : " | ") + value;
    }
    return values;
}

asio::awaitable<void> WebSocketPeer::accept(bool handshake)
{
    cut();
    co_await server_->acceptor.async_accept(server_->socket, asio::use_awaitable);
    if (handshake)
        co_await server_->handshake(*this);
}

asio::awaitable<WebSocketPeer::Message> WebSocketPeer::receive()
{
    return server_->receive();
}

asio::awaitable<void> WebSocketPeer::send(std::string bytes, bool binary)
{
    return server_->send(std::move(bytes), binary);
}

asio::awaitable<void> WebSocketPeer::send_fragments(std::vector<std::string> fragments)
{
    return server_->send_fragments(std::move(fragments));
}

asio::awaitable<void> WebSocketPeer::send_raw(std::string bytes)
{
    return server_->send_raw(std::move(bytes));
}

asio::awaitable<void> WebSocketPeer::ping()
{
    return server_->ping();
}

asio::awaitable<void> WebSocketPeer::close(std::uint16_t code, std::string reason)
{
    websocket::close_reason why;
    why.code = code;
    why.reason.assign(reason.data(), reason.size());
    return server_->close(why);
}

asio::awaitable<std::pair<std::uint16_t, std::string>> WebSocketPeer::wait_for_close()
{
    bool open = true;
    while (open) {
        try {
            co_await server_->receive();
        } catch (boost::system::system_error const& error) {
            // A client that has gone by now cannot be shut down.
            bool const is_closed =
                error.code() == websocket::error::closed || error.code() == asio::error::not_connected;
            BOOST_TEST(is_closed, error.what());
            open = false;
        }
    }
    auto const why = server_->reason();
    std::pair<std::uint16_t, std::string> result(why.code, std::string(why.reason.data(), why.reason.size()));
    co_return result;
}

asio::awaitable<void> WebSocketPeer::wait_for_end()
{
    char bytes[1000];
    Failure failure;
    while (!failure)
        failure = co_await failure_of(server_->socket.async_read_some(asio::buffer(bytes), asio::use_awaitable));
}

void WebSocketPeer::keep()
{
    kept_.push_back(std::move(server_->socket));
}

void WebSocketPeer::cut()
{
    server_->socket.close();
}

} // namespace arbalest::test
