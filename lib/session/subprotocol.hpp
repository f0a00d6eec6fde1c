#pragma once

#include <arbalest/protocol/stomp_version.hpp>

#include <optional>
#include <string_view>

namespace arbalest::detail {

/// The version of STOMP that a subprotocol of a WebSocket stands for; nullopt when it is none of STOMP's.
inline std::optional<StompVersion> version_of_subprotocol(std::string_view name) noexcept
{
    if (name == "v10.stomp")
        return StompVersion::v1_0;
    if (name == "v11.stomp")
        return StompVersion::v1_1;
    if (name == "v12.stomp")
        return StompVersion::v1_2;
    return std::nullopt;
}

} // namespace arbalest::detail
