#pragma once

#include <arbalest/protocol/ack_mode.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The frames that a client sends, built as the negotiated version wants them.
namespace arbalest::detail {

using HeaderPairs = std::vector<std::pair<std::string, std::string>>;

struct ConnectRequest
{
    std::string host;
    std::string login;
    std::string passcode;
    std::string client_id;
    std::span<StompVersion const> accept_versions;
    HeartBeat heart_beat;
    HeaderPairs const* headers = nullptr; // further ones; they override those above
    bool stomp_command = false;
};

/// CONNECT, or STOMP (STOMP 1.2, "CONNECT or STOMP Frame").
Frame connect_frame(ConnectRequest const& request);

/// SUBSCRIBE (STOMP 1.2, "SUBSCRIBE").
Frame subscribe_frame(std::string_view id, std::string_view destination, AckMode ack);

/// UNSUBSCRIBE. 1.0 brokers know subscriptions by destination, later ones by id: both are given in 1.0.
Frame unsubscribe_frame(std::string_view id, std::string_view destination, StompVersion version);

/// ACK or NACK of a MESSAGE (STOMP 1.2, "ACK"; 1.1 and 1.0 name the message otherwise). nullopt when the message has
/// not the headers that it takes.
std::optional<Frame> ack_frame(std::string_view command, Frame const& message, StompVersion version);

/// BEGIN, COMMIT or ABORT (STOMP 1.2, "BEGIN").
Frame transaction_frame(std::string_view command, std::string_view transaction);

} // namespace arbalest::detail
