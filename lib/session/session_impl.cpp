#include "session_impl.hpp"

#include "session_extension.hpp"
#include "session_service.hpp"

#include <boost/asio/query.hpp>

#include <algorithm>
#include <utility>

// Birth, accessors and hooks of a session.
namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

Conversation::Options conversation_options(StompConfig const& config)
{
    Conversation::Options options;
    options.accept_versions = config.accept_versions;
    options.heart_beat = config.heart_beat;
    options.tolerance = config.heart_beat_tolerance;
    options.error_frames_are_fatal = config.error_frames_are_fatal;
    options.disconnect_timeout = config.disconnect_timeout;
    return options;
}

ReconnectSchedule schedule_of(StompConfig const& config)
{
    auto const& policy = config.reconnect;
    return ReconnectSchedule(policy ? policy->attempts : 0,
                             policy ? policy->stable_after : std::chrono::milliseconds(0));
}

} // namespace

bool asserts_by_default() noexcept
{
#ifdef NDEBUG
    return false;
#else
    return true;
#endif
}

SessionImpl::SessionImpl(asio::any_io_executor executor, std::shared_ptr<StompConfig const> config,
                         std::shared_ptr<BrokerList> route)
    : home_(std::move(executor)), executor_(home_.get()), config_(std::move(config)),
      service_(&asio::use_service<SessionService>(asio::query(executor_, asio::execution::context))),
      reconnection_(std::move(route), schedule_of(*config_), config_->reconnect.has_value()),
      conversation_(conversation_options(*config_)),
      outbox_(reconnection_.is_enabled() ? config_->reconnect->outbox : OutboxLimits()), timer_(executor_),
      concurrency_check_(config_->assert_no_concurrency)
{
    hooks_.add_observer(config_->observer);
    hooks_.add_interceptor(config_->interceptor);
    service_->add(*this);
}

std::shared_ptr<SessionImpl> SessionImpl::make(asio::any_io_executor executor,
                                               std::shared_ptr<StompConfig const> config,
                                               std::shared_ptr<BrokerList> route)
{
    auto const impl = std::make_shared<SessionImpl>(std::move(executor), std::move(config), std::move(route));
    if (auto const extension = std::dynamic_pointer_cast<SessionExtension>(impl->config_->interceptor))
        extension->attach(impl);
    return impl;
}

SessionImpl::~SessionImpl()
{
    if (!is_alive())
        return;
    // In whichever thread this is, an io_context that goes down meanwhile waits until this session has left it.
    timer_.destroy();
    reconnection_.stop();
    current_.reset();
    home_.close();
    home_.drop();
    service_->remove(*this);
}

StompSession SessionImpl::make_session(std::shared_ptr<SessionImpl> impl)
{
    return StompSession(std::make_shared<SessionOwner>(std::move(impl)));
}

void SessionImpl::check_unfinished() const
{
    ending_.check();
}

void SessionImpl::check_open() const
{
    if (ending_.has_come())
        ending_.cause()->with_outcome(Outcome::not_sent)->raise();
    if (!reconnection_.is_enabled() && writing_has_failed())
        current_->write_failure->with_outcome(Outcome::not_sent)->raise();
    if (ending_.is_requested())
        throw SessionClosed("the session is being disconnected");
}

} // namespace arbalest::detail
