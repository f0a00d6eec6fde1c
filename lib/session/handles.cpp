#include "operation.hpp"
#include "run_on.hpp"
#include "session_impl.hpp"
#include "transaction_state.hpp"
#include <arbalest/session/message.hpp>
#include <arbalest/session/receipt.hpp>
#include <arbalest/session/subscription.hpp>
#include <arbalest/session/transaction.hpp>
#include <arbalest/session/with_timeout.hpp>

#include <utility>

// The handles that users hold beside the session: they forward to its implementation, and let go of it in their
// destructors, from whichever thread.
namespace arbalest {

namespace asio = boost::asio;
using detail::SessionImpl;
using detail::SubscriptionState;
using detail::TransactionState;

namespace {

std::string const no_text;

} // namespace

// --- PendingReceipt

PendingReceipt::PendingReceipt(std::shared_ptr<SessionImpl> impl, detail::ReceiptSlot* slot) noexcept
    : impl_(std::move(impl)), slot_(slot)
{
}

void PendingReceipt::let_go() noexcept
{
    impl_->release_there([slot = slot_](SessionImpl& impl) { impl.abandon_slot(slot); });
}

asio::awaitable<Receipt> PendingReceipt::confirmed()
{
    return SessionImpl::confirmed(std::move(*this));
}

bool PendingReceipt::is_ready() const noexcept
{
    return slot_ && slot_->state != detail::ReceiptSlot::State::waiting;
}

// --- Message

asio::awaitable<bool> Message::ack() const
{
    auto impl = subscription_ ? subscription_->impl : nullptr;
    auto frame = SessionImpl::acknowledgement("ACK", *this, impl ? impl->version() : StompVersion::v1_2);
    return SessionImpl::acknowledge(std::move(impl), subscription_, connection_, sequence_, std::move(frame),
                                    detail::TransmitOptions());
}

asio::awaitable<bool> Message::nack() const
{
    auto impl = subscription_ ? subscription_->impl : nullptr;
    auto frame = SessionImpl::acknowledgement("NACK", *this, impl ? impl->version() : StompVersion::v1_2);
    return SessionImpl::acknowledge(std::move(impl), subscription_, connection_, sequence_, std::move(frame),
                                    detail::TransmitOptions());
}

// --- Subscription

Subscription::Subscription(std::shared_ptr<SubscriptionState> state) noexcept : state_(std::move(state)) {}

Subscription::Subscription(Subscription&& other) noexcept = default;

Subscription& Subscription::operator=(Subscription&& other) noexcept
{
    Subscription moved(std::move(other));
    std::swap(state_, moved.state_);
    return *this;
}

Subscription::~Subscription()
{
    if (state_)
        state_->impl->release_there([state = state_](SessionImpl& impl) { impl.end_subscription(*state, nullptr); });
}

asio::awaitable<std::optional<Message>> Subscription::next()
{
    return SubscriptionState::next(state_);
}

asio::awaitable<Message> Subscription::receive()
{
    return SubscriptionState::receive(state_);
}

asio::awaitable<std::optional<Message>> Subscription::next_for(std::chrono::nanoseconds limit)
{
    return SubscriptionState::next_for(state_, limit);
}

asio::awaitable<bool> Subscription::ready()
{
    return SubscriptionState::ready(state_);
}

std::optional<Message> Subscription::try_receive()
{
    if (!state_)
        return std::nullopt;
    return SubscriptionState::take(state_);
}

asio::awaitable<void> Subscription::unsubscribe()
{
    return unsubscribe(FrameOptions());
}

asio::awaitable<void> Subscription::unsubscribe(FrameOptions options)
{
    return detail::without_value(SessionImpl::unsubscribe(state_, std::move(options), false));
}

asio::awaitable<void> Subscription::unsubscribe(DeleteDurable)
{
    return detail::without_value(SessionImpl::unsubscribe(state_, FrameOptions(), true));
}

std::string const& Subscription::id() const noexcept
{
    return state_ ? state_->id : no_text;
}

std::string const& Subscription::destination() const noexcept
{
    return state_ ? state_->destination : no_text;
}

AckMode Subscription::ack_mode() const noexcept
{
    return state_ ? state_->ack : AckMode::automatic;
}

std::size_t Subscription::buffered() const noexcept
{
    return state_ ? state_->buffered() : 0;
}

// --- Transaction

Transaction::Transaction(std::shared_ptr<TransactionState> state) noexcept : state_(std::move(state)) {}

Transaction::Transaction(Transaction&& other) noexcept = default;

Transaction& Transaction::operator=(Transaction&& other) noexcept
{
    Transaction moved(std::move(other));
    std::swap(state_, moved.state_);
    return *this;
}

Transaction::~Transaction()
{
    if (state_)
        state_->impl->release_there([state = state_](SessionImpl&) { state->abandon(); });
}

std::string const& Transaction::id() const noexcept
{
    return state_ ? state_->id : no_text;
}

asio::awaitable<void> Transaction::send(OutgoingMessage message)
{
    return TransactionState::send(state_, std::move(message));
}

asio::awaitable<void> Transaction::send(std::string_view destination, std::string_view body)
{
    return TransactionState::send(state_, OutgoingMessage(destination, body));
}

asio::awaitable<bool> Transaction::ack(Message const& message)
{
    auto const version = state_ ? state_->impl->version() : StompVersion::v1_2;
    return TransactionState::acknowledge(state_, SessionImpl::subscription_of(message),
                                         SessionImpl::connection_of(message), SessionImpl::sequence_of(message),
                                         SessionImpl::acknowledgement("ACK", message, version));
}

asio::awaitable<bool> Transaction::nack(Message const& message)
{
    auto const version = state_ ? state_->impl->version() : StompVersion::v1_2;
    return TransactionState::acknowledge(state_, SessionImpl::subscription_of(message),
                                         SessionImpl::connection_of(message), SessionImpl::sequence_of(message),
                                         SessionImpl::acknowledgement("NACK", message, version));
}

asio::awaitable<void> Transaction::commit()
{
    return TransactionState::commit(state_);
}

asio::awaitable<void> Transaction::abort()
{
    return TransactionState::abort(state_);
}

asio::awaitable<void> detail::abort_quietly(Transaction& transaction)
{
    try {
        co_await transaction.abort();
    } catch (...) {
        // Why the transaction is aborted matters more; and the broker aborts it with the connection at the latest.
    }
}

} // namespace arbalest
