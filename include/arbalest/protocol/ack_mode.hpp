#pragma once

#include <arbalest/export.hpp>

#include <cstdint>
#include <string_view>

namespace arbalest {

/// How messages of a subscription are acknowledged (STOMP 1.2, "SUBSCRIBE ack Header").
enum class AckMode : std::uint8_t {
    automatic,         ///< The broker takes a message for consumed as soon as it is sent.
    client,            ///< ACK is cumulative: it covers the message and all before it in the subscription.
    client_individual, ///< Every message is acknowledged by itself (1.1 and later).
};

/// The value of the `ack` header: "auto", "client" or "client-individual".
ARBALEST_DECL std::string_view to_string(AckMode mode) noexcept;

} // namespace arbalest
