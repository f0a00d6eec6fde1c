#pragma once

#include <arbalest/export.hpp>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace arbalest {

/// The versions of the STOMP protocol that Arbalest speaks. They are ordered: a later version compares greater.
enum class StompVersion : std::uint8_t { v1_0, v1_1, v1_2 };

/// The version as it stands in `accept-version` and `version` headers: "1.0", "1.1" or "1.2".
ARBALEST_DECL std::string_view to_string(StompVersion version) noexcept;

/// Reads one version number. Returns nullopt for anything but exactly "1.0", "1.1" or "1.2".
ARBALEST_DECL std::optional<StompVersion> parse_stomp_version(std::string_view text) noexcept;

/// The value of an `accept-version` header: the versions in the order given, separated by commas and without spaces,
/// because brokers misread spaces (STOMP 1.2, "CONNECT or STOMP Frame").
ARBALEST_DECL std::string accept_version_value(std::span<StompVersion const> versions);

/// The highest version that stands both in an `accept-version` value and in `supported`; nullopt when there is none.
/// An absent header means 1.0 (STOMP 1.1, "Protocol Negotiation"). Spaces around the commas are tolerated.
ARBALEST_DECL std::optional<StompVersion> negotiate_version(std::optional<std::string_view> accept_version,
                                                            std::span<StompVersion const> supported) noexcept;

ARBALEST_DECL std::ostream& operator<<(std::ostream& out, StompVersion version); ///< For instance "1.2".

} // namespace arbalest
