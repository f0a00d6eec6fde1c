#include "../session/session_extension.hpp"
#include "../session/session_impl.hpp"
#include "session_attachment.hpp"
#include <arbalest/classic/session_listeners.hpp>

#include <map>
#include <mutex>
#include <utility>

namespace arbalest::classic {

namespace asio = boost::asio;
using arbalest::detail::SessionImpl;
using detail::SessionAttachment;

namespace {

// Which attachment belongs to which session. The session owns its attachment; this only finds it again, by the identity
// of a session that may be gone.
class Attachments
{
public:
    std::shared_ptr<SessionAttachment> find(std::shared_ptr<SessionImpl> const& core)
    {
        std::lock_guard const lock(mutex_);
        auto const found = known_.find(core);
        return found == known_.end() ? nullptr : found->second.lock();
    }

    /// @returns the attachment, and whether it was made just now. @param inherited as for SessionAttachment.
    std::pair<std::shared_ptr<SessionAttachment>, bool>
    find_or_make(std::shared_ptr<SessionImpl> const& core, std::shared_ptr<detail::ListenerTable> inherited = nullptr)
    {
        std::lock_guard const lock(mutex_);
        std::erase_if(known_, [](auto const& entry) { return entry.first.expired(); });
        auto& known = known_[core];
        auto attachment = known.lock();
        bool const is_new = !attachment;
        if (is_new) {
            attachment = std::make_shared<SessionAttachment>(core, std::move(inherited));
            known = attachment;
        }
        return {std::move(attachment), is_new};
    }

private:
    std::mutex mutex_;
    std::map<std::weak_ptr<SessionImpl>, std::weak_ptr<SessionAttachment>, std::owner_less<>> known_;
};

Attachments& attachments()
{
    static Attachments instance;
    return instance;
}

// The listeners of a configuration: takes the place of its interceptor, and attaches the listeners to each session by
// itself, because what is told of one session does not concern the others.
class ConfiguredListeners final : public Interceptor, public arbalest::detail::SessionExtension
{
public:
    explicit ConfiguredListeners(std::shared_ptr<Interceptor> before) : before_(std::move(before)) {}

    detail::ListenerTable& listeners() noexcept { return *listeners_; }

    void on_outgoing(Frame& frame) override
    {
        if (before_)
            before_->on_outgoing(frame);
    }
    bool on_incoming(Frame& frame) override { return !before_ || before_->on_incoming(frame); }

    void attach(std::shared_ptr<SessionImpl> const& core) override
    {
        auto const attachment = attachments().find_or_make(core, listeners_).first;
        core->hooks().add_interceptor(attachment);
        core->hooks().add_observer(attachment);
    }

private:
    std::shared_ptr<Interceptor> const before_;
    std::shared_ptr<detail::ListenerTable> const listeners_ = std::make_shared<detail::ListenerTable>();
};

std::shared_ptr<ConfiguredListeners> of(StompConfig const& config)
{
    return std::dynamic_pointer_cast<ConfiguredListeners>(config.interceptor);
}

std::shared_ptr<SessionAttachment> of(StompSession const& session)
{
    auto const core = SessionImpl::of(session);
    return core ? attachments().find(core) : nullptr;
}

std::shared_ptr<SessionAttachment> attach_to(StompSession const& session)
{
    auto const core = SessionImpl::of(session);
    if (!core)
        throw SessionClosed("a listener cannot be attached to no session");
    auto [attachment, is_new] = attachments().find_or_make(core);
    if (is_new) {
        session.add_interceptor(attachment);
        session.add_observer(attachment);
    }
    return attachment;
}

std::shared_ptr<ConfiguredListeners> attach_to(StompConfig& config)
{
    auto configured = of(config);
    if (!configured) {
        configured = std::make_shared<ConfiguredListeners>(config.interceptor);
        config.interceptor = configured;
    }
    return configured;
}

} // namespace

void set_listener(StompSession const& session, std::string_view name, std::shared_ptr<ConnectionListener> listener)
{
    attach_to(session)->listeners().set(name, std::move(listener));
}

void set_listener(StompSession const& session, std::string_view name, std::shared_ptr<ConnectionListener> listener,
                  asio::any_io_executor executor)
{
    attach_to(session)->listeners().set(name, std::move(listener),
                                        std::make_shared<detail::SerialQueue>(std::move(executor)));
}

void set_listener(StompConfig& config, std::string_view name, std::shared_ptr<ConnectionListener> listener)
{
    attach_to(config)->listeners().set(name, std::move(listener));
}

void set_listener(StompConfig& config, std::string_view name, std::shared_ptr<ConnectionListener> listener,
                  asio::any_io_executor executor)
{
    attach_to(config)->listeners().set(name, std::move(listener),
                                       std::make_shared<detail::SerialQueue>(std::move(executor)));
}

std::shared_ptr<ConnectionListener> get_listener(StompSession const& session, std::string_view name)
{
    auto const attachment = of(session);
    return attachment ? attachment->listeners().get(name) : nullptr;
}

std::shared_ptr<ConnectionListener> get_listener(StompConfig const& config, std::string_view name)
{
    auto const configured = of(config);
    return configured ? configured->listeners().get(name) : nullptr;
}

bool remove_listener(StompSession const& session, std::string_view name)
{
    auto const attachment = of(session);
    return attachment && attachment->listeners().remove(name);
}

bool remove_listener(StompConfig const& config, std::string_view name)
{
    auto const configured = of(config);
    return configured && configured->listeners().remove(name);
}

} // namespace arbalest::classic
