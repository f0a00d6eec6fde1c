#include "../session/core.hpp"
#include "session_attachment.hpp"
#include <arbalest/classic/session_listeners.hpp>

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace arbalest::classic {

namespace asio = boost::asio;
using arbalest::detail::Core;
using detail::SessionAttachment;

namespace {

// Which attachment belongs to which session. The session owns its attachment; this only finds it again, by the identity
// of a session that may be gone.
class Attachments
{
public:
    std::shared_ptr<SessionAttachment> find(std::shared_ptr<Core> const& core)
    {
        std::lock_guard const lock(mutex_);
        auto const found = known_.find(core);
        return found == known_.end() ? nullptr : found->second.lock();
    }

    /// @returns the attachment, and whether it was made just now.
    std::pair<std::shared_ptr<SessionAttachment>, bool> find_or_make(std::shared_ptr<Core> const& core)
    {
        std::lock_guard const lock(mutex_);
        std::erase_if(known_, [](auto const& entry) { return entry.first.expired(); });
        auto& known = known_[core];
        auto attachment = known.lock();
        bool const is_new = !attachment;
        if (is_new) {
            attachment = std::make_shared<SessionAttachment>(core);
            known = attachment;
        }
        return {std::move(attachment), is_new};
    }

private:
    std::mutex mutex_;
    std::map<std::weak_ptr<Core>, std::weak_ptr<SessionAttachment>, std::owner_less<>> known_;
};

Attachments& attachments()
{
    static Attachments instance;
    return instance;
}

std::shared_ptr<SessionAttachment> of(StompConfig const& config)
{
    return std::dynamic_pointer_cast<SessionAttachment>(config.interceptor);
}

// All that concern a session: that of its configuration and its own.
std::vector<std::shared_ptr<SessionAttachment>> all_of(StompSession const& session)
{
    std::vector<std::shared_ptr<SessionAttachment>> all;
    auto const core = Core::of(session);
    if (!core)
        return all;
    if (auto configured = of(core->config()))
        all.push_back(std::move(configured));
    if (auto own = attachments().find(core))
        all.push_back(std::move(own));
    return all;
}

std::shared_ptr<SessionAttachment> attach_to(StompSession const& session)
{
    auto const core = Core::of(session);
    if (!core)
        throw SessionClosed("a listener cannot be attached to no session");
    if (auto configured = of(core->config()))
        return configured;
    auto [attachment, is_new] = attachments().find_or_make(core);
    if (is_new) {
        session.add_interceptor(attachment);
        session.add_observer(attachment);
    }
    return attachment;
}

std::shared_ptr<SessionAttachment> attach_to(StompConfig& config)
{
    auto attachment = of(config);
    if (!attachment) {
        attachment = std::make_shared<SessionAttachment>(config.interceptor, config.observer);
        config.interceptor = attachment;
        std::vector<std::shared_ptr<Observer>> observers{config.observer, attachment};
        config.observer = combine_observers(std::move(observers));
    }
    return attachment;
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
    for (auto const& attachment : all_of(session)) {
        if (auto listener = attachment->listeners().get(name))
            return listener;
    }
    return nullptr;
}

std::shared_ptr<ConnectionListener> get_listener(StompConfig const& config, std::string_view name)
{
    auto const attachment = of(config);
    return attachment ? attachment->listeners().get(name) : nullptr;
}

bool remove_listener(StompSession const& session, std::string_view name)
{
    for (auto const& attachment : all_of(session)) {
        if (attachment->listeners().remove(name))
            return true;
    }
    return false;
}

bool remove_listener(StompConfig const& config, std::string_view name)
{
    auto const attachment = of(config);
    return attachment && attachment->listeners().remove(name);
}

} // namespace arbalest::classic
