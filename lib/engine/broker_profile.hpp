#pragma once

#include <arbalest/protocol/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace arbalest::detail {

enum class BrokerKind : std::uint8_t { unknown, rabbitmq, activemq, artemis, apollo };

/// Where brokers differ in what the specification leaves to them. Which one it is, the `server` header of CONNECTED
/// tells.
class BrokerProfile
{
public:
    /// A broker of which nothing is known.
    BrokerProfile() noexcept = default;
    /// @param server the `server` header.
    explicit BrokerProfile(std::string_view server) noexcept;

    BrokerKind kind() const noexcept { return kind_; }

    /// Tells the broker, on SUBSCRIBE, how much it may deliver before it has to wait for acknowledgements. A header of
    /// that kind which the frame has already stays as it is.
    void add_prefetch(Frame& subscribe, std::size_t messages, std::size_t bytes) const;

    /// What ends a subscription and deletes it at the broker if it is durable: one UNSUBSCRIBE, or two.
    /// @param unsubscribe the frame that would only end it.
    /// @param subscribe the frame with which it was made, without what add_prefetch() adds.
    std::vector<Frame> deletion(Frame unsubscribe, Frame const& subscribe) const;

    /// Whether unacknowledged messages stay with a subscription that has ended unless they are rejected.
    bool locks_unsettled() const noexcept { return kind_ == BrokerKind::rabbitmq; }

    /// Whether this ERROR only says that a message could not be delivered because its subscription had ended.
    /// @param id of that subscription.
    bool tells_of_end(Frame const& error, std::string_view id) const;

private:
    BrokerKind kind_ = BrokerKind::unknown;
};

} // namespace arbalest::detail
