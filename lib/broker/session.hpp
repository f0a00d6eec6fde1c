#pragma once

#include "core.hpp"
#include "message_id.hpp"
#include "output.hpp"
#include "subscription.hpp"
#include "transaction.hpp"
#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace arbalest::broker {

class Refusal;

/// The conversation with one client: frames in, frames out to an Output, and no I/O. What time it is, it is told.
class Session
{
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// @param number tells it from all others. @param now when the connection was accepted.
    Session(Core& core, Output& output, std::uint64_t number, TimePoint now);
    /// As lost().
    ~Session();
    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;

    void receive(Frame frame, TimePoint now);
    /// The client's bytes are no frame: ERROR and close.
    void malformed(std::string_view reason);
    /// Answers a frame by an ERROR instead of carrying it out.
    void refuse(Frame const& frame, Refusal const& refusal, bool with_receipt_id);
    /// Answers a CONNECT as one with wrong credentials.
    void refuse_login(Frame const& connect);
    /// Too much waits for this client: ERROR and close.
    void fail_slow();

    /// Any bytes came from the client, or were written to it.
    void heard(TimePoint now) noexcept { heart_beats_.received(now); }
    void said(TimePoint now) noexcept { heart_beats_.sent(now); }
    /// The broker did not want to read until now, so that nothing could come from the client.
    void reset_deadlines(TimePoint now) noexcept;
    /// Does what is due: a heart-beat, or closing the connection of a silent client.
    void tick(TimePoint now);
    /// When tick() should be called next.
    TimePoint deadline() const noexcept;

    /// The output is no longer congested.
    void drained();
    /// The connection is gone, or is about to be closed: gives everything back to the others.
    void lost() noexcept;

    bool is_connected() const noexcept { return connected_; }
    bool is_over() const noexcept { return over_; }
    StompVersion version() const noexcept { return version_; }
    std::uint64_t number() const noexcept { return number_; }
    Output& output() noexcept { return output_; }

private:
    struct Command;
    struct TemporaryQueue
    {
        std::shared_ptr<Queue> queue;
        std::string reply_name;
        std::unique_ptr<Subscription> implicit; // by reply-to, without SUBSCRIBE
    };
    using SubscriptionMap = std::map<std::uint64_t, std::unique_ptr<Subscription>>;

    // session.cpp
    void carry_out(Frame& frame, std::optional<std::string> const& receipt);
    void refuse(std::optional<std::string_view> receipt, Refusal const& refusal);
    void error(std::optional<std::string_view> receipt, Refusal const& refusal, bool fatal);
    void close();
    std::string_view require(Frame const& frame, std::string_view header) const;

    // handshake.cpp
    void connect(Frame const& frame, TimePoint now);
    void check_login(Frame const& frame) const;
    HeartBeat asked_heart_beat(Frame const& frame) const;
    void disconnect(Frame& frame);

    // commands.cpp
    void send(Frame& frame);
    void subscribe(Frame& frame);
    void unsubscribe(Frame& frame);
    SubscriptionMap::iterator find_for_unsubscribe(Frame const& frame);
    void acknowledge(Frame& frame);
    void reject(Frame& frame);
    Settlement settlement(Frame const& frame, Settlement::Kind kind) const;
    void settle(Frame const& frame, Settlement const& settlement);
    void apply(Settlement const& settlement);
    void route(std::string_view destination, std::shared_ptr<Frame const> frame);
    TemporaryQueue& temporary_queue(std::string const& name);
    void await_replies(TemporaryQueue& queue, std::string const& name);

    // transactions.cpp
    Transaction* transaction_of(Frame const& frame);
    void begin(Frame& frame);
    void commit(Frame& frame);
    void abort(Frame& frame);
    std::unordered_map<std::string, Transaction>::iterator find_transaction(Frame const& frame);
    void add_step(Transaction& transaction, std::variant<PendingSend, Settlement> step);
    void check_room(Transaction const& transaction);
    void give_back(Transaction const& transaction) noexcept;

    Core& core_;
    Output& output_;
    std::uint64_t number_;
    TimePoint connect_due_;
    StompVersion version_ = StompVersion::v1_0;
    bool connected_ = false;
    bool over_ = false;
    HeartBeatSchedule heart_beats_;

    SubscriptionMap subscriptions_;  // by number
    StringMap<std::uint64_t> names_; // what the client calls them, see subscription_name()
    std::uint64_t last_subscription_ = 0;
    std::map<std::string, TemporaryQueue> temporary_queues_;
    std::unordered_map<std::string, Transaction> transactions_;
};

} // namespace arbalest::broker
