#pragma once

#include <arbalest/export.hpp>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <utility>

namespace arbalest::classic {

/// Where a broker is: what stomp.py writes as the tuple `("localhost", 61613)`.
class HostAndPort
{
public:
    HostAndPort() = default;
    HostAndPort(std::string host, std::uint16_t port) : host(std::move(host)), port(port) {} ///< With its fields.

    /// A name or an address, without the brackets of an IPv6 literal.
    std::string host;
    std::uint16_t port = 0; ///< The TCP port.

    friend bool operator==(HostAndPort const&, HostAndPort const&) = default;
};

/// "localhost:61613"; an IPv6 literal gets its brackets.
ARBALEST_DECL std::ostream& operator<<(std::ostream& out, HostAndPort const& host_and_port);

} // namespace arbalest::classic
