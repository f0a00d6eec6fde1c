#pragma once

#include <cstddef>

namespace arbalest {

/// How much a session that reconnects holds on to: messages that were sent and are not confirmed yet, and messages that
/// wait for a connection. When it is full, sending suspends.
class OutboxLimits
{
public:
    OutboxLimits() = default;
    OutboxLimits(std::size_t messages, std::size_t bytes) noexcept : messages(messages), bytes(bytes) {}

    /// In messages. Default 10000.
    std::size_t messages = 10'000;
    /// In bytes of memory that the messages occupy; a larger message enters an empty outbox. Default 64 MiB.
    std::size_t bytes = std::size_t{64} << 20;
};

} // namespace arbalest
