#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// Where a broker is and how to reach it, as an URL says it (RFC 3986). Percent-encoding is resolved.
struct BrokerUrl
{
    std::string scheme; // in lower case
    std::string host;   // without the brackets of an IPv6 literal
    std::uint16_t port = 0;
    std::string login;
    std::string passcode;
    std::string virtual_host; // of a stomp URL: the path without its first slash; empty when there is none
    std::string shown;        // the URL without credentials, for messages
};

/// Reads an URL. Throws std::invalid_argument, which says what is wrong and shows no credentials. An '@' in the path is
/// refused unless it is percent-encoded, though RFC 3986 allows it: most likely it ends a passcode with a slash in it.
BrokerUrl parse_url(std::string_view text);

} // namespace arbalest::detail
