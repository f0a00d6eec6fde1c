#include "server.hpp"

#include "connection.hpp"
#include "context_service.hpp"
#include "protocol/time.hpp"
#include "tcp_stream.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/query.hpp>
#include <boost/system/system_error.hpp>

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

void Server::listen()
{
    Turn const turn(*this);
    if (listener_)
        return;
    if (!executor_)
        throw boost::system::system_error(asio::error::shut_down, "the broker's execution context is gone");
    auto const& config = core_.config();
    tcp::endpoint const endpoint(asio::ip::make_address(config.address), port_ != 0 ? port_ : config.port);
    auto const make_stream = [](tcp::socket socket) { return std::make_unique<TcpStream>(std::move(socket)); };
    // The handler must not keep the server alive by way of its own listener, but while it runs.
    auto const slot = std::make_shared<Listener const*>(nullptr);
    auto on_accept = [weak = weak_from_this(), slot](error_code error, std::unique_ptr<ByteStream> stream) {
        if (auto const server = weak.lock())
            server->accepted(*slot, error, std::move(stream));
    };
    listener_ = std::make_shared<Listener>(executor_, endpoint, make_stream, std::move(on_accept));
    *slot = listener_.get();
    port_ = listener_->endpoint().port();
    listener_->accept();
}

void Server::accepted(Listener const* listener, error_code error, std::unique_ptr<ByteStream> stream)
{
    Turn const turn(*this);
    if (listener_.get() != listener) { // stopped meanwhile
        if (stream)
            stream->close();
        return;
    }
    if (error && error != asio::error::try_again && error != asio::error::connection_aborted)
        return listener_->accept_later();
    if (!error) {
        auto const when = detail::later(Clock::now(), faults_.accept_delay);
        auto connection = std::make_shared<Connection>(shared_from_this(), std::move(stream), ++last_connection_, when);
        connections_.emplace(last_connection_, connection);
        connection->start(when);
    }
    listener_->accept();
}

void Server::stop()
{
    Turn const turn(*this);
    if (listener_)
        listener_->close();
    listener_.reset();
    for (auto const& connection : all_connections())
        connection->drop();
}

void Server::abandon() noexcept
{
    std::lock_guard const lock(mutex_);
    listener_.reset();
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

std::string Server::url() const
{
    auto const& config = core_.config();
    std::string url = "stomp://";
    if (!config.credentials.empty()) {
        auto const& [login, passcode] = *config.credentials.begin();
        url += percent_encoded(login) + ':' + percent_encoded(passcode) + '@';
    }
    auto address = asio::ip::make_address(config.address);
    if (address.is_unspecified()) // one cannot connect to "anywhere"
        address = address.is_v6() ? asio::ip::address(asio::ip::address_v6::loopback())
                                  : asio::ip::address(asio::ip::address_v4::loopback());
    url += address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
    return url + ':' + std::to_string(port_);
}

} // namespace arbalest::broker
