#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/session/failure.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest {

/// Looks on. Every function is called on the session's executor, in the middle of its work: it must not block. It may
/// use the session and its handles, and let go of them; what it asks for is done as soon as that work is over, but
/// hooks are added and removed at once. What it throws, of whatever type, is reported by on_callback_failed() and
/// changes nothing. Frames are shown as they are on the wire, but with the passcode masked.
class ARBALEST_DECL Observer
{
public:
    virtual ~Observer();

    /// An attempt to connect begins, before the host's name is resolved. @param url without credentials; the peer's
    /// address for StompSession::over().
    virtual void on_connecting(std::string_view url);
    /// The connection is there, but nothing was sent yet: CONNECT is next. @param endpoint the peer's address and port.
    virtual void on_transport_connected(std::string_view endpoint);
    /// CONNECTED came.
    virtual void on_connected(Frame const& frame);
    /// A frame was put into the write buffer.
    virtual void on_frame_sent(Frame const& frame);
    /// A frame came, before anything is done with it.
    virtual void on_frame_received(Frame const& frame);
    /// A heart-beat was put into the write buffer (STOMP 1.2, "Heart-beating").
    virtual void on_heart_beat_sent();
    /// A heart-beat came; coalesced ones are told one by one.
    virtual void on_heart_beat_received();
    /// An ERROR came that names no operation and leaves the session open (`error_frames_are_fatal` is off).
    virtual void on_error_frame(Frame const& frame);
    /// A callback of the user's has thrown: of an observer, an interceptor or a listener of the classic interface, or
    /// one in StompConfig or ReconnectPolicy. What becomes of that about which it was called is told there. What this
    /// one throws is dropped. @param callback its name, for instance "on_outgoing".
    virtual void on_callback_failed(std::string_view callback, Failure const& failure);
    /// The connection is gone, and the session looks for another (StompConfig::reconnect).
    virtual void on_lost(Failure const& cause);
    /// The session waits before it tries to connect. @param attempt which attempt in a row that will be, from 1.
    virtual void on_waiting(std::chrono::milliseconds delay, unsigned attempt);
    /// The session has ended; told once, also when it could not be opened. The cause's code is errc::session_closed
    /// when it ended in order.
    virtual void on_closed(Failure const& cause);
};

/// One observer that tells several, in the order given.
ARBALEST_DECL std::shared_ptr<Observer> combine_observers(std::vector<std::shared_ptr<Observer>> observers);

} // namespace arbalest
