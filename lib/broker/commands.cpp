#include "expiry.hpp"
#include "refusal.hpp"
#include "session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace arbalest::broker {

namespace {

// How a client names a subscription: by id, or in STOMP 1.0 by destination. The two never meet.
std::string subscription_name(std::optional<std::string_view> id, std::string_view destination)
{
    return id ? "id " + std::string(*id) : "destination " + std::string(destination);
}

AckMode ack_mode(Frame const& frame, StompVersion version)
{
    auto const value = frame.header("ack").value_or("auto");
    if (value == to_string(AckMode::automatic))
        return AckMode::automatic;
    if (value == to_string(AckMode::client))
        return AckMode::client;
    if (value == to_string(AckMode::client_individual) && version != StompVersion::v1_0)
        return AckMode::client_individual;
    throw Refusal("Invalid ack header",
                  "STOMP " + std::string(to_string(version)) + " does not know that way of acknowledgement.");
}

std::size_t prefetch_count(Frame const& frame, std::size_t otherwise)
{
    auto const value = frame.header("prefetch-count");
    if (!value)
        return otherwise;
    std::size_t count = 0;
    auto const* const last = value->data() + value->size();
    auto const [end, error] = std::from_chars(value->data(), last, count);
    if (error != std::errc() || end != last)
        throw Refusal("Invalid prefetch-count header", "It must be a whole number.");
    return count;
}

// RabbitMQ and Artemis know `*` and `#`, ActiveMQ `*` and `>`; all of them for a whole word, with dots between words.
bool has_wildcard(std::string_view topic)
{
    constexpr std::string_view separators = "./";
    for (std::size_t begin = 0; begin <= topic.size();) {
        auto const end = std::min(topic.find_first_of(separators, begin), topic.size());
        auto const word = topic.substr(begin, end - begin);
        if (word == "*" || word == "#" || word == ">")
            return true;
        begin = end + 1;
    }
    return false;
}

void check_supported(Frame const& frame, std::string_view destination)
{
    if (frame.has_header("selector"))
        throw Refusal("Unsupported header", "This broker has no selectors: it cannot filter what it delivers.");
    if (Core::is_topic(destination) && has_wildcard(destination))
        throw Refusal("Invalid destination",
                      "This broker has no wildcards: a topic is subscribed to by its whole name.");
}

Refusal unknown_message()
{
    return {"Unknown message", "There is no unacknowledged message of this connection by that name."};
}

} // namespace

void Session::send(Frame& frame)
{
    std::string const destination(require(frame, "destination"));
    if (destination.empty())
        throw Refusal("Invalid destination", "A destination must not be empty.");
    if (!expiry_of(frame))
        throw Refusal("Invalid expires header", "It must be a time in milliseconds since 1970, or 0 for none.");
    auto* const transaction = transaction_of(frame);
    if (auto const reply_to = frame.header("reply-to"); reply_to && Core::is_temporary(*reply_to)) {
        std::string const name(*reply_to);
        auto& replies = temporary_queue(name);
        await_replies(replies, name);
        frame.set_header("reply-to", replies.reply_name);
    }
    auto shared = std::make_shared<Frame const>(std::move(frame));
    if (transaction)
        add_step(*transaction, PendingSend{destination, std::move(shared)});
    else
        route(destination, std::move(shared));
}

void Session::route(std::string_view destination, std::shared_ptr<Frame const> frame)
{
    if (over_ && Core::is_temporary(destination)) // ended in the middle of a COMMIT, and its own queues with it
        return;
    if (Core::is_temporary(destination))
        core_.publish(*temporary_queue(std::string(destination)).queue, std::move(frame));
    else
        core_.publish(destination, std::move(frame));
}

Session::TemporaryQueue& Session::temporary_queue(std::string const& name)
{
    if (auto const place = temporary_queues_.find(name); place != temporary_queues_.end())
        return place->second;
    if (temporary_queues_.size() >= core_.config().max_destinations)
        throw Refusal("Too many destinations", "This connection has too many temporary queues.");
    auto queue = core_.make_temporary_queue();
    auto reply_name = core_.add_reply_queue(queue);
    return temporary_queues_.emplace(name, TemporaryQueue{std::move(queue), std::move(reply_name), nullptr})
        .first->second;
}

// A SEND with reply-to subscribes by itself, unless the client has done so.
void Session::await_replies(TemporaryQueue& queue, std::string const& name)
{
    if (queue.queue->has_consumers())
        return;
    queue.implicit =
        std::make_unique<Subscription>(*this, ++last_subscription_, name, name, AckMode::automatic, 0, queue.queue);
    core_.count_subscription(true);
    queue.queue->pump();
}

void Session::subscribe(Frame& frame)
{
    std::string const destination(require(frame, "destination"));
    auto const id = version_ == StompVersion::v1_0 ? frame.header("id") : require(frame, "id");
    if (destination.empty() || Core::is_reply_queue(destination))
        throw Refusal("Invalid destination", "Nobody can subscribe to that destination.");
    check_supported(frame, destination);
    auto name = subscription_name(id, destination);
    if (names_.contains(name))
        throw Refusal("Duplicate subscription", "There is a subscription by that name already.");
    auto const mode = ack_mode(frame, version_);
    auto const prefetch = prefetch_count(frame, core_.config().prefetch);

    std::shared_ptr<Queue> queue;
    if (Core::is_temporary(destination)) {
        auto& temporary = temporary_queue(destination);
        if (temporary.implicit)
            core_.count_subscription(false);
        temporary.implicit.reset();
        queue = temporary.queue;
    } else {
        queue = core_.queue_for(destination);
    }
    auto const number = ++last_subscription_;
    auto subscription = std::make_unique<Subscription>(
        *this, number, id ? std::optional<std::string>(*id) : std::nullopt, destination, mode, prefetch, queue);
    if (Core::is_topic(destination))
        core_.join_topic(*subscription);
    subscriptions_.emplace(number, std::move(subscription));
    names_.emplace(std::move(name), number);
    core_.count_subscription(true);
    queue->pump();
}

void Session::unsubscribe(Frame& frame)
{
    auto const place = find_for_unsubscribe(frame);
    auto const subscription = std::move(place->second);
    subscriptions_.erase(place);
    std::optional<std::string_view> id;
    if (subscription->id())
        id = *subscription->id();
    names_.erase(subscription_name(id, subscription->destination()));
    core_.leave_topic(*subscription);
    core_.count_subscription(false);
    subscription->leave();
    subscription->queue()->pump();
}

// STOMP 1.2, "UNSUBSCRIBE": by id. STOMP 1.0, "UNSUBSCRIBE": by id or by destination.
Session::SubscriptionMap::iterator Session::find_for_unsubscribe(Frame const& frame)
{
    auto const id = frame.header("id");
    if (id || version_ != StompVersion::v1_0) {
        if (auto const name = names_.find(subscription_name(require(frame, "id"), {})); name != names_.end())
            return subscriptions_.find(name->second);
    } else {
        auto const destination = require(frame, "destination");
        if (auto const name = names_.find(subscription_name(std::nullopt, destination)); name != names_.end())
            return subscriptions_.find(name->second);
        for (auto place = subscriptions_.begin(); place != subscriptions_.end(); ++place) {
            if (place->second->destination() == destination)
                return place;
        }
    }
    throw Refusal("Unknown subscription", "There is no subscription by that name.");
}

void Session::acknowledge(Frame& frame)
{
    settle(frame, settlement(frame, Settlement::Kind::acknowledge));
}

void Session::reject(Frame& frame)
{
    bool const drop = frame.header("requeue") == "false";
    settle(frame, settlement(frame, drop ? Settlement::Kind::drop : Settlement::Kind::requeue));
}

// Which message an ACK or NACK is about: `id` in STOMP 1.2, `message-id` before, with `subscription` in 1.1.
Settlement Session::settlement(Frame const& frame, Settlement::Kind kind) const
{
    bool const by_ack_header = version_ == StompVersion::v1_2;
    auto const text = require(frame, by_ack_header ? "id" : "message-id");
    auto const id = MessageId::parse(text, by_ack_header ? MessageId::ack : MessageId::message);
    if (!id || id->session != number_)
        throw unknown_message();
    auto const place = subscriptions_.find(id->subscription);
    if (place == subscriptions_.end() || !place->second->awaits(id->tag))
        throw unknown_message();
    if (version_ == StompVersion::v1_1 && place->second->id() != require(frame, "subscription"))
        throw Refusal("Unknown subscription", "That message is not of that subscription.");
    return {id->subscription, id->tag, kind};
}

void Session::settle(Frame const& frame, Settlement const& settlement)
{
    if (auto* const transaction = transaction_of(frame)) {
        add_step(*transaction, settlement);
        subscriptions_.at(settlement.subscription)->set_in_transaction(settlement.tag, true);
    } else {
        apply(settlement);
    }
}

// The subscription may have ended since a transaction took this on: then its messages are back in the queue already.
void Session::apply(Settlement const& settlement)
{
    auto const place = subscriptions_.find(settlement.subscription);
    if (place == subscriptions_.end())
        return;
    auto& subscription = *place->second;
    if (settlement.kind == Settlement::Kind::acknowledge)
        subscription.acknowledge(settlement.tag);
    else
        subscription.reject(settlement.tag, settlement.kind == Settlement::Kind::requeue);
    subscription.queue()->pump();
}

} // namespace arbalest::broker
