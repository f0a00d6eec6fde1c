#include "listener_table.hpp"

#include <stdexcept>

namespace arbalest::classic::detail {

void ListenerTable::set(std::string_view name, std::shared_ptr<ConnectionListener> listener,
                        std::shared_ptr<SerialQueue> calls)
{
    if (!listener)
        throw std::invalid_argument("there is no listener to attach as '" + std::string(name) + "'");
    auto entry = std::make_shared<AttachedListener>(std::string(name), std::move(listener), std::move(calls));
    Entry replaced; // goes when the lock is released: its listener's destructor may come back
    std::lock_guard const lock(mutex_);
    auto& slot = entries_[entry->name];
    replaced = std::exchange(slot, std::move(entry));
    if (replaced)
        replaced->removed.store(true, std::memory_order_release);
    size_.store(entries_.size(), std::memory_order_release);
}

std::shared_ptr<ConnectionListener> ListenerTable::get(std::string_view name) const
{
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(name);
    return found == entries_.end() ? nullptr : found->second->listener;
}

bool ListenerTable::remove(std::string_view name)
{
    Entry removed;
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(name);
    if (found == entries_.end())
        return false;
    removed = std::move(found->second);
    removed->removed.store(true, std::memory_order_release);
    entries_.erase(found);
    size_.store(entries_.size(), std::memory_order_release);
    return true;
}

bool ListenerTable::before_message(Frame& frame, Report const& report) const
{
    bool goes_on = true;
    for_each([&](Entry const& entry) {
        if (goes_on) {
            call(*entry, "on_before_message", report,
                 [&](ConnectionListener& listener) { goes_on = listener.on_before_message(frame); });
        }
    });
    return goes_on;
}

ListenerTable::Entry ListenerTable::first() const
{
    std::lock_guard const lock(mutex_);
    return entries_.empty() ? nullptr : entries_.begin()->second;
}

ListenerTable::Entry ListenerTable::after(std::string const& name) const
{
    std::lock_guard const lock(mutex_);
    auto const next = entries_.upper_bound(name);
    return next == entries_.end() ? nullptr : next->second;
}

} // namespace arbalest::classic::detail
