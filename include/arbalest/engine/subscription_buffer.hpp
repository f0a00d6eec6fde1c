#pragma once

#include <cstddef>
#include <cstdint>

namespace arbalest {

/// What happens when a subscription's buffer is over its soft limit.
enum class OverflowPolicy : std::uint8_t {
    /// Reading stops as long as nobody on the session waits for anything; TCP pushes back on the broker. While somebody
    /// waits, the buffer grows up to the hard limit.
    suspend,
    /// The subscription ends with SlowConsumer.
    fail,
    /// The oldest buffered message is thrown away. Only with AckMode::automatic.
    drop_oldest,
    /// The newest message is thrown away. Only with AckMode::automatic.
    drop_newest,
};

/// The buffer between the connection and a subscription's consumer.
class SubscriptionBuffer
{
public:
    SubscriptionBuffer() = default;

    /// The soft limit in messages, at least 1. Default 1000.
    std::size_t messages = 1000;
    /// The soft limit in bytes of memory that the messages occupy, at least 1 and not above the hard limit. Default
    /// 4 MiB.
    std::size_t bytes = std::size_t{4} << 20;
    /// The hard limit in bytes; beyond it the subscription ends with SlowConsumer. One message alone may be larger: an
    /// empty buffer takes whatever Limits allows. Default 64 MiB.
    std::size_t hard_limit = std::size_t{64} << 20;
    /// What happens beyond the soft limits. Default OverflowPolicy::suspend.
    OverflowPolicy policy = OverflowPolicy::suspend;
};

} // namespace arbalest
