#pragma once

#include <arbalest/classic/connection_options.hpp>
#include <arbalest/classic/ws_connection.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <optional>
#include <string>

namespace arbalest::classic::detail {

/// What a connection is made of.
class ConnectionSetup
{
public:
    ConnectionSetup() = default;

    StompVersion version = StompVersion::v1_2;
    ConnectionOptions options;
    std::optional<boost::asio::any_io_executor> executor; // none: a thread of its own
    HostAndPort otherwise{"localhost", 61613};            // the broker when none is given
    bool over_websocket = false;
    bool secure = false; // all brokers are reached over TLS
    std::string target = "/";
    std::string login; // of the handshake
    std::string passcode;
    Headers header;
    bool binary_mode = false;
    OpenWebSocket ws;
};

} // namespace arbalest::classic::detail
