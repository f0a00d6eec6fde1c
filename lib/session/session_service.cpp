#include "session_service.hpp"

#include "session_impl.hpp"

#include <memory>

namespace arbalest::detail {

boost::asio::execution_context::id SessionService::id;

void SessionService::add(SessionImpl& impl)
{
    std::lock_guard const lock(mutex_);
    cores_.insert(&impl);
}

void SessionService::remove(SessionImpl& impl)
{
    std::lock_guard const lock(mutex_);
    cores_.erase(&impl);
    // Not later: without the lock, the service may be gone.
    removed_.notify_all();
}

void SessionService::shutdown()
{
    std::unique_lock lock(mutex_);
    while (!cores_.empty()) {
        // Newer versions of Asio shut a context down twice, so those that have been told are not found again.
        std::shared_ptr<SessionImpl> impl;
        for (auto i = cores_.begin(); i != cores_.end() && !impl; ++i)
            impl = (*i)->weak_from_this().lock();
        if (!impl) {
            // Other threads are destroying them, and need the context for that.
            removed_.wait(lock);
            continue;
        }
        cores_.erase(impl.get());
        lock.unlock();
        impl->context_ended();
        impl.reset(); // which may destroy others, too
        lock.lock();
    }
}

} // namespace arbalest::detail
