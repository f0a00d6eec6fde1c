#include "connect_transport.hpp"

#include "http.hpp"
#include "local_connect.hpp"
#include "proxy.hpp"
#include "sockjs.hpp"
#include "socks5.hpp"
#include "tcp_connect.hpp"
#include "tls.hpp"
#include "websocket_connect.hpp"
#include <arbalest/transport/error.hpp>
#include <arbalest/transport/stream_transport.hpp>

#include <stdexcept>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// What is made of the options before anything is connected.
class Prepared
{
public:
    Prepared() = default;

    std::shared_ptr<asio::ssl::context> tls_context;
    std::shared_ptr<asio::ssl::context> proxy_tls_context;
    ProxyUrl proxy;
};

Prepared prepare(BrokerUrl const& url, TransportOptions const& options, OnFailedAttempt const& failed)
{
    Prepared prepared;
    ConnectAttempt attempt;
    try {
        attempt.phase = ConnectPhase::http;
        if (!options.proxy.empty())
            prepared.proxy = parse_proxy(options.proxy);
        attempt.phase = ConnectPhase::tls;
        if (prepared.proxy.kind == ProxyUrl::Kind::https)
            prepared.proxy_tls_context = make_tls_context(options.proxy_tls);
        if (url.tls)
            prepared.tls_context = make_tls_context(options.tls);
        return prepared;
    } catch (std::invalid_argument const& error) {
        attempt.code = transport_errc::unusable_setting;
        attempt.message = error.what();
    }
    fail_attempt(failed, std::move(attempt));
}

WebSocketRequest make_request(BrokerUrl const& url, TransportOptions options)
{
    WebSocketRequest request;
    request.options = std::move(options.websocket);
    request.authority = authority_text(url.host, url.port, url.tls ? 443 : 80);
    request.target = url.target;
    request.through_proxy = !options.proxy.empty();
    if (!url.login.empty() || !url.passcode.empty())
        request.authorization = basic_credentials(url.login, url.passcode);
    if (url.transport_kind == TransportKind::sockjs) {
        request.target = sockjs_target(url.target);
        request.options.subprotocols.clear();
        request.options.payload = WebSocketPayload::text;
        request.options.split_large_frames = 0;
        request.options.append_missing_nul = false;
    }
    return request;
}

// Connects to the proxy, and through it.
asio::awaitable<ConnectedStream> connect_through(asio::any_io_executor executor, BrokerUrl url,
                                                 TransportOptions options, Prepared prepared, OnFailedAttempt failed)
{
    auto const& proxy = prepared.proxy;
    auto socket = co_await connect_tcp(executor, proxy.host, proxy.port, options.tcp, failed);
    if (proxy.kind == ProxyUrl::Kind::socks5) {
        auto opening = open_socks5(std::move(socket), proxy, url.host, url.port, failed);
        auto connected = co_await std::move(opening);
        co_return ConnectedStream(std::move(connected));
    }
    ConnectedStream stream(std::move(socket));
    if (proxy.kind == ProxyUrl::Kind::https) {
        OnFailedAttempt const failed_at_proxy = [failed](ConnectAttempt attempt) {
            attempt.message = "TLS to the proxy: " + attempt.message;
            failed(std::move(attempt));
        };
        auto opening =
            put_tls_on(std::move(stream), prepared.proxy_tls_context, options.proxy_tls, proxy.host, failed_at_proxy);
        stream = co_await std::move(opening);
    }
    auto opening = open_tunnel(std::move(stream), proxy, url.host, url.port, failed);
    co_return co_await std::move(opening);
}

asio::awaitable<ConnectedStream> connect_directly(asio::any_io_executor executor, BrokerUrl url,
                                                  TransportOptions options, OnFailedAttempt failed)
{
    auto socket = co_await connect_tcp(executor, url.host, url.port, options.tcp, failed);
    co_return ConnectedStream(std::move(socket));
}

} // namespace

std::string remote_text(tcp::socket const& socket)
{
    return endpoint_text(socket);
}

asio::awaitable<std::unique_ptr<Transport>> connect_transport(asio::any_io_executor executor, BrokerUrl url,
                                                              TransportOptions options, OnFailedAttempt failed)
{
    if (!url.socket_path.empty())
        co_return co_await connect_local(executor, url.socket_path, failed);
    auto prepared = prepare(url, options, failed);
    auto connecting = options.proxy.empty() ? connect_directly(executor, url, options, failed)
                                            : connect_through(executor, url, options, prepared, failed);
    auto stream = co_await std::move(connecting);
    if (url.tls) {
        auto opening = put_tls_on(std::move(stream), std::move(prepared.tls_context), options.tls, url.host, failed);
        stream = co_await std::move(opening);
    }
    if (url.transport_kind == TransportKind::tcp)
        co_return make_transport(std::move(stream));
    auto opening = open_websocket(std::move(stream), make_request(url, options), failed);
    auto transport = co_await std::move(opening);
    if (url.transport_kind == TransportKind::sockjs)
        co_return make_sockjs_transport(std::move(transport), options.websocket.split_large_frames);
    co_return transport;
}

} // namespace arbalest::detail
