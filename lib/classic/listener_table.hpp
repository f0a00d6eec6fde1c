#pragma once

#include "serial_queue.hpp"
#include <arbalest/classic/connection_listener.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace arbalest::classic::detail {

/// A listener that is attached.
class AttachedListener
{
public:
    AttachedListener(std::string name, std::shared_ptr<ConnectionListener> listener, std::shared_ptr<SerialQueue> calls)
        : name(std::move(name)), listener(std::move(listener)), calls(std::move(calls))
    {
    }

    std::string const name;
    std::shared_ptr<ConnectionListener> const listener;
    std::shared_ptr<SerialQueue> const calls; // of a listener with an executor of its own; else null
    std::atomic<bool> removed{false};
};

/// Listeners by their names. From any thread; no lock is held while one is called, so that callbacks may come back.
class ListenerTable
{
public:
    ListenerTable() = default;
    /// @param inherited whose listeners are called as well, unless one of the same name is in this table.
    explicit ListenerTable(std::shared_ptr<ListenerTable> inherited) : inherited_(std::move(inherited)) {}

    /// Is told which callback of which listener has thrown what. Must not throw.
    using Report = std::function<void(std::string const& callback, std::exception_ptr failure)>;
    using Entry = std::shared_ptr<AttachedListener>;

    /// @throws std::invalid_argument when there is no listener.
    void set(std::string_view name, std::shared_ptr<ConnectionListener> listener,
             std::shared_ptr<SerialQueue> calls = nullptr);
    std::shared_ptr<ConnectionListener> get(std::string_view name) const;
    /// From the inherited table, too.
    bool remove(std::string_view name);
    bool empty() const noexcept
    {
        return size_.load(std::memory_order_acquire) == 0 && (!inherited_ || inherited_->empty());
    }

    /// Calls a function with each, in ascending order of names: those that are there when it is their turn.
    template <class Function>
    void for_each(Function function) const
    {
        if (empty())
            return;
        for (auto entry = first(); entry; entry = after(entry->name))
            function(entry);
    }

    /// Calls a callback of a listener, unless that was removed; what it throws is reported.
    template <class Function>
    static void call(AttachedListener& entry, char const* callback, Report const& report, Function function)
    {
        if (entry.removed.load(std::memory_order_acquire))
            return;
        std::exception_ptr failure;
        try {
            function(*entry.listener);
        } catch (...) {
            failure = std::current_exception();
        }
        // Behind the handler, so that whoever is told may be the last to let go of the exception.
        if (failure)
            report(entry.name + '.' + callback, std::move(failure));
    }

    /// Calls a callback of every listener.
    template <class Function>
    void call_all(char const* callback, Report const& report, Function function) const
    {
        for_each([&](Entry const& entry) { call(*entry, callback, report, function); });
    }

    /// Asks all listeners what becomes of a message. False: it is skipped.
    bool before_message(Frame& frame, Report const& report) const;

private:
    /// The entry with the smallest name, or with the smallest one that is greater.
    Entry first() const;
    Entry after(std::string const& name) const;
    static Entry earlier(Entry own, Entry inherited);

    std::shared_ptr<ListenerTable> const inherited_;
    mutable std::mutex mutex_;
    std::map<std::string, Entry, std::less<>> entries_;
    std::atomic<std::size_t> size_{0};
};

} // namespace arbalest::classic::detail
