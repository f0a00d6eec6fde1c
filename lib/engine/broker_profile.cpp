#include "broker_profile.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace arbalest::detail {

namespace {

using namespace std::string_view_literals;

constexpr auto rabbitmq_prefetch = "prefetch-count"sv;        // messages
constexpr auto activemq_prefetch = "activemq.prefetchSize"sv; // messages; bytes, if Artemis reads it
constexpr auto artemis_window = "consumer-window-size"sv;     // bytes
constexpr auto apollo_credit = "credit"sv; // messages, bytes: delivers as long as one of them is left
constexpr auto activemq_name = "activemq.subscriptionName"sv;

BrokerKind kind_of(std::string_view server) noexcept
{
    if (server.starts_with("RabbitMQ"))
        return BrokerKind::rabbitmq;
    if (server.starts_with("ActiveMQ-Artemis"))
        return BrokerKind::artemis;
    if (server.starts_with("ActiveMQ"))
        return BrokerKind::activemq;
    return server.starts_with("apache-apollo") ? BrokerKind::apollo : BrokerKind::unknown;
}

void add_missing(Frame& frame, std::string_view name, std::string const& value)
{
    if (!frame.has_header(name))
        frame.add_header(name, value);
}

// Which headers made it durable is known to the broker and the user. So all are repeated that are not about the
// subscription as such.
void repeat_headers(Frame& unsubscribe, Frame const& subscribe)
{
    constexpr std::array others{"id"sv, "destination"sv, "ack"sv, "receipt"sv};
    for (auto const header : subscribe.headers()) {
        if (std::ranges::find(others, header.name) == others.end() && !unsubscribe.has_header(header.name))
            unsubscribe.add_header(header.name, header.value);
    }
}

} // namespace

BrokerProfile::BrokerProfile(std::string_view server) noexcept : kind_(kind_of(server)) {}

void BrokerProfile::add_prefetch(Frame& subscribe, std::size_t messages, std::size_t bytes) const
{
    auto const count = std::to_string(messages);
    switch (kind_) {
    case BrokerKind::rabbitmq:
        add_missing(subscribe, rabbitmq_prefetch, count);
        break;
    case BrokerKind::activemq:
        add_missing(subscribe, activemq_prefetch, count);
        break;
    case BrokerKind::artemis:
        // Its own header would win over what the user says by the other one.
        if (!subscribe.has_header(activemq_prefetch))
            add_missing(subscribe, artemis_window, std::to_string(bytes));
        break;
    case BrokerKind::apollo:
        add_missing(subscribe, apollo_credit, count + ",0");
        break;
    case BrokerKind::unknown:
        add_missing(subscribe, rabbitmq_prefetch, count);
        add_missing(subscribe, activemq_prefetch, count);
        break;
    }
}

std::vector<Frame> BrokerProfile::deletion(Frame unsubscribe, Frame const& subscribe) const
{
    std::vector<Frame> frames;
    auto const name = subscribe.header(activemq_name);
    if (kind_ == BrokerKind::activemq && name) {
        // It ends a subscription or deletes it, and deletes only what has ended. What the user adds, and the receipt,
        // is for the last of the two.
        Frame end("UNSUBSCRIBE", 128);
        for (auto const own : {"id"sv, "destination"sv}) {
            if (auto const value = unsubscribe.header(own))
                end.add_header(own, *value);
        }
        frames.push_back(std::move(end));
        add_missing(unsubscribe, activemq_name, std::string(*name));
    } else {
        repeat_headers(unsubscribe, subscribe);
    }
    frames.push_back(std::move(unsubscribe));
    return frames;
}

// RabbitMQ confirms UNSUBSCRIBE while a message for that subscription may still be on its way inside of it. When it
// comes to that message, it sends an ERROR, and goes on.
bool BrokerProfile::tells_of_end(Frame const& error, std::string_view id) const
{
    return kind_ == BrokerKind::rabbitmq && error.header("message") == "Subscription not found" &&
           error.body().find("'T_" + std::string(id) + "'") != std::string_view::npos;
}

} // namespace arbalest::detail
