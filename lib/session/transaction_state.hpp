#pragma once

#include <arbalest/session/message.hpp>
#include <arbalest/session/outgoing_message.hpp>
#include <arbalest/session/receipt.hpp>
#include <arbalest/session/transaction.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace arbalest::detail {

class Core;
class SubscriptionState;
class TransmitOptions;

/// A transaction as the session sees it. Its operations are static coroutines that own it.
class TransactionState
{
public:
    TransactionState(std::shared_ptr<Core> core, std::uint64_t number)
        : core(std::move(core)), number(number), id(make_id(number))
    {
    }

    static std::string make_id(std::uint64_t number) { return "tx-" + std::to_string(number); }

    static boost::asio::awaitable<Transaction> begin(std::shared_ptr<Core> core, FrameOptions options);
    static boost::asio::awaitable<void> send(std::shared_ptr<TransactionState> state, OutgoingMessage message);
    static boost::asio::awaitable<bool> acknowledge(std::shared_ptr<TransactionState> state,
                                                    std::shared_ptr<SubscriptionState> subscription,
                                                    std::uint64_t connection, std::uint64_t sequence,
                                                    std::optional<Frame> frame);
    static boost::asio::awaitable<void> commit(std::shared_ptr<TransactionState> state);
    static boost::asio::awaitable<void> abort(std::shared_ptr<TransactionState> state);

    /// The handle is gone: aborts unless it is over. On the session's executor.
    void abandon();

    std::shared_ptr<Core> const core;
    std::uint64_t const number;
    std::string const id;

private:
    class EndGuard;
    void check_open() const;
    /// The connection is gone, and the broker has aborted the transaction.
    bool is_lost() const noexcept;
    void tell_subscriptions(bool committed);
    static boost::asio::awaitable<void> await_confirmations(std::shared_ptr<TransactionState> state);
    static boost::asio::awaitable<bool> send_frame(std::shared_ptr<TransactionState> state, Frame frame,
                                                   TransmitOptions how);

    bool begun_ = false;           // BEGIN was encoded
    bool over_ = false;            // COMMIT or ABORT was
    std::uint64_t connection_ = 0; // on which BEGIN was encoded
    std::vector<PendingReceipt> pending_;
    // Whose messages were acknowledged in it: they are not if it is aborted.
    std::vector<std::weak_ptr<SubscriptionState>> subscriptions_;
};

} // namespace arbalest::detail
