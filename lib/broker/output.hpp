#pragma once

#include "delivery.hpp"
#include <arbalest/protocol/frame.hpp>

#include <string_view>

namespace arbalest::broker {

/// Where a session's frames go. Nothing here calls back into the session or the core.
class Output
{
public:
    /// CONNECTED or ERROR.
    virtual void send(Frame const& frame) = 0;
    /// The RECEIPT for a frame with this command.
    virtual void confirm(std::string_view command, std::string_view receipt) = 0;
    virtual void deliver(Delivery const& delivery) = 0;
    virtual void heart_beat() = 0;
    /// The session is over. Close once everything above is written.
    virtual void close() = 0;
    /// So much waits to be written that no messages should be added; the session hears from it by drained().
    virtual bool congested() const noexcept = 0;

protected:
    ~Output() = default;
};

} // namespace arbalest::broker
