#pragma once

#include "queue.hpp"
#include <arbalest/protocol/ack_mode.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace arbalest::broker {

class Session;

/// One subscription of a session: it takes messages from its queue and keeps those that await an acknowledgement.
class Subscription
{
public:
    /// @param number tells it from the session's others, in message ids.
    /// @param id the `id` header; none for a STOMP 1.0 subscription without.
    /// @param destination what its messages show. @param prefetch 0 means no limit.
    Subscription(Session& session, std::uint64_t number, std::optional<std::string> id, std::string destination,
                 AckMode mode, std::size_t prefetch, std::shared_ptr<Queue> queue);
    ~Subscription();
    Subscription(Subscription const&) = delete;
    Subscription& operator=(Subscription const&) = delete;

    bool can_take() const noexcept;
    /// Sends the message to the client. It must be able to take it.
    void take(StoredMessage message);

    /// Whether this message awaits an acknowledgement that no open transaction holds.
    bool awaits(std::uint64_t tag) const noexcept;
    /// An open transaction takes the message, or an aborted one gives it back. It must be there.
    void set_in_transaction(std::uint64_t tag, bool in_transaction) noexcept;

    /// ACK of a message, and of all before it in cumulative mode. What is no longer there is ignored.
    void acknowledge(std::uint64_t tag);
    /// NACK, likewise. @param requeue whether the messages go back to the queue.
    void reject(std::uint64_t tag, bool requeue);
    /// Leaves the queue and gives back what was not acknowledged. Hands out nothing yet.
    void leave();

    std::uint64_t number() const noexcept { return number_; }
    std::optional<std::string> const& id() const noexcept { return id_; }
    std::string const& destination() const noexcept { return destination_; }
    AckMode mode() const noexcept { return mode_; }
    std::shared_ptr<Queue> const& queue() const noexcept { return queue_; }
    Session& session() noexcept { return session_; }

private:
    struct Held
    {
        std::uint64_t tag;
        StoredMessage message; // without frame: settled already
        bool in_transaction = false;
    };

    Held* find(std::uint64_t tag) noexcept;
    std::vector<StoredMessage> settle(std::uint64_t tag);
    void forget_settled() noexcept;

    Session& session_;
    std::uint64_t number_;
    std::optional<std::string> id_;
    std::string destination_;
    AckMode mode_;
    std::size_t prefetch_;
    std::shared_ptr<Queue> queue_;
    std::deque<Held> held_; // in the order of their tags
    std::size_t unsettled_ = 0;
    std::uint64_t last_tag_ = 0;
    std::string message_id_; // scratch
    std::string ack_;        // scratch
};

} // namespace arbalest::broker
