#pragma once

#include "queue.hpp"
#include <arbalest/broker/broker_config.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace arbalest::broker {

class Subscription;

/// For looking up a string by a view of one.
struct StringHash
{
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};

template <class Value>
using StringMap = std::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

/// The broker without I/O: all destinations, and what goes from one session to another. A Session holds what belongs to
/// one connection.
class Core
{
public:
    explicit Core(BrokerConfig config);
    ~Core();
    Core(Core const&) = delete;
    Core& operator=(Core const&) = delete;

    BrokerConfig const& config() const noexcept { return config_; }

    static bool is_topic(std::string_view destination) noexcept;
    static bool is_temporary(std::string_view destination) noexcept;
    static bool is_reply_queue(std::string_view destination) noexcept;

    /// Whether this destination takes so many more messages, of so many bytes of memory together. Makes it if it is
    /// new. Not for temporary queues. @throws Refusal when there are too many destinations.
    bool has_room(std::string_view destination, std::size_t messages, std::size_t bytes);
    bool has_room(Queue& queue, std::size_t messages, std::size_t bytes) const;
    /// Routes a SEND to a queue, topic or reply queue. @throws Refusal when there is no room.
    void publish(std::string_view destination, std::shared_ptr<Frame const> frame);
    /// To a queue that the caller has. @throws Refusal when there is no room.
    void publish(Queue& queue, std::shared_ptr<Frame const> frame);

    /// The queue for a new subscription: the one of that name, or for a topic one of its own. Not for temporary queues.
    /// @throws Refusal when there are too many destinations.
    std::shared_ptr<Queue> queue_for(std::string_view destination);
    /// A queue that nobody finds by name.
    std::shared_ptr<Queue> make_temporary_queue() const;
    /// The subscription wants what is published to its destination, which is a topic.
    void join_topic(Subscription& subscriber);
    /// Undoes that; does nothing for subscriptions to queues.
    void leave_topic(Subscription& subscriber) noexcept;

    /// Gives the queue a name by which every session can send to it.
    std::string add_reply_queue(std::shared_ptr<Queue> queue);
    void remove_reply_queue(std::string const& name) noexcept { reply_queues_.erase(name); }

    std::size_t purge(std::string_view destination) noexcept;
    DestinationStats stats(std::string_view destination) const;
    std::vector<std::string> destinations() const;

    /// A session has become connected, or has ceased to be.
    void count_session(bool connected) noexcept { sessions_ += connected ? 1 : -1; }
    std::size_t sessions() const noexcept { return static_cast<std::size_t>(sessions_); }
    void count_subscription(bool added) noexcept { subscriptions_ += added ? 1 : -1; }
    std::size_t subscriptions() const noexcept { return static_cast<std::size_t>(subscriptions_); }

private:
    struct Topic
    {
        std::shared_ptr<DestinationStats> stats;
        std::vector<Subscription*> subscribers;
    };

    Topic& topic(std::string_view name);
    std::shared_ptr<Queue> const& queue(std::string_view name);
    void check_destinations() const;
    void publish_to_topic(std::string_view name, std::shared_ptr<Frame const> const& frame);

    BrokerConfig config_;
    StringMap<std::shared_ptr<Queue>> queues_;
    StringMap<Topic> topics_;
    StringMap<std::shared_ptr<Queue>> reply_queues_;
    std::uint64_t last_reply_queue_ = 0;
    std::ptrdiff_t sessions_ = 0;
    std::ptrdiff_t subscriptions_ = 0;
};

} // namespace arbalest::broker
