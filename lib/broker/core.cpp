#include "core.hpp"

#include "refusal.hpp"
#include "session.hpp"
#include "subscription.hpp"

#include <algorithm>

namespace arbalest::broker {

Core::Core(BrokerConfig config) : config_(std::move(config)) {}

Core::~Core() = default;

bool Core::is_topic(std::string_view destination) noexcept
{
    return destination.starts_with("/topic/");
}

bool Core::is_temporary(std::string_view destination) noexcept
{
    return destination.starts_with("/temp-queue/");
}

bool Core::is_reply_queue(std::string_view destination) noexcept
{
    return destination.starts_with("/reply-queue/");
}

void Core::check_destinations() const
{
    if (queues_.size() + topics_.size() >= config_.max_destinations)
        throw Refusal("Too many destinations",
                      "The broker keeps no more than " + std::to_string(config_.max_destinations) + " destinations.");
}

Core::Topic& Core::topic(std::string_view name)
{
    if (auto const place = topics_.find(name); place != topics_.end())
        return place->second;
    check_destinations();
    return topics_.emplace(name, Topic{std::make_shared<DestinationStats>(), {}}).first->second;
}

std::shared_ptr<Queue> const& Core::queue(std::string_view name)
{
    if (auto const place = queues_.find(name); place != queues_.end())
        return place->second;
    check_destinations();
    return queues_.emplace(name, std::make_shared<Queue>(std::make_shared<DestinationStats>(), config_.wall_clock))
        .first->second;
}

bool Core::has_room(std::string_view destination, std::size_t messages, std::size_t bytes)
{
    if (is_topic(destination))
        topic(destination);
    else if (!is_reply_queue(destination))
        return has_room(*queue(destination), messages, bytes);
    else if (auto const place = reply_queues_.find(destination); place != reply_queues_.end())
        return has_room(*place->second, messages, bytes);
    return true;
}

bool Core::has_room(Queue& queue, std::size_t messages, std::size_t bytes) const
{
    queue.drop_expired();
    return messages <= config_.max_queue_depth - std::min(config_.max_queue_depth, queue.size()) &&
           bytes <= config_.max_queue_bytes - std::min(config_.max_queue_bytes, queue.bytes());
}

void Core::publish(std::string_view destination, std::shared_ptr<Frame const> frame)
{
    if (is_topic(destination)) {
        publish_to_topic(destination, frame);
    } else if (!is_reply_queue(destination)) {
        publish(*queue(destination), std::move(frame));
    } else if (auto const place = reply_queues_.find(destination); place != reply_queues_.end()) {
        publish(*place->second, std::move(frame));
    } // else whoever asked is gone, and has no more use for the answer
}

void Core::publish(Queue& queue, std::shared_ptr<Frame const> frame)
{
    if (!has_room(queue, 1, frame->memory()))
        throw Refusal("Queue full", "There are " + std::to_string(queue.size()) + " messages of " +
                                        std::to_string(queue.bytes()) + " bytes waiting in the queue already.");
    queue.push(std::move(frame));
    ++queue.stats().sent;
    queue.pump();
}

void Core::publish_to_topic(std::string_view name, std::shared_ptr<Frame const> const& frame)
{
    auto& to = topic(name);
    ++to.stats->sent;
    if (to.subscribers.empty())
        ++to.stats->dropped;
    std::vector<Session*> slow;
    for (auto* const subscriber : to.subscribers) {
        auto& queue = *subscriber->queue();
        queue.push(frame);
        queue.pump();
        if (queue.bytes() > config_.topic_backlog && std::ranges::find(slow, &subscriber->session()) == slow.end())
            slow.push_back(&subscriber->session());
    }
    for (auto* const session : slow) // takes its subscribers out of the list
        session->fail_slow();
}

std::shared_ptr<Queue> Core::queue_for(std::string_view destination)
{
    if (is_topic(destination))
        return std::make_shared<Queue>(topic(destination).stats, config_.wall_clock);
    return queue(destination);
}

std::shared_ptr<Queue> Core::make_temporary_queue() const
{
    return std::make_shared<Queue>(std::make_shared<DestinationStats>(), config_.wall_clock);
}

void Core::join_topic(Subscription& subscriber)
{
    topic(subscriber.destination()).subscribers.push_back(&subscriber);
}

void Core::leave_topic(Subscription& subscriber) noexcept
{
    if (auto const place = topics_.find(subscriber.destination()); place != topics_.end())
        std::erase(place->second.subscribers, &subscriber);
}

std::string Core::add_reply_queue(std::shared_ptr<Queue> queue)
{
    auto name = "/reply-queue/r-" + std::to_string(++last_reply_queue_);
    reply_queues_.emplace(name, std::move(queue));
    return name;
}

std::size_t Core::purge(std::string_view destination) noexcept
{
    auto const place = queues_.find(destination);
    return place == queues_.end() ? 0 : place->second->purge();
}

DestinationStats Core::stats(std::string_view destination) const
{
    if (auto const place = queues_.find(destination); place != queues_.end())
        return place->second->stats();
    if (auto const place = topics_.find(destination); place != topics_.end())
        return *place->second.stats;
    return {};
}

std::vector<std::string> Core::destinations() const
{
    std::vector<std::string> names;
    for (auto const& [name, queue] : queues_)
        names.push_back(name);
    for (auto const& [name, topic] : topics_)
        names.push_back(name);
    std::ranges::sort(names);
    return names;
}

} // namespace arbalest::broker
