#include "../protocol/client_frames.hpp"
#include "opening.hpp"
#include "operation.hpp"
#include "session_impl.hpp"
#include "transaction_state.hpp"
#include <arbalest/session/stomp_session.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <utility>

namespace arbalest {

namespace asio = boost::asio;
using detail::SessionImpl;

StompSession::StompSession(std::shared_ptr<detail::SessionOwner> owner) noexcept : owner_(std::move(owner)) {}

std::shared_ptr<SessionImpl> StompSession::impl() const
{
    return owner_ ? owner_->impl : nullptr;
}

asio::awaitable<StompSession> StompSession::over(std::unique_ptr<Transport> transport, StompConfig config)
{
    return detail::open_over(std::move(transport), std::make_shared<StompConfig const>(std::move(config)));
}

asio::awaitable<std::optional<Receipt>> StompSession::send(OutgoingMessage message) const
{
    auto const how = detail::transmit_options(message);
    return SessionImpl::transmit(impl(), std::move(message).frame(), how);
}

asio::awaitable<std::optional<Receipt>> StompSession::send(std::string_view destination, std::string_view body) const
{
    return send(OutgoingMessage(destination, body));
}

asio::awaitable<PendingReceipt> StompSession::submit(OutgoingMessage message) const
{
    auto how = detail::transmit_options(message);
    how.with_receipt = true;
    return SessionImpl::submit(impl(), std::move(message).frame(), how);
}

asio::awaitable<PendingReceipt> StompSession::submit(std::string_view destination, std::string_view body) const
{
    return submit(OutgoingMessage(destination, body));
}

asio::awaitable<Subscription> StompSession::subscribe(std::string_view destination, SubscribeOptions options) const
{
    return SessionImpl::subscribe(impl(), std::string(destination), std::move(options));
}

asio::awaitable<Subscription> StompSession::subscribe(std::string_view destination) const
{
    return SessionImpl::subscribe(impl(), std::string(destination), SubscribeOptions());
}

asio::awaitable<bool> StompSession::ack(Message const& message) const
{
    return SessionImpl::acknowledge(impl(), SessionImpl::subscription_of(message), SessionImpl::connection_of(message),
                                    SessionImpl::sequence_of(message),
                                    SessionImpl::acknowledgement("ACK", message, version()), detail::TransmitOptions());
}

asio::awaitable<bool> StompSession::ack(Message const& message, FrameOptions options) const
{
    return SessionImpl::acknowledge_with(impl(), SessionImpl::subscription_of(message),
                                         SessionImpl::connection_of(message), SessionImpl::sequence_of(message),
                                         SessionImpl::acknowledgement("ACK", message, version()), std::move(options));
}

asio::awaitable<bool> StompSession::nack(Message const& message) const
{
    return SessionImpl::acknowledge(impl(), SessionImpl::subscription_of(message), SessionImpl::connection_of(message),
                                    SessionImpl::sequence_of(message),
                                    SessionImpl::acknowledgement("NACK", message, version()),
                                    detail::TransmitOptions());
}

asio::awaitable<bool> StompSession::nack(Message const& message, FrameOptions options) const
{
    return SessionImpl::acknowledge_with(impl(), SessionImpl::subscription_of(message),
                                         SessionImpl::connection_of(message), SessionImpl::sequence_of(message),
                                         SessionImpl::acknowledgement("NACK", message, version()), std::move(options));
}

asio::awaitable<Transaction> StompSession::begin() const
{
    return begin(FrameOptions());
}

asio::awaitable<Transaction> StompSession::begin(FrameOptions options) const
{
    return detail::TransactionState::begin(impl(), std::move(options));
}

asio::awaitable<void> StompSession::flush() const
{
    return detail::without_value(SessionImpl::flush(impl()));
}

asio::awaitable<std::optional<Receipt>> StompSession::send_raw(Frame frame) const
{
    detail::TransmitOptions how;
    how.raw = true;
    return SessionImpl::transmit(impl(), std::move(frame), how);
}

asio::awaitable<void> StompSession::disconnect() const
{
    return detail::without_value(SessionImpl::disconnect(impl(), owner_));
}

void StompSession::start_disconnect() const
{
    if (!owner_)
        return;
    // The owner is kept until the end, so that letting go of the handle does not cut it short.
    owner_->impl->run_there([owner = owner_](SessionImpl& impl) {
        asio::co_spawn(impl.executor(), SessionImpl::disconnect(owner->impl, owner), asio::detached);
    });
}

ConnectionEvents StompSession::connection_events() const
{
    if (!owner_)
        throw SessionClosed("the handle belongs to no session");
    return SessionImpl::connection_events(owner_->impl);
}

asio::awaitable<Failure> StompSession::closed() const
{
    return SessionImpl::closed(impl());
}

StompVersion StompSession::version() const noexcept
{
    return owner_ ? owner_->impl->version() : StompVersion::v1_2;
}

std::string StompSession::server() const
{
    return owner_ ? owner_->impl->info().server() : std::string();
}

HeartBeat StompSession::negotiated_heart_beat() const noexcept
{
    return owner_ ? owner_->impl->info().heart_beat() : HeartBeat();
}

SessionStats StompSession::stats() const noexcept
{
    return owner_ ? owner_->impl->info().stats() : SessionStats();
}

bool StompSession::is_open() const noexcept
{
    return owner_ && owner_->impl->is_open();
}

bool StompSession::is_connected() const noexcept
{
    return owner_ && owner_->impl->info().is_connected();
}

asio::any_io_executor StompSession::get_executor() const
{
    if (!owner_)
        throw SessionClosed("the handle belongs to no session");
    return owner_->impl->home()->copy();
}

void StompSession::add_observer(std::shared_ptr<Observer> observer) const
{
    if (owner_)
        owner_->impl->run_for_hooks([observer](SessionImpl& impl) { impl.hooks().add_observer(observer); });
}

void StompSession::remove_observer(std::shared_ptr<Observer> observer) const
{
    if (owner_)
        owner_->impl->run_for_hooks([observer](SessionImpl& impl) { impl.hooks().remove_observer(observer); });
}

void StompSession::add_interceptor(std::shared_ptr<Interceptor> interceptor) const
{
    if (owner_)
        owner_->impl->run_for_hooks([interceptor](SessionImpl& impl) { impl.hooks().add_interceptor(interceptor); });
}

void StompSession::remove_interceptor(std::shared_ptr<Interceptor> interceptor) const
{
    if (owner_)
        owner_->impl->run_for_hooks([interceptor](SessionImpl& impl) { impl.hooks().remove_interceptor(interceptor); });
}

} // namespace arbalest
