#include "session.hpp"

#include "protocol/time.hpp"
#include "refusal.hpp"

#include <algorithm>
#include <array>

namespace arbalest::broker {

using namespace std::string_view_literals;

struct Session::Command
{
    std::string_view name;
    void (Session::*carry_out)(Frame&);
};

Session::Session(Core& core, Output& output, std::uint64_t number, TimePoint now)
    : core_(core), output_(output), number_(number),
      connect_due_(detail::deadline_after(now, core.config().connect_timeout))
{
}

Session::~Session()
{
    lost();
}

void Session::receive(Frame frame, TimePoint now)
{
    if (over_)
        return;
    // The decoder is lenient here, for the sake of clients that read what ActiveMQ writes.
    if (version_ == StompVersion::v1_0 && connected_ &&
        std::ranges::any_of(frame.headers(), [](Header const& h) { return h.value.find('\n') != h.value.npos; }))
        return malformed("a header without a colon");
    std::optional<std::string> receipt; // not from the optional view: g++ 12 warns of uninitialised memory
    if (auto const value = frame.header("receipt"))
        receipt.emplace(*value);
    try {
        if (connected_)
            carry_out(frame, receipt);
        else
            connect(frame, now);
    } catch (Refusal const& refusal) {
        refuse(receipt, refusal);
    }
}

void Session::carry_out(Frame& frame, std::optional<std::string> const& receipt)
{
    static constexpr std::array<Command, 9> commands{{
        {"SEND"sv, &Session::send},
        {"ACK"sv, &Session::acknowledge},
        {"NACK"sv, &Session::reject},
        {"SUBSCRIBE"sv, &Session::subscribe},
        {"UNSUBSCRIBE"sv, &Session::unsubscribe},
        {"BEGIN"sv, &Session::begin},
        {"COMMIT"sv, &Session::commit},
        {"ABORT"sv, &Session::abort},
        {"DISCONNECT"sv, &Session::disconnect},
    }};
    auto const name = frame.command();
    auto const* const command = std::ranges::find(commands, name, &Command::name);
    if (name == "CONNECT" || name == "STOMP")
        throw Refusal("Already connected", "There was a CONNECT frame before.");
    if (command == commands.end() || (name == "NACK" && version_ == StompVersion::v1_0))
        throw Refusal("Unknown command", "STOMP " + std::string(to_string(version_)) + " has no client frame " +
                                             std::string(name.substr(0, 100)) + ".");
    bool const is_ignored = core_.config().ignore_unexpected_bodies ||
                            (name == "SUBSCRIBE" && version_ == StompVersion::v1_0); // STOMP 1.0, "SUBSCRIBE"
    if (name != "SEND" && !frame.body().empty() && !is_ignored)
        throw Refusal("Unexpected body", "A " + std::string(name) + " frame must not have a body.");

    (this->*command->carry_out)(frame);
    if (over_ && command->name != "DISCONNECT") // the frame overflowed a topic to which this very session listens
        return;
    if (receipt)
        output_.confirm(command->name, *receipt);
    if (over_)
        output_.close();
}

void Session::refuse(Frame const& frame, Refusal const& refusal, bool with_receipt_id)
{
    refuse(with_receipt_id ? frame.header("receipt") : std::nullopt, refusal);
}

void Session::refuse(std::optional<std::string_view> receipt, Refusal const& refusal)
{
    if (!over_)
        error(receipt, refusal, !connected_ || core_.config().close_after_error);
}

void Session::malformed(std::string_view reason)
{
    if (!over_)
        error(std::nullopt,
              Refusal("Malformed frame", "The bytes received are no STOMP frame: " + std::string(reason) + "."), true);
}

void Session::fail_slow()
{
    if (!over_)
        error(std::nullopt,
              Refusal("Slow consumer", "More than " + std::to_string(core_.config().topic_backlog) +
                                           " bytes of messages are waiting for a subscription of this connection."),
              true);
}

void Session::error(std::optional<std::string_view> receipt, Refusal const& refusal, bool fatal)
{
    Frame frame("ERROR");
    frame.add_header("message", refusal.message);
    // A line feed may have come in an escape before it was known that this is, after all, STOMP 1.0.
    bool const can_be_said =
        version_ != StompVersion::v1_0 || !receipt || (!receipt->empty() && receipt->find('\n') == receipt->npos);
    if (receipt && can_be_said)
        frame.add_header("receipt-id", *receipt);
    frame.add_header("content-type", "text/plain");
    frame.set_body(refusal.detail);
    output_.send(frame);
    if (fatal)
        close();
}

void Session::close()
{
    lost();
    output_.close();
}

std::string_view Session::require(Frame const& frame, std::string_view header) const
{
    if (auto const value = frame.header(header))
        return *value;
    throw Refusal("Missing header", "A " + std::string(frame.command()) + " frame needs the header " +
                                        std::string(header) + " in STOMP " + std::string(to_string(version_)) + ".");
}

void Session::reset_deadlines(TimePoint now) noexcept
{
    heard(now);
    connect_due_ = detail::deadline_after(now, core_.config().connect_timeout);
}

void Session::tick(TimePoint now)
{
    if (over_)
        return;
    if (!connected_) {
        if (now >= connect_due_)
            close();
    } else if (now >= heart_beats_.receive_due()) {
        close();
    } else if (now >= heart_beats_.send_due()) {
        output_.heart_beat();
        heart_beats_.sent(now);
    }
}

Session::TimePoint Session::deadline() const noexcept
{
    if (over_)
        return TimePoint::max();
    return connected_ ? std::min(heart_beats_.send_due(), heart_beats_.receive_due()) : connect_due_;
}

void Session::drained()
{
    for (auto const& [number, subscription] : subscriptions_)
        subscription->queue()->pump();
    for (auto const& [name, temporary] : temporary_queues_)
        temporary.queue->pump();
}

void Session::lost() noexcept
{
    if (over_)
        return;
    over_ = true;
    if (connected_)
        core_.count_session(false);
    connected_ = false;
    transactions_.clear();
    for (auto const& [name, temporary] : temporary_queues_) {
        core_.remove_reply_queue(temporary.reply_name);
        if (temporary.implicit)
            core_.count_subscription(false);
    }
    // All leave before any message is handed out again: none may come back to this session.
    for (auto const& [number, subscription] : subscriptions_) {
        core_.leave_topic(*subscription);
        core_.count_subscription(false);
        subscription->leave();
    }
    for (auto const& [number, subscription] : subscriptions_)
        subscription->queue()->pump();
    subscriptions_.clear();
    names_.clear();
    temporary_queues_.clear();
}

} // namespace arbalest::broker
