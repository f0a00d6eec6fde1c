#pragma once

#include "../engine/unacked_messages.hpp"
#include "transmit_options.hpp"
#include <arbalest/session/message.hpp>
#include <arbalest/session/outgoing_message.hpp>
#include <arbalest/session/receipt.hpp>
#include <arbalest/session/transaction.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace arbalest::detail {

class SessionImpl;
class SubscriptionState;

/// A transaction as the session sees it. Its operations are static coroutines that own it.
class TransactionState
{
public:
    TransactionState(std::shared_ptr<SessionImpl> impl, std::string id) : impl(std::move(impl)), id(std::move(id)) {}

    static boost::asio::awaitable<Transaction> begin(std::shared_ptr<SessionImpl> impl, FrameOptions options);
    static boost::asio::awaitable<void> send(std::shared_ptr<TransactionState> state, OutgoingMessage message);
    static boost::asio::awaitable<bool> acknowledge(std::shared_ptr<TransactionState> state,
                                                    std::shared_ptr<SubscriptionState> subscription,
                                                    std::uint64_t connection, std::uint64_t sequence,
                                                    std::optional<Frame> frame);
    static boost::asio::awaitable<void> commit(std::shared_ptr<TransactionState> state);
    static boost::asio::awaitable<void> abort(std::shared_ptr<TransactionState> state);

    /// The handle is gone: aborts unless it is over, or about to be. On the session's executor.
    void abandon();

    /// COMMIT or ABORT was encoded.
    bool is_over() const noexcept { return over_; }
    /// The connection is gone, and the broker has aborted the transaction.
    bool is_lost() const noexcept;
    /// An acknowledgement of this message was encoded, in this transaction.
    void settle(SubscriptionState& subscription, UnackedMessages::Sequence sequence);
    /// COMMIT or ABORT is encoded.
    void end(bool committed);

    std::shared_ptr<SessionImpl> const impl;
    std::string const id;

private:
    class Ending;
    void check_open() const;
    static boost::asio::awaitable<void> await_confirmations(std::shared_ptr<TransactionState> state);
    static boost::asio::awaitable<bool> send_frame(std::shared_ptr<TransactionState> state, Frame frame,
                                                   TransmitOptions how);

    // What was acknowledged in it: it is not if the transaction is aborted.
    struct Settled
    {
        std::shared_ptr<SubscriptionState> subscription;
        std::vector<UnackedMessages::Run> runs;
    };

    bool begun_ = false; // BEGIN was encoded
    bool over_ = false;
    bool abandoned_ = false;       // the handle is gone
    unsigned ending_ = 0;          // commit() and abort() that are under way
    std::uint64_t connection_ = 0; // on which BEGIN was encoded
    std::vector<PendingReceipt> pending_;
    std::vector<Settled> settled_;
};

/// The open transactions of a session, by their ids.
class OpenTransactions
{
public:
    /// An id that none has.
    std::string next_id();
    /// Returns false when that id is taken.
    bool add(std::shared_ptr<TransactionState> const& state);
    void remove(TransactionState const& state);

private:
    bool is_taken(std::string const& id) const;

    // Those that were dropped elsewhere may be gone before they are removed.
    std::map<std::string, std::weak_ptr<TransactionState>> states_;
    std::uint64_t last_ = 0;
};

} // namespace arbalest::detail
