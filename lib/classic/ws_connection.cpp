#include "../transport/url.hpp"
#include "connection_setup.hpp"
#include <arbalest/classic/ws_connection.hpp>

#include <stdexcept>
#include <utility>

namespace arbalest::classic {

using detail::ConnectionSetup;

namespace {

ConnectionSetup setup_of(WSConnectionOptions options)
{
    ConnectionSetup setup;
    setup.version = StompVersion::v1_2;
    setup.otherwise = HostAndPort("localhost", 8080);
    setup.over_websocket = true;
    if (!options.ws_path.empty())
        setup.target = options.ws_path.front() == '/' ? options.ws_path : '/' + options.ws_path;
    setup.header = std::move(options.header);
    setup.binary_mode = options.binary_mode;
    setup.ws = std::move(options.ws);
    setup.options = std::move(options);
    return setup;
}

ConnectionSetup setup_of(std::string_view text, WSConnectionOptions options)
{
    auto url = arbalest::detail::parse_url(text);
    if (url.transport_kind != arbalest::detail::TransportKind::websocket)
        throw std::invalid_argument("'" + url.scheme + "' is no scheme of a WebSocket");
    options.host_and_ports = {HostAndPort(url.host, url.port)};
    options.ws_path = url.target;
    auto setup = setup_of(std::move(options));
    setup.secure = url.tls;
    setup.login = std::move(url.login);
    setup.passcode = std::move(url.passcode);
    return setup;
}

ConnectionSetup on(boost::asio::any_io_executor executor, ConnectionSetup setup)
{
    setup.executor = std::move(executor);
    return setup;
}

} // namespace

WSConnection::WSConnection(WSConnectionOptions options) : BaseConnection(setup_of(std::move(options))) {}

WSConnection::WSConnection(std::string_view url, WSConnectionOptions options)
    : BaseConnection(setup_of(url, std::move(options)))
{
}

WSConnection::WSConnection(boost::asio::any_io_executor executor, WSConnectionOptions options)
    : BaseConnection(on(std::move(executor), setup_of(std::move(options))))
{
}

WSConnection::WSConnection(boost::asio::any_io_executor executor, std::string_view url, WSConnectionOptions options)
    : BaseConnection(on(std::move(executor), setup_of(url, std::move(options))))
{
}

} // namespace arbalest::classic
