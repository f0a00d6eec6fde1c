#include <arbalest/session/message.hpp>
#include <arbalest/session/outgoing_message.hpp>

#include <algorithm>
#include <array>

namespace arbalest {

namespace {

using namespace std::string_view_literals;

// Headers that belong to one delivery of a message, not to the message.
constexpr std::array of_the_delivery{"receipt"sv,     "subscription"sv,   "message-id"sv,  "ack"sv,
                                     "destination"sv, "content-length"sv, "redelivered"sv, "transaction"sv};

} // namespace

OutgoingMessage::OutgoingMessage(std::string_view destination) : OutgoingMessage(destination, {}) {}

OutgoingMessage::OutgoingMessage(std::string_view destination, std::string_view body)
    : frame_("SEND", {"destination", destination}, body), has_destination_(!destination.empty())
{
}

OutgoingMessage OutgoingMessage::forward(Message const& message, std::string_view destination)
{
    OutgoingMessage copy(destination, message.body());
    for (auto const header : message.headers()) {
        if (std::ranges::find(of_the_delivery, header.name) == of_the_delivery.end())
            copy.frame_.add_header(header.name, header.value);
    }
    return copy;
}

OutgoingMessage OutgoingMessage::forward(Message const& message)
{
    return forward(message, message.destination());
}

OutgoingMessage& OutgoingMessage::body(std::string_view bytes) &
{
    frame_.set_body(bytes);
    return *this;
}

OutgoingMessage& OutgoingMessage::content_type(std::string_view type) &
{
    frame_.set_header("content-type", type);
    return *this;
}

OutgoingMessage& OutgoingMessage::header(std::string_view name, std::string_view value) &
{
    frame_.add_header(name, value);
    return *this;
}

OutgoingMessage& OutgoingMessage::receipt(std::string_view id) &
{
    frame_.set_header("receipt", id);
    return *this;
}

} // namespace arbalest
