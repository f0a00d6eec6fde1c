#include "core_service.hpp"

#include "core.hpp"

#include <utility>
#include <vector>

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
}

void CoreService::shutdown()
{
    // Letting go of one session may destroy others, which then leave the set.
    std::vector<std::weak_ptr<Core>> cores;
    {
        std::lock_guard const lock(mutex_);
        // Newer versions of Asio shut a context down twice.
        for (auto* const core : std::exchange(cores_, {}))
            cores.push_back(core->weak_from_this());
    }
    for (auto const& weak : cores) {
        if (auto const core = weak.lock())
            core->context_ended();
    }
}

} // namespace arbalest::detail
