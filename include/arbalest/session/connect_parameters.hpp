#pragma once

#include <string>
#include <utility>
#include <vector>

namespace arbalest {

/// What one attempt to connect is made with; StompConfig::before_connect may change it. It starts as the configuration
/// and the URL have it.
class ConnectParameters
{
public:
    ConnectParameters() = default;

    /// Where to, without credentials; the peer's address for StompSession::over(). Changing it has no effect.
    std::string url;
    /// Which attempt of this connect() it is, counted over all URLs, from 1. Changing it has no effect.
    unsigned attempt = 1;
    /// The `login` and `passcode` headers of CONNECT; empty means none.
    std::string login;
    std::string passcode;
    /// The `host` header of CONNECT.
    std::string host;
    /// As StompConfig::connect_headers.
    std::vector<std::pair<std::string, std::string>> connect_headers;
    /// As WebSocketOptions::headers; of no effect on other transports and on StompSession::over(). An `Authorization`
    /// here replaces the one that is made of the URL's credentials.
    std::vector<std::pair<std::string, std::string>> websocket_headers;
};

} // namespace arbalest
