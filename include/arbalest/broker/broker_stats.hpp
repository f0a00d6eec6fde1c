#pragma once

#include <arbalest/protocol/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace arbalest {

/// What has become of the messages of one destination, since the broker was made.
class DestinationStats
{
public:
    DestinationStats() = default;

    /// Messages that wait for a consumer. For a topic: those that wait for a subscriber that is behind.
    std::size_t depth = 0;
    /// Messages that were delivered and are neither acknowledged nor rejected yet.
    std::size_t unacknowledged = 0;
    /// Subscriptions.
    std::size_t subscriptions = 0;
    /// SEND frames accepted, those of committed transactions included.
    std::uint64_t sent = 0;
    /// MESSAGE frames handed to connections, redeliveries included.
    std::uint64_t delivered = 0;
    /// MESSAGE frames with `redelivered:true`.
    std::uint64_t redelivered = 0;
    /// Messages consumed: acknowledged, or delivered to a subscription that needs no acknowledgement.
    std::uint64_t acknowledged = 0;
    /// Messages that a NACK named.
    std::uint64_t rejected = 0;
    /// Messages that are gone without having been consumed: NACK with `requeue:false`, sent to a topic that nobody
    /// listens to, purged, expired.
    std::uint64_t dropped = 0;
};

/// A frame that the broker received.
class ReceivedFrame
{
public:
    ReceivedFrame() = default;
    ReceivedFrame(std::uint64_t connection, Frame frame) : connection(connection), frame(std::move(frame)) {}

    /// Which connection it came from, counted from 1 in the order in which they were accepted.
    std::uint64_t connection = 0;
    /// The frame as received, unescaped; the value of a `passcode` header is replaced by "***".
    Frame frame;
};

} // namespace arbalest
