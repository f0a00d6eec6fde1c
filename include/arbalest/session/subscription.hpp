#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/ack_mode.hpp>
#include <arbalest/session/message.hpp>
#include <arbalest/session/receipt.hpp>
#include <arbalest/session/stomp_config.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace arbalest {

/// How to subscribe. `ack` and the subscription's headers are set by chained setters. An `id` or `ack` given by
/// header() means the same as given by its setter. With client acknowledgement the broker is told the size of the
/// buffer, in its own way where it is known: by `prefetch-count` (RabbitMQ), `activemq.prefetchSize` (ActiveMQ),
/// `consumer-window-size` (Artemis; bytes) or `credit` (Apollo). A header of the user's own wins.
class SubscribeOptions : public FrameOptions
{
public:
    SubscribeOptions() = default;
    /// @param mode as ack(mode).
    SubscribeOptions(AckMode mode) noexcept : ack_(mode) {}

    /// How messages are acknowledged (STOMP 1.2, "SUBSCRIBE ack Header"). Default AckMode::automatic. STOMP 1.0 has no
    /// AckMode::client_individual: subscribing with it fails with InvalidFrame there, and a subscription that is made
    /// again on a 1.0 connection ends with that.
    SubscribeOptions& ack(AckMode mode) &
    {
        ack_ = mode;
        return *this;
    }
    SubscribeOptions&& ack(AckMode mode) && { return std::move(ack(mode)); }

    /// The subscription's `id` header, which no other open subscription of the session may have. Default: a generated
    /// one.
    SubscribeOptions& id(std::string id) &
    {
        id_ = std::move(id);
        return *this;
    }
    SubscribeOptions&& id(std::string text) && { return std::move(id(std::move(text))); }

    SubscribeOptions& with_receipt() &
    {
        FrameOptions::with_receipt();
        return *this;
    }
    SubscribeOptions&& with_receipt() && { return std::move(with_receipt()); }
    SubscribeOptions& receipt(std::string id) &
    {
        FrameOptions::receipt(std::move(id));
        return *this;
    }
    SubscribeOptions&& receipt(std::string id) && { return std::move(receipt(std::move(id))); }
    SubscribeOptions& receipt_timeout(std::chrono::milliseconds limit) &
    {
        FrameOptions::receipt_timeout(limit);
        return *this;
    }
    SubscribeOptions&& receipt_timeout(std::chrono::milliseconds limit) && { return std::move(receipt_timeout(limit)); }
    SubscribeOptions& header(std::string name, std::string value) &
    {
        FrameOptions::header(std::move(name), std::move(value));
        return *this;
    }
    SubscribeOptions&& header(std::string name, std::string value) &&
    {
        return std::move(header(std::move(name), std::move(value)));
    }

    /// The buffer between the connection and the consumer; subscribe() throws InvalidConfig for limits that it cannot
    /// have. Default: `StompConfig::subscription_buffer`.
    SubscribeOptions& buffer(SubscriptionBuffer limits) &
    {
        buffer_ = limits;
        return *this;
    }
    SubscribeOptions&& buffer(SubscriptionBuffer limits) && { return std::move(buffer(limits)); }

    using FrameOptions::receipt_timeout;
    std::optional<SubscriptionBuffer> const& buffer() const noexcept { return buffer_; }
    AckMode ack() const noexcept { return ack_; }          ///< As set.
    std::string const& id() const noexcept { return id_; } ///< As set.

private:
    AckMode ack_ = AckMode::automatic;
    std::string id_;
    std::optional<SubscriptionBuffer> buffer_;
};

/// Says that a durable subscription shall be deleted at the broker, not only left.
struct DeleteDurable
{
    explicit DeleteDurable() = default;
};
inline constexpr DeleteDurable delete_durable{}; ///< For Subscription::unsubscribe().

/// The messages of one subscription, as an async channel. Movable, not copyable. Destroying it unsubscribes, without
/// waiting for anything; a durable subscription is then kept by the broker.
///
/// One operation may wait at a time; a second one fails with OperationInProgress. To wait for several subscriptions,
/// combine their ready() and then take with try_receive(): of `a.next() || b.next()` Asio throws the loser's message
/// away.
///
/// Every wait completes on the caller's executor: at once when a message is there (but for one in 64, which lets others
/// run), else through the scheduler.
class ARBALEST_DECL Subscription
{
public:
    /// Belongs to no session; every operation on it fails with SessionClosed.
    Subscription() noexcept = default;
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();

    /// The next message; nullopt when the subscription has ended in order (unsubscribed or disconnected) and nothing is
    /// left in its buffer.
    /// @throws what ended it otherwise, every time; ErrorFrameReceived when the broker has ended it and says so in an
    /// ERROR with a `subscription` header that does not end the session (see StompConfig::error_frames_are_fatal).
    /// Cancellation of every type ends the wait and loses no message, but see above for `||`.
    boost::asio::awaitable<std::optional<Message>> next();

    /// The next message. @throws SessionClosed when the subscription has ended in order, else as next(). Cancellation:
    /// as for next().
    boost::asio::awaitable<Message> receive();

    /// As next(), but for no longer than this. Loses no message. Cancellation: as for next().
    /// @param limit when it is zero or negative: takes what is there, else times out at once.
    /// @throws Timeout; else as next().
    boost::asio::awaitable<std::optional<Message>> next_for(std::chrono::nanoseconds limit);

    /// Waits until a message is there, and takes nothing. Returns false when the subscription has ended in order and
    /// nothing is left in its buffer. @throws as next(). Cancellation: as for next().
    boost::asio::awaitable<bool> ready();

    /// Takes a message that is there; nullopt when there is none, also when the subscription has ended: next() tells.
    /// To be called on the session's executor.
    std::optional<Message> try_receive();

    /// Ends the subscription: UNSUBSCRIBE (STOMP 1.2, "UNSUBSCRIBE"). Suspends for the receipt where one is asked for.
    /// With AckMode::automatic, messages that are buffered may still be taken; otherwise they go back to the broker,
    /// which delivers them again. Acknowledgements that wait for room in the write buffer go out before. Then next()
    /// returns nullopt. Does nothing when the subscription has ended already.
    /// Cancellation: `partial` and `terminal` end the wait for the receipt, and do not undo it; `total` is ignored.
    boost::asio::awaitable<void> unsubscribe();
    /// The same, with further headers or a receipt. @throws InvalidFrame when they give it another `id` or
    /// `destination`.
    boost::asio::awaitable<void> unsubscribe(FrameOptions options);
    /// Ends it and deletes a durable subscription at the broker, by repeating its headers on UNSUBSCRIBE, or with
    /// ActiveMQ by a second UNSUBSCRIBE that has `activemq.subscriptionName`; the receipt is the last frame's.
    /// @throws ConnectionLost while there is no connection.
    boost::asio::awaitable<void> unsubscribe(DeleteDurable);

    /// The `id` header, by which the broker knows it.
    std::string const& id() const noexcept;
    /// The `destination` header, as it was asked for.
    std::string const& destination() const noexcept;
    /// The `ack` header.
    AckMode ack_mode() const noexcept;
    /// How many messages are buffered. To be called on the session's executor.
    std::size_t buffered() const noexcept;
    /// Whether it belongs to a session, ended or not.
    bool valid() const noexcept { return state_ != nullptr; }

private:
    friend class detail::SessionImpl;
    explicit Subscription(std::shared_ptr<detail::SubscriptionState> state) noexcept;

    std::shared_ptr<detail::SubscriptionState> state_;
};

} // namespace arbalest
