#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// What carries the STOMP frames.
enum class Carrier : std::uint8_t {
    tcp,
    websocket,
    sockjs,
};

/// Where a broker is and how to reach it, as an URL says it (RFC 3986). Percent-encoding is resolved,
/// but for the target.
struct BrokerUrl
{
    std::string scheme; // in lower case
    std::string host;   // without the brackets of an IPv6 literal
    std::uint16_t port = 0;
    std::string login;
    std::string passcode;
    std::string virtual_host; // of a stomp URL: the path without its first slash; empty when there is none
    std::string shown;        // the URL without credentials and query, for messages
    Carrier carrier = Carrier::tcp;
    bool tls = false;
    std::string target; // of a request to a WebSocket or to SockJS: path and query, percent-encoded as they came
};

/// Reads an URL. Throws std::invalid_argument, which says what is wrong and shows no credentials. An '@' in the path
/// or in the query is refused unless it is percent-encoded, though RFC 3986 allows it: most likely it ends a passcode
/// with a slash or a question mark in it.
BrokerUrl parse_url(std::string_view text);

} // namespace arbalest::detail
