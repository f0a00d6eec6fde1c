#pragma once

#include <arbalest/classic/host_and_port.hpp>
#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>

namespace arbalest::classic {

/// Is told what happens on a connection: the base class of all listeners. Every callback does nothing by default.
///
/// **Order.** For each connection: on_connecting, on_connected, then messages, receipts, errors and heart-beats as they
/// come; at the end on_disconnecting (only if it is ended from this side), the receipt of DISCONNECT, on_disconnected
/// (exactly once), on_receiver_loop_completed. A connection that is refused by the broker has no on_connected; one that
/// cannot be made at all has no callbacks. on_heartbeat_timeout comes before its on_disconnected. Several listeners are
/// called in the ascending order of their names.
///
/// **Threads.** A BaseConnection calls its listeners in one thread of its own, one callback after the other, so that a
/// slow one holds up no heart-beat; but for on_send and on_disconnecting, which are called in the thread that sends or
/// disconnects, and may overlap the others (on_disconnecting comes in turn where it would overtake on_connected). How
/// it is on a StompSession is told at set_listener().
///
/// **Exceptions.** What leaves a callback is reported by Observer::on_callback_failed(), and changes nothing else: the
/// other listeners are still called.
///
/// From inside of a callback all members of the connection may be called, connect(), disconnect() and remove_listener()
/// too.
class ARBALEST_DECL ConnectionListener
{
public:
    ConnectionListener() = default;
    ConnectionListener(ConnectionListener const&) = default;
    ConnectionListener& operator=(ConnectionListener const&) = default;
    virtual ~ConnectionListener();

    /// The connection to the broker is there (TCP, and TLS or WebSocket where they are used); CONNECT is sent next.
    /// Not called for attempts that fail. @param host_and_port to whom.
    virtual void on_connecting(HostAndPort const& host_and_port);

    /// CONNECTED came (STOMP 1.2, "CONNECTED Frame").
    virtual void on_connected(Frame const& frame);

    /// DISCONNECT is about to be sent (STOMP 1.2, "DISCONNECT").
    virtual void on_disconnecting();

    /// The connection has ended, by whichever side and for whatever cause; called once for every on_connecting.
    virtual void on_disconnected();

    /// The broker was silent for longer than it promised (STOMP 1.2, "Heart-beating"); the connection ends.
    virtual void on_heartbeat_timeout();

    /// A MESSAGE came (STOMP 1.2, "MESSAGE"). All listeners get this before the first one gets on_message.
    /// @param frame may be changed, headers and body; the others see what this one has made of it.
    /// @returns true to go on with the frame; false to skip the message, which is stomp.py's None: then no further
    /// listener gets it, and on_message is not called.
    virtual bool on_before_message(Frame& frame);

    /// A MESSAGE came and was not skipped.
    virtual void on_message(Frame const& frame);

    /// A RECEIPT came (STOMP 1.2, "RECEIPT"); its `receipt-id` says which.
    virtual void on_receipt(Frame const& frame);

    /// An ERROR came (STOMP 1.2, "ERROR").
    virtual void on_error(Frame const& frame);

    /// A frame is about to be encoded.
    /// @param frame may be changed; what is made of it is sent. A heart-beat is a frame without a command; changing
    /// that has no effect.
    virtual void on_send(Frame& frame);

    /// A heart-beat came; coalesced ones are told one by one.
    virtual void on_heartbeat();

    /// Nothing more will be read from this connection: its last callback.
    /// @param frame the last frame that was received; an empty one if there was none.
    virtual void on_receiver_loop_completed(Frame const& frame);
};

} // namespace arbalest::classic
