#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>

namespace arbalest {

/// May change what goes out and what comes in. Called on the session's executor, in the order in which interceptors
/// were added; it must not block.
class ARBALEST_DECL Interceptor
{
public:
    virtual ~Interceptor();

    /// A frame is about to be encoded. An exception fails the operation that sends it, with nothing sent. The `receipt`
    /// header is awaited already: leave it alone.
    virtual void on_outgoing(Frame& frame);

    /// A frame came. Return false to swallow it: then nobody sees it, and who waits for it goes on waiting. An
    /// exception ends the session with ConnectionLost, whose cause is errc::connection_lost.
    virtual bool on_incoming(Frame& frame);
};

} // namespace arbalest
