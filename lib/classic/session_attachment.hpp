#pragma once

#include "listener_backlog.hpp"
#include "listener_table.hpp"
#include <arbalest/session/interceptor.hpp>
#include <arbalest/session/observer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest::detail {
class SessionImpl;
} // namespace arbalest::detail

namespace arbalest::classic::detail {

/// Makes callbacks of what interceptors and observers are told about one session. Everything but the table is used on
/// the session's executor only.
class SessionAttachment final : public Interceptor, public Observer
{
public:
    /// @param core a session that is new, or open already, or not any more. @param inherited the listeners of its
    /// configuration; may be null.
    SessionAttachment(std::weak_ptr<arbalest::detail::SessionImpl> core, std::shared_ptr<ListenerTable> inherited);

    ListenerTable& listeners() noexcept { return listeners_; }

    void on_outgoing(Frame& frame) override;
    bool on_incoming(Frame& frame) override;

    void on_connecting(std::string_view url) override;
    void on_transport_connected(std::string_view endpoint) override;
    void on_connected(Frame const& frame) override;
    void on_heart_beat_sent() override;
    void on_heart_beat_received() override;
    void on_lost(Failure const& cause) override;
    void on_closed(Failure const& cause) override;

private:
    // Of a listener with an executor of its own.
    class Backlog
    {
    public:
        std::weak_ptr<AttachedListener> listener;
        std::shared_ptr<ListenerBacklog> backlog;
        bool is_cut_off = false; // it has got too far behind to be told of this connection's messages
    };

    template <class Function>
    void notify(char const* callback, Function function);
    void notify_frame(char const* callback, void (ConnectionListener::*function)(Frame const&),
                      std::shared_ptr<Frame const> const& frame);
    void notify_message(std::shared_ptr<Frame const> const& frame);
    void keep(Frame const& frame);
    void end_connection();
    Backlog& backlog_of(ListenerTable::Entry const& entry);
    bool is_cut_off(Backlog& known, std::string const& name, std::size_t bytes);

    std::weak_ptr<arbalest::detail::SessionImpl> const core_;
    ListenerTable listeners_;
    ListenerTable::Report const report_;
    std::vector<Backlog> backlogs_;
    bool in_connection_ = false;
    bool is_connected_ = false;
    std::string url_;                                                     // of the connection that is being made
    std::shared_ptr<Frame const> last_ = std::make_shared<Frame const>(); // frame that came
};

} // namespace arbalest::classic::detail
