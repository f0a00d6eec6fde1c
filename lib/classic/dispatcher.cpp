#include "dispatcher.hpp"

#include <utility>

namespace arbalest::classic::detail {

Dispatcher::Dispatcher(std::shared_ptr<ListenerTable> listeners, ListenerTable::Report report,
                       std::function<void()> on_room, TextCodec codec, bool auto_decode)
    : listeners_(std::move(listeners)), report_(std::move(report)), on_room_(std::move(on_room)),
      codec_(std::move(codec)), auto_decode_(auto_decode)
{
}

void Dispatcher::start()
{
    std::lock_guard const lock(mutex_);
    if (thread_.joinable() || finishing_)
        return;
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

std::uint64_t Dispatcher::push(Event event)
{
    std::lock_guard const lock(mutex_);
    bytes_ += event.memory();
    events_.push_back(std::move(event));
    if (events_.size() >= most_events || bytes_ >= most_bytes)
        full_.store(true, std::memory_order_relaxed);
    changed_.notify_all();
    return ++pushed_;
}

std::uint64_t Dispatcher::last_event() const
{
    std::lock_guard const lock(mutex_);
    return pushed_;
}

bool Dispatcher::has_told(std::uint64_t event) const
{
    std::lock_guard const lock(mutex_);
    return delivered_ >= event;
}

bool Dispatcher::wait_for(std::uint64_t event, Clock::time_point end, std::function<bool()> const& is_over)
{
    std::unique_lock lock(mutex_);
    auto const is_done = [&] { return delivered_ >= event || (is_over && is_over()); };
    if (end == Clock::time_point::max())
        changed_.wait(lock, is_done);
    else
        changed_.wait_until(lock, end, is_done);
    return delivered_ >= event;
}

void Dispatcher::wake()
{
    std::lock_guard const lock(mutex_);
    changed_.notify_all();
}

void Dispatcher::finish()
{
    {
        std::lock_guard const lock(mutex_);
        finishing_ = true;
        changed_.notify_all();
    }
    if (!thread_.joinable())
        return;
    if (runs_here())
        thread_.detach(); // a callback lets go of the connection; the thread ends when that returns
    else
        thread_.join();
}

void Dispatcher::run()
{
    thread_id_.store(std::this_thread::get_id());
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return finishing_ || !events_.empty(); });
        if (events_.empty())
            break;
        auto event = std::move(events_.front());
        events_.pop_front();
        bytes_ -= event.memory();
        bool const has_room =
            full_.load(std::memory_order_relaxed) && events_.size() <= most_events / 2 && bytes_ <= most_bytes / 2;
        if (has_room)
            full_.store(false, std::memory_order_relaxed);
        bool const is_dropped = finishing_ && event.kind == Event::Kind::message;
        lock.unlock();
        if (has_room)
            on_room_();
        if (!is_dropped)
            tell(event);
        lock.lock();
        ++delivered_;
        changed_.notify_all();
    }
    thread_id_.store(std::thread::id());
}

void Dispatcher::tell(Event& event)
{
    auto& frame = event.frame;
    if (auto_decode_ && !frame.body().empty()) {
        if (auto const text = codec_.decode(frame.body()))
            frame.set_body(*text);
    }
    auto const all = [this](char const* callback, auto function) { listeners_->call_all(callback, report_, function); };
    using Kind = Event::Kind;
    switch (event.kind) {
    case Kind::connecting:
        last_ = Frame();
        all("on_connecting", [&](ConnectionListener& listener) { listener.on_connecting(event.host_and_port); });
        return;
    case Kind::connected:
        all("on_connected", [&](ConnectionListener& listener) { listener.on_connected(frame); });
        break;
    case Kind::message:
        if (listeners_->before_message(frame, report_))
            all("on_message", [&](ConnectionListener& listener) { listener.on_message(frame); });
        break;
    case Kind::receipt:
        all("on_receipt", [&](ConnectionListener& listener) { listener.on_receipt(frame); });
        break;
    case Kind::error:
        all("on_error", [&](ConnectionListener& listener) { listener.on_error(frame); });
        break;
    case Kind::disconnecting:
        all("on_disconnecting", [](ConnectionListener& listener) { listener.on_disconnecting(); });
        return;
    case Kind::heart_beat:
        all("on_heartbeat", [](ConnectionListener& listener) { listener.on_heartbeat(); });
        return;
    case Kind::heart_beat_sent:
        all("on_send", [&](ConnectionListener& listener) {
            frame = Frame(); // whatever the one before has made of it
            listener.on_send(frame);
        });
        return;
    case Kind::heart_beat_timeout:
        all("on_heartbeat_timeout", [](ConnectionListener& listener) { listener.on_heartbeat_timeout(); });
        return;
    case Kind::disconnected:
        all("on_disconnected", [](ConnectionListener& listener) { listener.on_disconnected(); });
        return;
    case Kind::receiver_loop_completed:
        frame = std::exchange(last_, Frame());
        all("on_receiver_loop_completed",
            [&](ConnectionListener& listener) { listener.on_receiver_loop_completed(frame); });
        return;
    }
    last_ = std::move(frame);
}

} // namespace arbalest::classic::detail
