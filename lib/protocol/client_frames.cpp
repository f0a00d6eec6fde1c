#include "client_frames.hpp"

namespace arbalest {

std::string_view to_string(AckMode mode) noexcept
{
    switch (mode) {
    case AckMode::automatic:
        return "auto";
    case AckMode::client:
        return "client";
    case AckMode::client_individual:
        break;
    }
    return "client-individual";
}

namespace detail {

Frame connect_frame(ConnectRequest const& request)
{
    Frame frame(request.stomp_command ? "STOMP" : "CONNECT", 256);
    frame.add_header("accept-version", accept_version_value(request.accept_versions));
    frame.add_header("host", request.host);
    if (!request.login.empty())
        frame.add_header("login", request.login);
    if (!request.passcode.empty())
        frame.add_header("passcode", request.passcode);
    if (!request.client_id.empty())
        frame.add_header("client-id", request.client_id);
    if (request.heart_beat != HeartBeat())
        frame.add_header("heart-beat", to_header_value(request.heart_beat));
    if (request.headers) {
        for (auto const& [name, value] : *request.headers)
            frame.set_header(name, value);
    }
    return frame;
}

Frame subscribe_frame(std::string_view id, std::string_view destination, AckMode ack)
{
    Frame frame("SUBSCRIBE", 128 + destination.size());
    frame.add_header("id", id);
    frame.add_header("destination", destination);
    frame.add_header("ack", to_string(ack));
    return frame;
}

Frame unsubscribe_frame(std::string_view id, std::string_view destination, StompVersion version)
{
    Frame frame("UNSUBSCRIBE", 128);
    frame.add_header("id", id);
    if (version == StompVersion::v1_0)
        frame.add_header("destination", destination);
    return frame;
}

std::optional<Frame> ack_frame(std::string_view command, Frame const& message, StompVersion version)
{
    if (version == StompVersion::v1_2) {
        auto const id = message.header("ack");
        if (!id)
            return std::nullopt;
        Frame frame(command, 16 + id->size());
        frame.add_header("id", *id);
        return frame;
    }
    auto const id = message.header("message-id");
    auto const subscription = message.header("subscription");
    if (!id || (version == StompVersion::v1_1 && !subscription))
        return std::nullopt;
    Frame frame(command, 64 + id->size());
    frame.add_header("message-id", *id);
    if (version == StompVersion::v1_1)
        frame.add_header("subscription", *subscription);
    return frame;
}

Frame transaction_frame(std::string_view command, std::string_view transaction)
{
    Frame frame(command, 32 + transaction.size());
    frame.add_header("transaction", transaction);
    return frame;
}

} // namespace detail
} // namespace arbalest
