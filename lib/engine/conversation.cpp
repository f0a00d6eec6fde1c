#include "conversation.hpp"

#include "../protocol/equal_text.hpp"
#include "../protocol/find_header.hpp"
#include "../protocol/peer_text.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace arbalest::detail {

using Kind = Conversation::Event::Kind;

namespace {

// What a message shows of a value that should have been short.
constexpr std::size_t longest_quote = 60;

} // namespace

Conversation::Conversation(Options options) : options_(std::move(options)) {}

void Conversation::start()
{
    offered_heart_beat_ = options_.heart_beat;
    offered_versions_ = accept_version_value(options_.accept_versions);
    state_ = State::connecting;
}

// STOMP 1.2, "Protocol Negotiation" and "Heart-beating": without these headers it is 1.0, and no heart-beats.
bool Conversation::start(Frame const& connect)
{
    auto const heart_beat = parse_heart_beat(connect.header("heart-beat").value_or("0,0"));
    if (!heart_beat)
        return false;
    offered_heart_beat_ = *heart_beat;
    offered_versions_ = connect.header("accept-version").value_or("1.0");
    state_ = State::connecting;
    return true;
}

Conversation::Event Conversation::violation(std::string reason, std::uint64_t offset)
{
    state_ = State::closed;
    return {Kind::failed, nullptr, std::make_shared<MalformedFrame>(std::move(reason), offset)};
}

Conversation::Event Conversation::receive(Frame const& frame, TimePoint now, std::uint64_t offset)
{
    auto const command = frame.command();
    if (state_ == State::closed || state_ == State::idle)
        return {};
    if (command == "ERROR")
        return receive_error(frame);
    if (state_ == State::connecting) {
        if (command == "CONNECTED")
            return receive_connected(frame, now, offset);
        return violation(peer_text(command, longest_quote) + " frame before CONNECTED", offset);
    }
    if (command == "MESSAGE")
        return receive_any_message(frame);
    if (command == "RECEIPT")
        return receive_receipt(frame);
    return violation(peer_text(command, longest_quote) + " frame, which a broker does not send to an open session",
                     offset);
}

// STOMP 1.2, "CONNECTED Frame" and "Protocol Negotiation": without a version header it is 1.0.
Conversation::Event Conversation::receive_connected(Frame const& frame, TimePoint now, std::uint64_t offset)
{
    auto const text = frame.header("version").value_or("1.0");
    auto const version = parse_stomp_version(text);
    if (!version || !negotiate_version(offered_versions_, std::span(&*version, 1))) {
        return violation("the broker chose version " + peer_text(text, longest_quote) + ", which was not offered (" +
                             offered_versions_ + ")",
                         offset);
    }
    auto const offered = frame.header("heart-beat").value_or("0,0");
    auto const theirs = parse_heart_beat(offered);
    if (!theirs)
        return violation("no heart-beat header: '" + peer_text(offered, longest_quote) + "'", offset);
    version_ = *version;
    server_ = frame.header("server").value_or("");
    broker_ = BrokerProfile(server_);
    session_id_ = frame.header("session").value_or("");
    heart_beats_ = HeartBeatSchedule(negotiate(offered_heart_beat_, *theirs), options_.tolerance, now);
    state_ = State::connected;
    return {Kind::connected};
}

Conversation::Token Conversation::receive_message(Frame const& frame)
{
    bool const may_come = state_ != State::closed && state_ != State::idle && state_ != State::connecting;
    if (!may_come || !equal_text(frame.command(), "MESSAGE"))
        return nullptr;
    auto const subscription = find_header(frame, "subscription");
    if (!subscription.data())
        return nullptr;
    if (last_ && equal_text(subscription, last_->first))
        return last_->second.token;
    return receive_message_for(subscription);
}

Conversation::Token Conversation::receive_message_for(std::string_view subscription)
{
    auto const found = subscriptions_.find(subscription);
    if (found == subscriptions_.end())
        return nullptr;
    last_ = &*found;
    return last_->second.token;
}

Conversation::Event Conversation::receive_any_message(Frame const& frame)
{
    if (auto* const token = receive_message(frame))
        return {Kind::message, token};
    // A 1.0 broker may leave the id out; then the destination tells. Of several subscriptions it is always the same.
    if (version_ == StompVersion::v1_0 && !frame.header("subscription")) {
        auto const destination = frame.header("destination").value_or("");
        auto least = subscriptions_.end();
        for (auto it = subscriptions_.begin(); it != subscriptions_.end(); ++it) {
            if (it->second.destination == destination && (least == subscriptions_.end() || it->first < least->first))
                least = it;
        }
        if (least != subscriptions_.end())
            return {Kind::message, least->second.token};
    }
    return {Kind::unhandled_message};
}

Conversation::Event Conversation::receive_receipt(Frame const& frame)
{
    auto const id = frame.header("receipt-id");
    if (!id)
        return {Kind::unhandled_receipt};
    if (state_ == State::disconnecting && *id == disconnect_receipt_) {
        state_ = State::closed;
        return {Kind::disconnected};
    }
    if (auto* const token = receipts_.take(*id))
        return {Kind::receipt, token};
    return {Kind::unhandled_receipt};
}

Conversation::Token Conversation::receive_receipt(std::string_view id)
{
    bool const may_come = state_ == State::connected || state_ == State::draining;
    return may_come && !receipts_.is_abandoned(id) ? receipts_.take(id) : nullptr;
}

bool Conversation::is_about_ended_subscription(Frame const& error) const
{
    return std::ranges::any_of(ended_subscriptions_,
                               [&](std::string const& id) { return broker_.tells_of_end(error, id); });
}

Conversation::Event Conversation::receive_error(Frame const& frame)
{
    auto const named = frame.header("receipt-id");
    auto* const token = named ? receipts_.take(*named) : nullptr;
    // Whether the frames of others were accepted, an ERROR does not say.
    auto cause = std::make_shared<ErrorFrameReceived>(frame, Outcome::unknown);
    bool const fatal =
        (options_.error_frames_are_fatal && !is_about_ended_subscription(frame)) || state_ == State::connecting;
    if (fatal) {
        state_ = State::closed;
        return {Kind::failed, token, std::move(cause)};
    }
    // RabbitMQ names the subscription that it has ended, as when its queue was deleted.
    auto const subscription = named ? std::nullopt : frame.header("subscription");
    if (auto* const ended = subscription ? find_subscription(*subscription) : nullptr)
        return {Kind::subscription_ended, ended, std::move(cause)};
    return {Kind::error, token, std::move(cause)};
}

Conversation::Event Conversation::connection_ended(std::shared_ptr<StompError> cause)
{
    // Brokers that confirm no DISCONNECT close instead (RabbitMQ over WebSocket, stompserver).
    bool const orderly = state_ == State::disconnecting;
    if (std::exchange(state_, State::closed) == State::closed)
        return {};
    if (orderly)
        return {Kind::disconnected};
    return {Kind::failed, nullptr, std::move(cause)};
}

void Conversation::reset() noexcept
{
    state_ = State::idle;
    heart_beats_ = HeartBeatSchedule();
    disconnect_deadline_ = TimePoint::max();
    disconnect_receipt_.clear();
    // The broker has ended its side of them with the connection.
    ended_subscriptions_.clear();
    receipts_.connection_ended();
}

void Conversation::drain(TimePoint now) noexcept
{
    if (state_ != State::connected)
        return;
    state_ = State::draining;
    disconnect_deadline_ = deadline_after(now, options_.disconnect_timeout);
}

Frame Conversation::disconnect()
{
    state_ = State::disconnecting;
    disconnect_receipt_ = Receipts::GeneratedId(receipts_.next_number()).view();
    Frame frame("DISCONNECT");
    frame.add_header("receipt", disconnect_receipt_);
    return frame;
}

bool Conversation::is_under_way() const noexcept
{
    return state_ == State::connected || state_ == State::draining || state_ == State::disconnecting;
}

// Of what is not a receipt.
TimePoint Conversation::own_silence_deadline() const noexcept
{
    return std::min(disconnect_deadline_, heart_beats_.receive_due());
}

TimePoint Conversation::silence_deadline()
{
    return is_under_way() ? std::min(receipts_.next_deadline(), own_silence_deadline()) : TimePoint::max();
}

TimePoint Conversation::earliest_silence_deadline() const noexcept
{
    return is_under_way() ? std::min(receipts_.earliest_deadline(), own_silence_deadline()) : TimePoint::max();
}

TimePoint Conversation::send_deadline() const noexcept
{
    return is_under_way() ? heart_beats_.send_due() : TimePoint::max();
}

TimePoint Conversation::next_deadline()
{
    return std::min(silence_deadline(), send_deadline());
}

TimePoint Conversation::earliest_deadline() const noexcept
{
    return std::min(earliest_silence_deadline(), send_deadline());
}

bool Conversation::wants_heart_beat_by(TimePoint now) const noexcept
{
    return is_under_way() && heart_beats_.receive_due() <= now;
}

Conversation::Event Conversation::poll(TimePoint now, TimePoint read_until)
{
    if (next_deadline() > now)
        return {};
    read_until = std::min(read_until, now);
    if (heart_beats_.receive_due() <= read_until) {
        // Whoever falls silent instead of confirming DISCONNECT has gone, as was asked.
        if (std::exchange(state_, State::closed) == State::disconnecting)
            return {Kind::disconnected};
        return {Kind::failed, nullptr, std::make_shared<MissingHeartBeat>(heart_beats_.negotiated().receive)};
    }
    if (disconnect_deadline_ <= read_until) {
        state_ = State::closed;
        return {Kind::disconnected};
    }
    if (auto* const token = receipts_.expire(read_until))
        return {Kind::receipt_lost, token};
    if (heart_beats_.send_due() <= now) {
        heart_beats_.sent(now);
        return {Kind::send_heart_beat};
    }
    return {};
}

std::string Conversation::next_subscription_id()
{
    std::string id;
    do
        id = "sub-" + std::to_string(++last_subscription_);
    while (subscriptions_.contains(id));
    return id;
}

bool Conversation::add_subscription(std::string_view id, std::string_view destination, Token token)
{
    last_ = nullptr; // entries may move
    return subscriptions_.emplace(id, Subscription{std::string(destination), token}).second;
}

Conversation::Token Conversation::find_subscription(std::string_view id) const noexcept
{
    auto const found = subscriptions_.find(id);
    return found == subscriptions_.end() ? nullptr : found->second.token;
}

void Conversation::remove_subscription(std::string_view id, Token token)
{
    auto const found = subscriptions_.find(id);
    if (found == subscriptions_.end() || found->second.token != token)
        return;
    if (ended_subscriptions_.size() == remembered_ends)
        ended_subscriptions_.pop_front();
    ended_subscriptions_.push_back(found->first);
    last_ = nullptr;
    subscriptions_.erase(found);
}

} // namespace arbalest::detail
