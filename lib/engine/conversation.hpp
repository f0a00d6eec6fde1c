#pragma once

#include "../protocol/equal_text.hpp"
#include "../protocol/hash_text.hpp"
#include "../protocol/time.hpp"
#include "broker_profile.hpp"
#include "receipts.hpp"
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest::detail {

/// One connection's conversation with a broker, from CONNECT to its end, as a state machine. It does no I/O and reads
/// no clock: frames and the time go in, events and deadlines come out. Who waits for a receipt or owns a subscription
/// is told by opaque tokens.
class Conversation
{
public:
    using Token = void*;

    struct Options
    {
        std::vector<StompVersion> accept_versions{StompVersion::v1_2, StompVersion::v1_1, StompVersion::v1_0};
        HeartBeat heart_beat;
        HeartBeatTolerance tolerance;
        bool error_frames_are_fatal = true;
        std::chrono::milliseconds disconnect_timeout{2000};
    };

    enum class State : std::uint8_t {
        idle,          ///< Nothing was sent yet.
        connecting,    ///< CONNECT went out, CONNECTED is awaited.
        connected,     ///< The session is open.
        draining,      ///< No more requests; outstanding receipts are awaited before DISCONNECT.
        disconnecting, ///< DISCONNECT went out, its RECEIPT is awaited.
        closed,
    };

    struct Event
    {
        enum class Kind : std::uint8_t {
            none,              ///< Nothing to do.
            connected,         ///< CONNECTED was accepted.
            message,           ///< A MESSAGE for the subscription `token`.
            unhandled_message, ///< A MESSAGE for no subscription.
            receipt,           ///< The receipt awaited by `token`.
            unhandled_receipt, ///< A RECEIPT that nobody awaits.
            error, ///< An ERROR that leaves the session open; `token` is whose frame it refuses, or nullptr.
            subscription_ended, ///< The same, which says that the broker has ended the subscription `token`.
            failed,             ///< The end, because of `cause`; `token` as with error.
            disconnected,       ///< The orderly end.
            send_heart_beat,    ///< A heart-beat is due.
            receipt_lost,       ///< The receipt awaited by `token` did not come in time.
        };
        Kind kind = Kind::none;
        Token token = nullptr;
        std::shared_ptr<StompError> cause{};
    };

    explicit Conversation(Options options);
    Conversation(Conversation const&) = delete; // it points into itself
    Conversation& operator=(Conversation const&) = delete;

    State state() const noexcept { return state_; }
    bool is_open() const noexcept { return state_ == State::connected; }
    StompVersion version() const noexcept { return version_; }
    std::string const& server() const noexcept { return server_; }
    /// What is known of the broker by that name.
    BrokerProfile const& broker() const noexcept { return broker_; }
    std::string const& session_id() const noexcept { return session_id_; }
    HeartBeat const& negotiated_heart_beat() const noexcept { return heart_beats_.negotiated(); }
    Options const& options() const noexcept { return options_; }

    /// CONNECT goes out, with the heart-beats and versions of the options.
    void start();
    /// This CONNECT goes out: what it offers holds, whatever the options say.
    /// @returns false, and does nothing, when it has a heart-beat header that is none.
    bool start(Frame const& connect);

    /// Any bytes came or went: signs of life.
    void bytes_received(TimePoint now) noexcept { heart_beats_.received(now); }
    void bytes_sent(TimePoint now) noexcept { heart_beats_.sent(now); }

    /// A frame came. @param offset where it ended in the peer's bytes, for error messages.
    Event receive(Frame const& frame, TimePoint now, std::uint64_t offset);

    /// A RECEIPT came that has this id and nothing else: whose it is. nullptr: receive() must see it.
    Token receive_receipt(std::string_view id);

    /// A frame came: if it is a MESSAGE that names a subscription, whose that is. nullptr: receive() must see it.
    Token receive_message(Frame const& frame);

    /// The peer closed the connection or it broke. `cause` is what to tell unless it ended in order.
    Event connection_ended(std::shared_ptr<StompError> cause);

    /// Ends it from our side.
    void close() noexcept { state_ = State::closed; }

    /// The connection is gone, and another may follow: start() begins anew. Subscriptions and awaited receipts stay.
    void reset() noexcept;

    /// No more requests; the time limit for an orderly end starts.
    void drain(TimePoint now) noexcept;

    /// DISCONNECT goes out: returns it with its receipt.
    Frame disconnect();

    /// What is due by now, one event a call; none when nothing is.
    /// @param read_until all that the peer had sent by then has been received: only so far can it be found silent.
    Event poll(TimePoint now, TimePoint read_until);
    Event poll(TimePoint now) { return poll(now, now); }
    /// The first deadline that the peer misses if it stays silent; TimePoint::max() when there is none.
    TimePoint silence_deadline();
    /// Whether that is for want of a heart-beat.
    bool wants_heart_beat_by(TimePoint now) const noexcept;
    /// When to call poll() next at the latest; TimePoint::max() when there is nothing to wait for.
    TimePoint next_deadline();
    /// Not after next_deadline(), and found without a look-up: good enough for a timer, which may ring for nothing.
    TimePoint earliest_deadline() const noexcept;
    /// Those of its parts that are not silence_deadline(), and an estimate of that which may be early.
    TimePoint send_deadline() const noexcept;
    TimePoint earliest_silence_deadline() const noexcept;

    Receipts& receipts() noexcept { return receipts_; }

    /// An id that no subscription has.
    std::string next_subscription_id();
    /// @returns false when that id is taken.
    bool add_subscription(std::string_view id, std::string_view destination, Token token);
    /// Whose subscription that is; nullptr when there is none.
    Token find_subscription(std::string_view id) const noexcept;
    /// Removes it, if it belongs to that token.
    void remove_subscription(std::string_view id, Token token);
    std::size_t subscription_count() const noexcept { return subscriptions_.size(); }

private:
    struct Subscription
    {
        std::string destination;
        Token token;
    };

    // Ids are short, and looked up for nearly every message.
    struct IdHash
    {
        using is_transparent = void;
        std::size_t operator()(std::string_view id) const noexcept { return hash_text(id); }
    };
    struct IdEqual
    {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const noexcept { return equal_text(a, b); }
    };
    using Subscriptions = boost::unordered_flat_map<std::string, Subscription, IdHash, IdEqual>;

    bool is_under_way() const noexcept;
    TimePoint own_silence_deadline() const noexcept;
    Event receive_connected(Frame const& frame, TimePoint now, std::uint64_t offset);
    Event receive_any_message(Frame const& frame);
    [[gnu::noinline]] Token receive_message_for(std::string_view subscription);
    Event receive_receipt(Frame const& frame);
    Event receive_error(Frame const& frame);
    bool is_about_ended_subscription(Frame const& error) const;
    Event violation(std::string reason, std::uint64_t offset);

    Options options_;
    HeartBeat offered_heart_beat_; // by CONNECT
    std::string offered_versions_; // by CONNECT, as in its accept-version header
    State state_ = State::idle;
    StompVersion version_ = StompVersion::v1_2;
    std::string server_;
    BrokerProfile broker_;
    std::string session_id_;
    HeartBeatSchedule heart_beats_;
    TimePoint disconnect_deadline_ = TimePoint::max();
    std::string disconnect_receipt_;
    Receipts receipts_;
    Subscriptions subscriptions_;
    // Whose the last message was, for the next will often be theirs as well. An entry of subscriptions_.
    Subscriptions::value_type const* last_ = nullptr;
    std::uint64_t last_subscription_ = 0;
    static constexpr std::size_t remembered_ends = 64;
    std::deque<std::string> ended_subscriptions_; // their ids, the latest ones
};

} // namespace arbalest::detail
