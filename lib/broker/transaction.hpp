#pragma once

#include <arbalest/protocol/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace arbalest::broker {

/// A SEND that waits for COMMIT.
struct PendingSend
{
    std::string destination;
    std::shared_ptr<Frame const> frame;
};

/// An ACK or NACK: of which message, and whether it is to be delivered again.
struct Settlement
{
    enum class Kind : std::uint8_t { acknowledge, requeue, drop };

    std::uint64_t subscription;
    std::uint64_t tag;
    Kind kind;
};

/// What an open transaction has collected, in order (STOMP 1.2, "BEGIN").
struct Transaction
{
    std::vector<std::variant<PendingSend, Settlement>> steps;
    std::size_t bytes = 0; // of memory that the messages hold
};

} // namespace arbalest::broker
