#include "../protocol/client_frames.hpp"
#include "core.hpp"
#include "opening.hpp"
#include "operation.hpp"
#include "transaction_state.hpp"
#include <arbalest/session/stomp_session.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <utility>

namespace arbalest {

namespace asio = boost::asio;
using detail::Core;

StompSession::StompSession(std::shared_ptr<detail::Lease> lease) noexcept : lease_(std::move(lease)) {}

std::shared_ptr<Core> StompSession::core() const
{
    return lease_ ? lease_->core : nullptr;
}

asio::awaitable<StompSession> StompSession::over(std::unique_ptr<Transport> transport, StompConfig config)
{
    return detail::open_over(std::move(transport), std::make_shared<StompConfig const>(std::move(config)));
}

asio::awaitable<std::optional<Receipt>> StompSession::send(OutgoingMessage message) const
{
    auto const how = detail::transmit_options(message);
    return Core::transmit(core(), std::move(message).frame(), how);
}

asio::awaitable<std::optional<Receipt>> StompSession::send(std::string_view destination, std::string_view body) const
{
    return send(OutgoingMessage(destination, body));
}

asio::awaitable<PendingReceipt> StompSession::submit(OutgoingMessage message) const
{
    auto how = detail::transmit_options(message);
    how.with_receipt = true;
    return Core::submit(core(), std::move(message).frame(), how);
}

asio::awaitable<PendingReceipt> StompSession::submit(std::string_view destination, std::string_view body) const
{
    return submit(OutgoingMessage(destination, body));
}

asio::awaitable<Subscription> StompSession::subscribe(std::string_view destination, SubscribeOptions options) const
{
    return Core::subscribe(core(), std::string(destination), std::move(options));
}

asio::awaitable<Subscription> StompSession::subscribe(std::string_view destination) const
{
    return Core::subscribe(core(), std::string(destination), SubscribeOptions());
}

asio::awaitable<bool> StompSession::ack(Message const& message) const
{
    return Core::acknowledge(core(), Core::subscription_of(message), Core::connection_of(message),
                             Core::sequence_of(message), Core::acknowledgement("ACK", message, version()),
                             detail::TransmitOptions());
}

asio::awaitable<bool> StompSession::ack(Message const& message, FrameOptions options) const
{
    return Core::acknowledge_with(core(), Core::subscription_of(message), Core::connection_of(message),
                                  Core::sequence_of(message), Core::acknowledgement("ACK", message, version()),
                                  std::move(options));
}

asio::awaitable<bool> StompSession::nack(Message const& message) const
{
    return Core::acknowledge(core(), Core::subscription_of(message), Core::connection_of(message),
                             Core::sequence_of(message), Core::acknowledgement("NACK", message, version()),
                             detail::TransmitOptions());
}

asio::awaitable<bool> StompSession::nack(Message const& message, FrameOptions options) const
{
    return Core::acknowledge_with(core(), Core::subscription_of(message), Core::connection_of(message),
                                  Core::sequence_of(message), Core::acknowledgement("NACK", message, version()),
                                  std::move(options));
}

asio::awaitable<Transaction> StompSession::begin() const
{
    return begin(FrameOptions());
}

asio::awaitable<Transaction> StompSession::begin(FrameOptions options) const
{
    return detail::TransactionState::begin(core(), std::move(options));
}

asio::awaitable<void> StompSession::flush() const
{
    return detail::without_value(Core::flush(core()));
}

asio::awaitable<std::optional<Receipt>> StompSession::send_raw(Frame frame) const
{
    detail::TransmitOptions how;
    how.raw = true;
    return Core::transmit(core(), std::move(frame), how);
}

asio::awaitable<void> StompSession::disconnect() const
{
    return detail::without_value(Core::disconnect(core(), lease_));
}

void StompSession::start_disconnect() const
{
    if (!lease_)
        return;
    // The lease is kept until the end, so that letting go of the handle does not cut it short.
    lease_->core->run_there([lease = lease_](Core& core) {
        asio::co_spawn(core.executor(), Core::disconnect(lease->core, lease), asio::detached);
    });
}

ConnectionEvents StompSession::connection_events() const
{
    if (!lease_)
        throw SessionClosed("the handle belongs to no session");
    return Core::connection_events(lease_->core);
}

asio::awaitable<Failure> StompSession::closed() const
{
    return Core::closed(core());
}

StompVersion StompSession::version() const noexcept
{
    return lease_ ? lease_->core->version() : StompVersion::v1_2;
}

std::string StompSession::server() const
{
    return lease_ ? lease_->core->info().server() : std::string();
}

HeartBeat StompSession::negotiated_heart_beat() const noexcept
{
    return lease_ ? lease_->core->info().heart_beat() : HeartBeat();
}

SessionStats StompSession::stats() const noexcept
{
    return lease_ ? lease_->core->info().stats() : SessionStats();
}

bool StompSession::is_open() const noexcept
{
    return lease_ && lease_->core->is_open();
}

bool StompSession::is_connected() const noexcept
{
    return lease_ && lease_->core->info().is_connected();
}

asio::any_io_executor StompSession::get_executor() const
{
    if (!lease_)
        throw SessionClosed("the handle belongs to no session");
    return lease_->core->home()->copy();
}

void StompSession::add_observer(std::shared_ptr<Observer> observer) const
{
    if (lease_)
        lease_->core->run_for_hooks([observer](Core& core) { core.hooks().add_observer(observer); });
}

void StompSession::remove_observer(std::shared_ptr<Observer> observer) const
{
    if (lease_)
        lease_->core->run_for_hooks([observer](Core& core) { core.hooks().remove_observer(observer); });
}

void StompSession::add_interceptor(std::shared_ptr<Interceptor> interceptor) const
{
    if (lease_)
        lease_->core->run_for_hooks([interceptor](Core& core) { core.hooks().add_interceptor(interceptor); });
}

void StompSession::remove_interceptor(std::shared_ptr<Interceptor> interceptor) const
{
    if (lease_)
        lease_->core->run_for_hooks([interceptor](Core& core) { core.hooks().remove_interceptor(interceptor); });
}

} // namespace arbalest
