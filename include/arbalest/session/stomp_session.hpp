#pragma once

#include <arbalest/export.hpp>
#include <arbalest/session/connection_events.hpp>
#include <arbalest/session/failure.hpp>
#include <arbalest/session/message.hpp>
#include <arbalest/session/outgoing_message.hpp>
#include <arbalest/session/receipt.hpp>
#include <arbalest/session/stomp_config.hpp>
#include <arbalest/session/subscription.hpp>
#include <arbalest/session/transaction.hpp>
#include <arbalest/transport/stream_transport.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace arbalest {

namespace detail {
class SessionOwner;
} // namespace detail

/// Figures of a session since it was opened.
class SessionStats
{
public:
    SessionStats() = default;

    std::uint64_t frames_sent = 0;       ///< Put into the write buffer; without heart-beats.
    std::uint64_t frames_received = 0;   ///< Without heart-beats.
    std::uint64_t messages_received = 0; ///< The MESSAGEs for a subscription among them.
    std::uint64_t bytes_sent = 0;        ///< Accepted by the transport, heart-beats included.
    std::uint64_t bytes_received = 0;    ///< Heart-beats included.
    std::uint64_t connections = 0;       ///< How often CONNECTED came; more than once only with StompConfig::reconnect.
};

/// An open STOMP session: a cheap copyable handle. When the last copy is gone, the connection is closed at once and
/// what still waits fails with SessionClosed; use disconnect() to end it in order.
///
/// Every operation may be awaited on any executor and completes on the caller's. It completes at once where nothing has
/// to be waited for, but for one in 64, which lets others run.
///
/// Every operation that waits can be cancelled, on whatever executor, and the session stays usable. With
/// cancellation_type::total nothing has happened: it withdraws a frame that is not encoded yet, and is ignored once the
/// frame is encoded. With `partial` and `terminal`, which mean the same, the frame may have been encoded; then it goes
/// out, and what becomes of it remains unknown. Each operation says below what else they mean. (A coroutine takes only
/// `terminal` unless it calls this_coro::reset_cancellation_state.)
///
/// With StompConfig::reconnect the session outlives its connections; what a loss means for an operation is said in
/// ReconnectPolicy. Operations then wait for the next connection where they can, and fail with ConnectionLost where
/// they belong to the old one.
///
/// The operations share these failures: what ended the session (ConnectionLost, MissingHeartBeat, ErrorFrameReceived,
/// MalformedFrame, SessionClosed); InvalidFrame for a frame that cannot be encoded; and where a receipt is awaited,
/// LostReceipt, or ErrorFrameReceived when an ERROR names the frame. `outcome()` tells whether it was sent.
class ARBALEST_DECL StompSession
{
public:
    /// No session; every operation on it fails with SessionClosed.
    StompSession() noexcept = default;

    /// Speaks STOMP over a stream that is connected already: sends CONNECT, waits for CONNECTED (within
    /// `config.connect_timeout`). The session lives on the transport's executor; completes on the caller's.
    /// @param transport not null; the session owns it from here on.
    /// @throws InvalidConfig when a setting has a value that it cannot have; InvalidFrame when one cannot be put into
    /// CONNECT; ConnectError. Then the transport is closed, and also by cancellation, of which all types mean the same.
    static boost::asio::awaitable<StompSession> over(std::unique_ptr<Transport> transport, StompConfig config);

    /// The same over an Asio stream, for instance a connected TCP or Unix domain socket; with
    /// <arbalest/transport/over_tls.hpp> an `asio::ssl::stream`, with <arbalest/transport/over_websocket.hpp> a
    /// `beast::websocket::stream`, to which `config.websocket` applies.
    template <class Stream>
    requires(!std::is_convertible_v<Stream&&, std::unique_ptr<Transport>>) static boost::asio::awaitable<
        StompSession> over(Stream stream, StompConfig config)
    {
        auto transport = TransportFor<Stream>::make(std::move(stream), config.websocket);
        return over(std::move(transport), std::move(config));
    }

    /// Sends a message (STOMP 1.2, "SEND"). Suspends until there is room in the write buffer and, where a receipt is
    /// asked for (by `auto_receipt`, with_receipt() or receipt(id)), until the broker has confirmed it.
    ///
    /// Cancellation: every type, while it waits for room, withdraws the message. While it waits for the receipt (or for
    /// the write, where `write_buffer.limit` is 0), `partial` and `terminal` end the wait, and the broker may still
    /// accept the message; `total` is ignored.
    /// @returns the receipt; nullopt where none was asked for.
    boost::asio::awaitable<std::optional<Receipt>> send(OutgoingMessage message) const;
    boost::asio::awaitable<std::optional<Receipt>> send(std::string_view destination, std::string_view body) const;

    /// Puts a message into the write buffer and leaves its confirmation for later: always asks for a receipt. Suspends
    /// until there is room in the write buffer. Cancellation of every type withdraws the message.
    /// @returns what to await the confirmation with. Its time limit counts from this call.
    boost::asio::awaitable<PendingReceipt> submit(OutgoingMessage message) const;
    boost::asio::awaitable<PendingReceipt> submit(std::string_view destination, std::string_view body) const;

    /// Subscribes (STOMP 1.2, "SUBSCRIBE"). Suspends for the receipt where one is asked for; messages that come earlier
    /// are kept. A subscribe that loses its receipt unsubscribes.
    /// @throws InvalidFrame also when the destination is empty, or the id is that of another subscription.
    ///
    /// Cancellation: every type, while it waits for room, withdraws SUBSCRIBE. While it waits for the receipt,
    /// `partial` and `terminal` unsubscribe; `total` is ignored.
    boost::asio::awaitable<Subscription> subscribe(std::string_view destination, SubscribeOptions options) const;
    boost::asio::awaitable<Subscription> subscribe(std::string_view destination) const;

    /// Acknowledges a message (STOMP 1.2, "ACK"), or refuses it ("NACK", which 1.0 has not).
    /// @returns false when the message's subscription or connection is gone, so that the broker delivers it again, or
    /// when it was settled before: itself, by a cumulative acknowledgement (AckMode::client) or in a transaction that
    /// was not aborted. Nothing is sent then. With `strict_acks` it throws StaleMessage instead.
    /// The options are without `id`, `message-id`, `subscription` and `transaction` (see Transaction::ack()).
    ///
    /// Cancellation: as for send(). Where a frame was withdrawn, the message is still to be acknowledged.
    /// @throws InvalidFrame also when the message needs no acknowledgement (AckMode::automatic).
    boost::asio::awaitable<bool> ack(Message const& message) const;
    boost::asio::awaitable<bool> ack(Message const& message, FrameOptions options) const;
    boost::asio::awaitable<bool> nack(Message const& message) const;
    boost::asio::awaitable<bool> nack(Message const& message, FrameOptions options) const;

    /// Begins a transaction (STOMP 1.2, "BEGIN"). Suspends for the receipt where one is asked for; a begin that loses
    /// its receipt aborts the transaction. A `transaction` header among the options is its id.
    /// @throws InvalidFrame also when an open transaction of the session has that id.
    ///
    /// Cancellation: every type, while it waits for room, withdraws BEGIN. While it waits for the receipt, `partial`
    /// and `terminal` abort the transaction; `total` is ignored.
    boost::asio::awaitable<Transaction> begin() const;
    boost::asio::awaitable<Transaction> begin(FrameOptions options) const;

    /// Runs a function in a transaction: commits when it returns, aborts and rethrows when it throws. A failure of
    /// ABORT does not hide the first failure. Cancellation is that of what it waits for: begin(), the function's own
    /// operations, commit().
    /// @param function called with a `Transaction&`; returns an awaitable. Kept alive until it is done.
    /// @returns what the function returns.
    template <class Function>
    std::invoke_result_t<Function&, Transaction&> with_transaction(Function function) const;

    /// Suspends until everything that was put into the write buffer before is written to the connection. That the
    /// broker has read it is told by a receipt only. Cancellation of every type ends the wait, and takes nothing back.
    boost::asio::awaitable<void> flush() const;

    /// Sends any frame as it is. Waits for a receipt if the frame has a `receipt` header, and only then. The session
    /// does not take note of what the frame means: the messages of a raw SUBSCRIBE go to `on_unhandled`. Cancellation:
    /// as for send().
    boost::asio::awaitable<std::optional<Receipt>> send_raw(Frame frame) const;

    /// Ends the session in order: no more operations are accepted, what was queued is written, outstanding receipts are
    /// awaited, then DISCONNECT is sent and its RECEIPT awaited (STOMP 1.2, "DISCONNECT"), all within
    /// `disconnect_timeout`. Then the connection is closed. Returns when that has happened, also if the session has
    /// ended already, for whatever cause. Cancellation: `partial` and `terminal` close the connection at once; `total`
    /// is ignored.
    boost::asio::awaitable<void> disconnect() const;

    /// Begins what disconnect() does, and returns. From any thread.
    void start_disconnect() const;

    /// The steps in the life of the connection, beginning with the current one. From any thread; any number of
    /// channels. @throws SessionClosed for an empty handle.
    ConnectionEvents connection_events() const;

    /// Waits for the end of the session and returns its cause; its code is errc::session_closed when it ended in order.
    /// Any number may wait. @throws SessionClosed for an empty handle. Cancellation of every type ends the wait only.
    boost::asio::awaitable<Failure> closed() const;

    /// The negotiated version; 1.2 for an empty handle. This and the following from any thread.
    StompVersion version() const noexcept;
    /// The `server` header of CONNECTED; empty when absent.
    std::string server() const;
    /// The periods that hold on our side (STOMP 1.2, "Heart-beating"); zero where there is none.
    HeartBeat negotiated_heart_beat() const noexcept;
    /// The figures up to now.
    SessionStats stats() const noexcept;
    /// Whether operations are accepted: also while the session is looking for another connection.
    bool is_open() const noexcept;
    /// Whether there is a connection, on which CONNECTED came.
    bool is_connected() const noexcept;
    /// The executor on which the session lives. Throws SessionClosed for an empty handle, or when the io_context is
    /// gone. What is returned must not outlive the io_context.
    boost::asio::any_io_executor get_executor() const;
    /// Whether the handle belongs to a session, be that open or not.
    bool valid() const noexcept { return owner_ != nullptr; }

    /// Adds and removes further hooks behind those of the configuration. From any thread; takes effect on the session's
    /// executor, for the frames from then on.
    void add_observer(std::shared_ptr<Observer> observer) const;
    void remove_observer(std::shared_ptr<Observer> observer) const;
    void add_interceptor(std::shared_ptr<Interceptor> interceptor) const;
    void remove_interceptor(std::shared_ptr<Interceptor> interceptor) const;

private:
    friend class detail::SessionImpl;
    explicit StompSession(std::shared_ptr<detail::SessionOwner> owner) noexcept;
    std::shared_ptr<detail::SessionImpl> impl() const;

    std::shared_ptr<detail::SessionOwner> owner_;
};

} // namespace arbalest

#include <arbalest/session/impl/with_transaction.hpp>
