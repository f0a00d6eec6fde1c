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
    {
        std::lock_guard const lock(mutex_);
        auto const found = entries_.find(name);
        if (found != entries_.end())
            return found->second->listener;
    }
    return inherited_ ? inherited_->get(name) : nullptr;
}

bool ListenerTable::remove(std::string_view name)
{
    bool const was_inherited = inherited_ && inherited_->remove(name);
    Entry removed; // goes when the lock is released
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(name);
    if (found == entries_.end())
        return was_inherited;
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
    auto inherited = inherited_ ? inherited_->first() : nullptr;
    std::lock_guard const lock(mutex_);
    return earlier(entries_.empty() ? nullptr : entries_.begin()->second, std::move(inherited));
}

ListenerTable::Entry ListenerTable::after(std::string const& name) const
{
    auto inherited = inherited_ ? inherited_->after(name) : nullptr;
    std::lock_guard const lock(mutex_);
    auto const next = entries_.upper_bound(name);
    return earlier(next == entries_.end() ? nullptr : next->second, std::move(inherited));
}

ListenerTable::Entry ListenerTable::earlier(Entry own, Entry inherited)
{
    if (!own || !inherited)
        return own ? own : inherited;
    return own->name <= inherited->name ? own : inherited;
}

} // namespace arbalest::classic::detail
