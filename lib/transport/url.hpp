#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// What carries the STOMP frames.
enum class TransportKind : std::uint8_t {
    tcp, // or a Unix domain socket
    websocket,
    sockjs,
};

/// Where a broker is and how to reach it, as an URL says it (RFC 3986). Percent-encoding is resolved,
/// but for the target.
struct BrokerUrl
{
    std::string scheme; // in lower case
    std::string host;   // without the brackets of an IPv6 literal; with its zone: "fe80::1%eth0"
    std::uint16_t port = 0;
    std::string socket_path; // of a Unix domain socket, which has no host and no port; else empty
    std::string login;
    std::string passcode;
    std::string virtual_host; // of a stomp URL: the path without its first slash; empty when there is none
    std::string shown;        // the URL without credentials and query, for messages
    TransportKind transport_kind = TransportKind::tcp;
    bool tls = false;
    std::string target; // of a request to a WebSocket or to SockJS: path and query, percent-encoded as they came
};

/// An URL that cannot be used. Shows no credentials.
class UrlError : public std::invalid_argument
{
public:
    /// @param shown the URL, as mask_url() shows it. @param reason what is wrong with it, and what is expected.
    UrlError(std::string const& shown, std::string reason);
    std::string const& reason() const noexcept { return reason_; }

private:
    std::string reason_;
};

/// Any text that should be an URL, without what may be secret in it: what stands before its last '@', what is no number
/// where a port is expected, and the query.
std::string mask_url(std::string_view text);

/// Reads an URL. Throws UrlError. An '@' in the path
/// or in the query is refused unless it is percent-encoded, though RFC 3986 allows it: most likely it ends a passcode
/// with a slash or a question mark in it.
BrokerUrl parse_url(std::string_view text);

/// Takes the zone of an IPv6 literal (RFC 6874) out of a URL, since Boost.URL knows none: "%25eth0" of
/// "stomp://[fe80::1%25eth0]". Returns what was taken; leaves alone, and returns nothing for, what is no zone.
std::string take_zone(std::string& text);

/// "%eth0", as it stands behind the address in a host, for "%25eth0".
std::string decoded_zone(std::string_view zone);

} // namespace arbalest::detail
