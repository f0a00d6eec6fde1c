#pragma once

#include "listener_table.hpp"
#include <arbalest/session/interceptor.hpp>
#include <arbalest/session/observer.hpp>

#include <memory>
#include <string_view>

namespace arbalest::detail {
class Core;
} // namespace arbalest::detail

namespace arbalest::classic::detail {

/// Makes callbacks of what interceptors and observers are told. Everything but the table is used on the session's
/// executor only.
class SessionAttachment final : public Interceptor, public Observer
{
public:
    /// For one session, which is open already or not any more.
    explicit SessionAttachment(std::weak_ptr<arbalest::detail::Core> core);
    /// For the sessions that a configuration makes. @param before the interceptor that it had; may be null. @param
    /// observer whom to tell of callbacks that throw; may be null.
    SessionAttachment(std::shared_ptr<Interceptor> before, std::shared_ptr<Observer> observer);

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
    template <class Function>
    void notify(char const* callback, Function function);
    void notify_frame(char const* callback, void (ConnectionListener::*function)(Frame const&),
                      std::shared_ptr<Frame const> const& frame);
    void keep(Frame const& frame);
    void end_connection();

    ListenerTable listeners_;
    std::shared_ptr<Interceptor> before_;
    ListenerTable::Report report_;
    bool in_connection_ = false;
    bool is_connected_ = false;
    std::string url_;                                                     // of the connection that is being made
    std::shared_ptr<Frame const> last_ = std::make_shared<Frame const>(); // frame that came
};

} // namespace arbalest::classic::detail
