#pragma once

#include "dispatcher.hpp"
#include <arbalest/session/interceptor.hpp>
#include <arbalest/session/observer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace arbalest::classic::detail {

/// Makes events for listeners of what the session of a connection is told; one for each connection. Called on the
/// session's executor, but for set_disconnect_frame().
class Bridge final : public Interceptor, public Observer
{
public:
    using Connected = std::function<void(Frame const& frame)>;
    using Closed = std::function<void(Failure const& cause)>;

    /// @param connect_frame what is sent instead of the session's own CONNECT. @param connected, closed have to tell
    /// the listeners themselves.
    Bridge(std::shared_ptr<Dispatcher> dispatcher, Frame connect_frame, Connected connected, Closed closed);

    /// What is sent instead of the session's own DISCONNECT.
    void set_disconnect_frame(Frame frame);

    void on_outgoing(Frame& frame) override;
    bool on_incoming(Frame& frame) override;
    void on_connected(Frame const& frame) override;
    void on_heart_beat_sent() override;
    void on_heart_beat_received() override;
    void on_closed(Failure const& cause) override;

private:
    std::shared_ptr<Dispatcher> const dispatcher_;
    std::optional<Frame> connect_frame_;
    Connected const connected_;
    Closed const closed_;
    bool is_connected_ = false;
    std::mutex mutex_;
    std::optional<Frame> disconnect_frame_;
    // The receipt of DISCONNECT: as the user has it, and as the session awaits it.
    std::string users_receipt_;
    std::string awaited_receipt_;
};

} // namespace arbalest::classic::detail
