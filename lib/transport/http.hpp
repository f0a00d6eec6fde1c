#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// The little of HTTP that is needed to get through to STOMP.
namespace arbalest::detail {

/// The value of an Authorization or Proxy-Authorization field with these credentials (RFC 7617).
std::string basic_credentials(std::string_view user, std::string_view password);

/// Host and port as in an authority (RFC 3986, 3.2): an IPv6 address in brackets.
/// @param default_port the port that is left out; zero for none.
std::string authority_text(std::string_view host, std::uint16_t port, std::uint16_t default_port);

/// Whether that can be the name of a header field, and its value (RFC 9110, 5): no way to smuggle in another line.
bool is_field_name(std::string_view name) noexcept;
bool is_field_value(std::string_view value) noexcept;

/// What to try when a server answers the WebSocket handshake with another status than 101; empty when nothing comes to
/// mind.
/// @param location the Location of the answer. @param through_proxy whether a proxy lies in between.
std::string hint_for_status(unsigned status, std::string_view location, bool through_proxy);

/// A status and its reason, for a message.
std::string describe_status(unsigned status, std::string_view reason);

/// Whether a server may choose those extensions (RFC 6455, 4.1; RFC 7692, 7.1): none, or permessage-deflate once, if it
/// was offered, with parameters that it has.
/// @param extensions the values of Sec-WebSocket-Extensions, joined by commas. @param deflate whether it was offered.
bool are_extensions_offered(std::string_view extensions, bool deflate);

} // namespace arbalest::detail
