#include "context_service.hpp"

#include "server.hpp"

#include <utility>

namespace arbalest::broker {

void ContextService::add(std::weak_ptr<Server> server)
{
    std::lock_guard const lock(mutex_);
    std::erase_if(servers_, [](auto const& other) { return other.expired(); });
    servers_.push_back(std::move(server));
}

void ContextService::shutdown()
{
    for (auto const& weak : std::exchange(servers_, {})) {
        if (auto const server = weak.lock())
            server->abandon();
    }
}

} // namespace arbalest::broker
