#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>

namespace arbalest {

/// May change what goes out and what comes in. Called on the session's executor, in the order in which interceptors
/// were added; it must not block. It may use the session in the same way as an Observer may. What it throws is reported
/// by Observer::on_callback_failed().
class ARBALEST_DECL Interceptor
{
public:
    virtual ~Interceptor();

    /// A frame is about to be encoded. The `receipt` header is awaited already: leave it alone. What this throws, the
    /// operation throws that sends the frame, and nothing is sent. A frame that nobody waits for, such as DISCONNECT or
    /// the UNSUBSCRIBE of a handle that was dropped, goes out as it was. A subscription that is made anew after a lost
    /// connection ends with what was thrown; an attempt to connect fails with ConnectError.
    virtual void on_outgoing(Frame& frame);

    /// A frame came. Return false, or throw, to swallow it: then nobody sees it, and who waits for it goes on waiting.
    virtual bool on_incoming(Frame& frame);
};

} // namespace arbalest
