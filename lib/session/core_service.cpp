#include "core_service.hpp"

#include "core.hpp"

#include <memory>

namespace arbalest::detail {

boost::asio::execution_context::id CoreService::id;

void CoreService::add(Core& core)
{
    std::lock_guard const lock(mutex_);
    cores_.insert(&core);
}

void CoreService::remove(Core& core)
{
    std::lock_guard const lock(mutex_);
    cores_.erase(&core);
    // Not later: without the lock, the service may be gone.
    removed_.notify_all();
}

void CoreService::shutdown()
{
    std::unique_lock lock(mutex_);
    while (!cores_.empty()) {
        // Newer versions of Asio shut a context down twice, so those that have been told are not found again.
        std::shared_ptr<Core> core;
        for (auto i = cores_.begin(); i != cores_.end() && !core; ++i)
            core = (*i)->weak_from_this().lock();
        if (!core) {
            // Other threads are destroying them, and need the context for that.
            removed_.wait(lock);
            continue;
        }
        cores_.erase(core.get());
        lock.unlock();
        core->context_ended();
        core.reset(); // which may destroy others, too
        lock.lock();
    }
}

} // namespace arbalest::detail
