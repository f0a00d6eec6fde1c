#pragma once

#include <arbalest/export.hpp>
#include <arbalest/session/message.hpp>
#include <arbalest/session/outgoing_message.hpp>
#include <arbalest/session/receipt.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace arbalest {

namespace detail {
class TransactionState;
} // namespace detail

/// A transaction (STOMP 1.2, "BEGIN"): what is sent and acknowledged in it takes effect with commit(), or never.
/// Movable, not copyable. Destroying one that is neither committed nor aborted aborts it, without waiting; a commit()
/// that is under way goes on. Messages that were acknowledged in a transaction can be acknowledged again when it is
/// aborted.
///
/// Inside a transaction nothing waits for its receipt, because RabbitMQ confirms only after COMMIT: commit() awaits
/// all.
class ARBALEST_DECL Transaction
{
public:
    /// Belongs to no session; every operation on it fails with SessionClosed.
    Transaction() noexcept = default;
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&& other) noexcept;
    ~Transaction();

    /// The `transaction` header.
    std::string const& id() const noexcept;

    /// Sends a message in the transaction. Suspends for room in the write buffer only; cancellation of every type
    /// withdraws the message. A `transaction` header of the message's own wins.
    /// @throws SessionClosed when the transaction is over, also when that comes while it waits for room; what ended the
    /// session.
    boost::asio::awaitable<void> send(OutgoingMessage message);
    boost::asio::awaitable<void> send(std::string_view destination, std::string_view body);

    /// Acknowledges a message in the transaction, or refuses it. Suspends for room in the write buffer only;
    /// cancellation of every type withdraws the frame. Returns false, and throws, as StompSession::ack() does;
    /// SessionClosed also when the transaction is over.
    boost::asio::awaitable<bool> ack(Message const& message);
    boost::asio::awaitable<bool> nack(Message const& message);

    /// Sends COMMIT (STOMP 1.2, "COMMIT"). If anything that was sent in the transaction asked for a receipt, or
    /// `auto_receipt` is on, COMMIT asks for one as well, and this suspends until the broker has confirmed COMMIT and
    /// what was sent, in this order; their time limits start when COMMIT is encoded.
    /// @throws the first failure in that order, without waiting for the rest; SessionClosed when the transaction is
    /// over already, or another commit() or abort() was called before; what ended the session.
    ///
    /// Cancellation: every type, while it waits for room, withdraws COMMIT, and the transaction stays open. While it
    /// waits for receipts, `partial` and `terminal` end the wait, and the broker may still commit; `total` is ignored.
    boost::asio::awaitable<void> commit();

    /// Sends ABORT (STOMP 1.2, "ABORT"). Receipts of what was sent in the transaction are no longer awaited.
    /// @throws as commit(). Cancellation: as for commit().
    boost::asio::awaitable<void> abort();

private:
    friend class detail::SessionImpl;
    explicit Transaction(std::shared_ptr<detail::TransactionState> state) noexcept;

    std::shared_ptr<detail::TransactionState> state_;
};

} // namespace arbalest
