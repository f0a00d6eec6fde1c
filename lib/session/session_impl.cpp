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
    : home_(std::move(executor)), executor_(home_.get()), config_(std::move(config)), brokers_(std::move(route)),
      reconnects_(brokers_ && config_->reconnect),
      service_(&asio::use_service<SessionService>(asio::query(executor_, asio::execution::context))),
      conversation_(conversation_options(*config_)), timer_(executor_),
      concurrency_check_(config_->assert_no_concurrency),
      schedule_(config_->reconnect ? config_->reconnect->attempts : 0,
                config_->reconnect ? config_->reconnect->stable_after : std::chrono::milliseconds(0)),
      outbox_(reconnects_ ? config_->reconnect->outbox : OutboxLimits())
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
    reconnecting_.reset();
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
    if (finished_)
        cause_->raise();
}

void SessionImpl::check_open() const
{
    if (finished_)
        cause_->with_outcome(Outcome::not_sent)->raise();
    if (write_failure_ && !reconnects_)
        write_failure_->with_outcome(Outcome::not_sent)->raise();
    if (disconnecting_)
        throw SessionClosed("the session is being disconnected");
}

} // namespace arbalest::detail
