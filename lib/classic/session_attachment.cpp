#include "session_attachment.hpp"

#include "../session/session_impl.hpp"
#include "../transport/url.hpp"

#include <charconv>
#include <stdexcept>
#include <string>
#include <utility>

namespace arbalest::classic::detail {

using arbalest::detail::SessionImpl;

namespace {

// Of an URL, or of the address of a stream that the application has brought along.
HostAndPort host_and_port_of(std::string_view url)
{
    HostAndPort result;
    try {
        auto const parsed = arbalest::detail::parse_url(url);
        return {parsed.host, parsed.port};
    } catch (std::invalid_argument const&) {
        // It is an address, or nothing that is like one.
    }
    auto const colon = url.rfind(':');
    result.host = url.substr(0, colon);
    if (colon != url.npos)
        std::from_chars(url.data() + colon + 1, url.data() + url.size(), result.port);
    if (result.host.size() > 1 && result.host.front() == '[' && result.host.back() == ']')
        result.host = result.host.substr(1, result.host.size() - 2);
    return result;
}

} // namespace

SessionAttachment::SessionAttachment(std::weak_ptr<SessionImpl> core, std::shared_ptr<ListenerTable> inherited)
    : core_(core), listeners_(std::move(inherited)),
      report_([core](std::string const& callback, std::exception_ptr failure) {
          if (auto const session = core.lock())
              session->run_for_hooks(
                  [callback, failure](SessionImpl& there) { there.hooks().callback_failed(callback, failure); });
      })
{
    if (auto const session = core.lock())
        in_connection_ = is_connected_ = session->is_open();
}

SessionAttachment::Backlog& SessionAttachment::backlog_of(ListenerTable::Entry const& entry)
{
    std::erase_if(backlogs_, [](Backlog const& known) { return known.listener.expired(); });
    for (auto& known : backlogs_) {
        if (known.listener.lock() == entry)
            return known;
    }
    ListenerBacklog::Limits limits;
    if (auto const core = core_.lock()) {
        auto const& buffer = core->config().subscription_buffer;
        limits.messages = buffer.messages;
        limits.bytes = buffer.bytes;
        limits.hard_limit = buffer.hard_limit;
    }
    auto& made = backlogs_.emplace_back();
    made.listener = entry;
    made.backlog = std::make_shared<ListenerBacklog>(
        limits,
        [core = core_](std::function<void()> function) {
            if (auto const session = core.lock())
                session->run_there([function = std::move(function)](SessionImpl&) { function(); });
        },
        [core = core_](bool is_full) {
            if (auto const session = core.lock())
                session->full_buffers_changed(is_full ? +1 : -1);
        });
    return made;
}

// As a subscription ends at its buffer's hard limit, so do a listener's messages: what it is told has no gaps.
bool SessionAttachment::is_cut_off(Backlog& known, std::string const& name, std::size_t bytes)
{
    if (!known.is_cut_off && known.backlog->is_beyond(bytes)) {
        known.is_cut_off = true;
        auto const [messages, queued] = known.backlog->size();
        report_(name + ".on_message", std::make_exception_ptr(SlowConsumer(name, messages, queued)));
    }
    return known.is_cut_off;
}

// A listener with an executor of its own is called there, by a copy of what it is called with.
template <class Function>
void SessionAttachment::notify(char const* callback, Function function)
{
    listeners_.for_each([&](ListenerTable::Entry const& entry) {
        if (entry->calls) {
            entry->calls->post([entry, callback, report = report_, function] {
                ListenerTable::call(*entry, callback, report, function);
            });
        } else {
            ListenerTable::call(*entry, callback, report_, function);
        }
    });
}

void SessionAttachment::notify_frame(char const* callback, void (ConnectionListener::*function)(Frame const&),
                                     std::shared_ptr<Frame const> const& frame)
{
    notify(callback, [frame, function](ConnectionListener& listener) { (listener.*function)(*frame); });
}

void SessionAttachment::notify_message(std::shared_ptr<Frame const> const& frame)
{
    auto const bytes = frame->memory();
    auto const function = [frame](ConnectionListener& listener) { listener.on_message(*frame); };
    listeners_.for_each([&](ListenerTable::Entry const& entry) {
        if (!entry->calls) {
            ListenerTable::call(*entry, "on_message", report_, function);
            return;
        }
        auto& known = backlog_of(entry);
        if (is_cut_off(known, entry->name, bytes))
            return;
        auto const backlog = known.backlog;
        backlog->added(bytes);
        entry->calls->post([entry, report = report_, function, backlog, bytes] {
            ListenerTable::call(*entry, "on_message", report, function);
            backlog->taken(bytes);
        });
    });
}

void SessionAttachment::keep(Frame const& frame)
{
    last_ = std::make_shared<Frame const>(frame);
}

void SessionAttachment::on_outgoing(Frame& frame)
{
    if (frame.command() == "DISCONNECT") {
        listeners_.call_all("on_disconnecting", report_,
                            [](ConnectionListener& listener) { listener.on_disconnecting(); });
    }
    listeners_.call_all("on_send", report_, [&](ConnectionListener& listener) { listener.on_send(frame); });
}

bool SessionAttachment::on_incoming(Frame& frame)
{
    if (listeners_.empty())
        return true;
    auto const command = frame.command();
    if (command == "ERROR") {
        keep(frame);
        notify_frame("on_error", &ConnectionListener::on_error, last_);
    } else if (command == "RECEIPT" && is_connected_) {
        keep(frame);
        notify_frame("on_receipt", &ConnectionListener::on_receipt, last_);
    } else if (command == "MESSAGE" && is_connected_) {
        bool const goes_on = listeners_.before_message(frame, report_);
        keep(frame);
        if (!goes_on)
            return false;
        notify_message(last_);
    }
    return true;
}

void SessionAttachment::on_connecting(std::string_view url)
{
    url_ = url;
}

// As in stomp.py, they hear of a connection only when there is one.
void SessionAttachment::on_transport_connected(std::string_view)
{
    // The attempt before did not come as far as CONNECTED.
    if (in_connection_)
        end_connection();
    in_connection_ = true;
    for (auto& known : backlogs_)
        known.is_cut_off = false;
    auto const where = host_and_port_of(url_);
    notify("on_connecting", [where](ConnectionListener& listener) { listener.on_connecting(where); });
}

void SessionAttachment::on_connected(Frame const& frame)
{
    is_connected_ = true;
    keep(frame);
    notify_frame("on_connected", &ConnectionListener::on_connected, last_);
}

void SessionAttachment::on_heart_beat_sent()
{
    Frame nothing;
    listeners_.call_all("on_send", report_, [&](ConnectionListener& listener) {
        nothing = Frame();
        listener.on_send(nothing);
    });
}

void SessionAttachment::on_heart_beat_received()
{
    if (is_connected_)
        notify("on_heartbeat", [](ConnectionListener& listener) { listener.on_heartbeat(); });
}

void SessionAttachment::on_lost(Failure const& cause)
{
    on_closed(cause);
}

void SessionAttachment::on_closed(Failure const& cause)
{
    if (!in_connection_)
        return;
    if (cause.code() == errc::missing_heart_beat)
        notify("on_heartbeat_timeout", [](ConnectionListener& listener) { listener.on_heartbeat_timeout(); });
    end_connection();
}

void SessionAttachment::end_connection()
{
    in_connection_ = is_connected_ = false;
    notify("on_disconnected", [](ConnectionListener& listener) { listener.on_disconnected(); });
    auto const last = std::exchange(last_, std::make_shared<Frame const>());
    notify_frame("on_receiver_loop_completed", &ConnectionListener::on_receiver_loop_completed, last);
}

} // namespace arbalest::classic::detail
