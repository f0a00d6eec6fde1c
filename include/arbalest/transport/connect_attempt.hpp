#pragma once

#include <arbalest/export.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace arbalest {

/// How far an attempt to connect came.
enum class ConnectPhase : std::uint8_t {
    url,     ///< The URL itself is not usable.
    prepare, ///< StompConfig::before_connect.
    resolve, ///< The host's name.
    tcp,     ///< The TCP connection.
    tls,     ///< The TLS handshake and its checks.
    http,    ///< The WebSocket handshake or the proxy.
    stomp,   ///< CONNECT and CONNECTED.
};

/// The enumerator's name.
ARBALEST_DECL std::string_view to_string(ConnectPhase phase) noexcept;

/// One failed attempt to connect.
class ConnectAttempt
{
public:
    ConnectAttempt() = default;

    std::string url;                        ///< Without credentials.
    std::string endpoint;                   ///< Address and port; empty when it did not come that far.
    ConnectPhase phase = ConnectPhase::url; ///< Where it failed.
    boost::system::error_code code;         ///< Why, as a code.
    std::string message;                    ///< Why, in words.
    unsigned http_status = 0;               ///< The status of the HTTP response; 0 when there was none.
    bool certificate_refused = false;       ///< TLS: one side did not accept the other's certificate.
    bool login_refused = false;             ///< STOMP: the text of the broker's ERROR rejects the login.
    std::string hint;                       ///< What to try instead; empty when there is nothing to say.
};

} // namespace arbalest
