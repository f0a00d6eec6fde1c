#pragma once

#include "engine/conversation.hpp"
#include <arbalest/protocol/error.hpp>

#include <chrono>
#include <initializer_list>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace arbalest::detail {

inline std::string_view to_string(Conversation::State state)
{
    using State = Conversation::State;
    switch (state) {
    case State::idle:
        return "idle";
    case State::connecting:
        return "connecting";
    case State::connected:
        return "connected";
    case State::draining:
        return "draining";
    case State::disconnecting:
        return "disconnecting";
    case State::closed:
        break;
    }
    return "closed";
}

inline std::string_view to_string(Conversation::Event::Kind kind)
{
    using Kind = Conversation::Event::Kind;
    switch (kind) {
    case Kind::none:
        return "none";
    case Kind::connected:
        return "connected";
    case Kind::message:
        return "message";
    case Kind::unhandled_message:
        return "unhandled_message";
    case Kind::receipt:
        return "receipt";
    case Kind::unhandled_receipt:
        return "unhandled_receipt";
    case Kind::error:
        return "error";
    case Kind::failed:
        return "failed";
    case Kind::disconnected:
        return "disconnected";
    case Kind::send_heart_beat:
        return "send_heart_beat";
    case Kind::subscription_ended:
        return "subscription_ended";
    case Kind::receipt_lost:
        break;
    }
    return "receipt_lost";
}

inline std::ostream& operator<<(std::ostream& out, Conversation::State state)
{
    return out << to_string(state);
}

inline std::ostream& operator<<(std::ostream& out, Conversation::Event::Kind kind)
{
    return out << to_string(kind);
}

} // namespace arbalest::detail

namespace conversation_tests {

using namespace std::chrono_literals;
using arbalest::Frame;
using arbalest::HeartBeat;
using arbalest::StompVersion;
using arbalest::detail::Conversation;
using arbalest::detail::Receipts;
using arbalest::detail::TimePoint;
using Event = Conversation::Event;
using Kind = Conversation::Event::Kind;
using State = Conversation::State;

constexpr auto never = TimePoint::max();
inline TimePoint const start = TimePoint() + 1000s;
inline TimePoint const much_later = start + std::chrono::hours(10000);

inline Frame make(std::string_view command,
                  std::initializer_list<std::pair<std::string_view, std::string_view>> headers = {},
                  std::string_view body = {})
{
    Frame frame(command);
    for (auto const& [name, value] : headers)
        frame.add_header(name, value);
    return frame.set_body(body);
}

/// Where the frames are said to have ended.
constexpr std::uint64_t end_of_frame = 12345;

/// A conversation with two subscriptions ("sub-a", "sub-b") and an awaited receipt ("mine"), brought into a state.
struct Talk
{
    explicit Talk(State state, Conversation::Options options = {}, StompVersion version = StompVersion::v1_2)
        : conversation(std::move(options))
    {
        if (state == State::idle)
            return;
        conversation.start();
        if (state == State::connecting)
            return;
        conversation.receive(make("CONNECTED", {{"version", to_string(version)}, {"heart-beat", "1000,1000"}}), start,
                             end_of_frame);
        conversation.add_subscription("sub-a", "/queue/a", a());
        conversation.add_subscription("sub-b", "/queue/b", b());
        conversation.receipts().expect("mine", mine(), start + 10s);
        if (state == State::connected)
            return;
        if (state == State::closed) {
            conversation.close();
            return;
        }
        conversation.drain(start);
        if (state == State::disconnecting)
            disconnect_receipt = conversation.disconnect().header("receipt").value();
    }

    Event receive(Frame const& frame) { return conversation.receive(frame, start, end_of_frame); }

    void* a() { return &tokens[0]; }
    void* b() { return &tokens[1]; }
    void* mine() { return &tokens[2]; }

    Conversation conversation;
    std::string disconnect_receipt;
    char tokens[3] = {};
};

} // namespace conversation_tests
