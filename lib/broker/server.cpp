#include "server.hpp"

#include "connection.hpp"
#include "context_service.hpp"
#include "make_streams.hpp"
#include "protocol/time.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/query.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

namespace arbalest::broker {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using detail::Clock;

namespace {

// RFC 3986, "Percent-Encoding": everything but the unreserved characters.
std::string percent_encoded(std::string_view text)
{
    std::string encoded;
    for (char const byte : text) {
        bool const unreserved = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                                (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
                                byte == '~';
        if (unreserved) {
            encoded += byte;
        } else {
            char digits[4];
            std::snprintf(digits, sizeof digits, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(byte)));
            encoded += digits;
        }
    }
    return encoded;
}

std::string_view scheme(Listen kind) noexcept
{
    switch (kind) {
    case Listen::tcp:
        return "stomp";
    case Listen::tls:
        return "stomp+tls";
    case Listen::websocket:
        return "ws";
    case Listen::secure_websocket:
        break;
    }
    return "wss";
}

} // namespace

std::shared_ptr<Server> Server::make(asio::any_io_executor executor, BrokerConfig config)
{
    auto server = std::make_shared<Server>(executor, std::move(config));
    auto& context = asio::query(executor, asio::execution::context);
    asio::use_service<ContextService>(context).add(server);
    return server;
}

Server::Server(asio::any_io_executor executor, BrokerConfig config)
    : executor_(std::move(executor)), core_(std::move(config)), log_(core_.config().frame_log)
{
}

Server::~Server() = default;

Server::Endpoint* Server::find(Listen kind) noexcept
{
    auto const place = std::ranges::find(endpoints_, kind, &Endpoint::kind);
    return place == endpoints_.end() ? nullptr : &*place;
}

void Server::listen(Listen kind, std::uint16_t port)
{
    Turn const turn(*this);
    auto* endpoint = find(kind);
    if (endpoint && endpoint->listener)
        return;
    if (!executor_)
        throw boost::system::system_error(asio::error::shut_down, "the broker's execution context is gone");
    if (port == 0 && endpoint)
        port = endpoint->port;
    else if (port == 0 && kind == Listen::tcp)
        port = core_.config().port;
    auto listener = make_listener(kind, port);
    if (!endpoint) {
        endpoints_.emplace_back().kind = kind;
        endpoint = &endpoints_.back();
    }
    endpoint->port = listener->endpoint().port();
    endpoint->listener = std::move(listener);
    endpoint->listener->accept();
}

std::shared_ptr<Listener> Server::make_listener(Listen kind, std::uint16_t port)
{
    auto const& config = core_.config();
    tcp::endpoint const address(asio::ip::make_address(config.address), port);
    auto report = [weak = weak_from_this()](WebSocketHandshake const& handshake) {
        if (auto const server = weak.lock()) {
            Turn const turn(*server);
            server->last_handshake_ = handshake;
        }
    };
    // The handler must not keep the server alive by way of its own listener, but while it runs.
    auto const slot = std::make_shared<Listener const*>(nullptr);
    auto on_accept = [weak = weak_from_this(), slot](error_code error, std::unique_ptr<ByteStream> stream) {
        if (auto const server = weak.lock())
            server->accepted(*slot, error, std::move(stream));
    };
    auto listener = std::make_shared<Listener>(executor_, address, kind != Listen::tcp,
                                               make_streams(kind, config, std::move(report)), std::move(on_accept));
    *slot = listener.get();
    return listener;
}

void Server::accepted(Listener const* listener, error_code error, std::unique_ptr<ByteStream> stream)
{
    Turn const turn(*this);
    auto const endpoint = std::ranges::find(endpoints_, listener, [](auto const& e) { return e.listener.get(); });
    if (endpoint == endpoints_.end()) { // stopped meanwhile
        if (stream)
            stream->close();
        return;
    }
    if (error && error != asio::error::try_again && error != asio::error::connection_aborted)
        return endpoint->listener->accept_later();
    if (!error) {
        auto const when = detail::later(Clock::now(), faults_.accept_delay);
        auto connection = std::make_shared<Connection>(shared_from_this(), std::move(stream), ++last_connection_, when);
        connections_.emplace(last_connection_, connection);
        connection->start(when);
    }
    endpoint->listener->accept();
}

void Server::stop()
{
    Turn const turn(*this);
    for (auto& endpoint : endpoints_) {
        if (auto const listener = std::exchange(endpoint.listener, nullptr))
            listener->close();
    }
    for (auto const& connection : all_connections())
        connection->drop();
}

void Server::abandon() noexcept
{
    std::lock_guard const lock(mutex_);
    for (auto& endpoint : endpoints_)
        endpoint.listener.reset();
    for (auto const& connection : all_connections())
        connection->abandon();
    connections_.clear();
    touched_.clear();
    executor_ = asio::any_io_executor();
}

// What one connection does may touch others, and itself again.
void Server::settle() noexcept
{
    auto const now = Clock::now();
    while (!touched_.empty()) {
        for (auto const& connection : std::exchange(touched_, {}))
            connection->settle(now);
    }
}

std::vector<std::shared_ptr<Connection>> Server::all_connections() const
{
    std::vector<std::shared_ptr<Connection>> all;
    for (auto const& [number, connection] : connections_)
        all.push_back(connection);
    return all;
}

std::uint16_t Server::port(Listen kind) const noexcept
{
    auto const place = std::ranges::find(endpoints_, kind, &Endpoint::kind);
    return place == endpoints_.end() ? std::uint16_t{0} : place->port;
}

std::string Server::url(Listen kind) const
{
    auto const& config = core_.config();
    std::string url(scheme(kind));
    url += "://";
    if (!config.credentials.empty()) {
        auto const& [login, passcode] = *config.credentials.begin();
        url += percent_encoded(login) + ':' + percent_encoded(passcode) + '@';
    }
    auto address = asio::ip::make_address(config.address);
    if (address.is_unspecified()) // one cannot connect to "anywhere"
        address = address.is_v6() ? asio::ip::address(asio::ip::address_v6::loopback())
                                  : asio::ip::address(asio::ip::address_v4::loopback());
    url += address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
    url += ':' + std::to_string(port(kind));
    if (kind == Listen::websocket || kind == Listen::secure_websocket)
        url += config.websocket.path;
    return url;
}

} // namespace arbalest::broker
