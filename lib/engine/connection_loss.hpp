#pragma once

#include <arbalest/protocol/frame.hpp>

#include <cstdint>

namespace arbalest::detail {

/// What a lost connection means for a frame, when another connection is to follow.
enum class OnConnectionLoss : std::uint8_t {
    fail,    ///< It makes no sense on another connection.
    wait,    ///< If it was not encoded yet, it waits for the next connection; else it fails.
    resend,  ///< It is sent again.
    succeed, ///< The loss does what it asked for.
    stale,   ///< An acknowledgement: if it was not sent, the broker delivers the message again.
};

/// What a frame is beside its command and headers.
struct FrameRole
{
    bool announces_subscription = false; ///< The SUBSCRIBE of a subscription that the session keeps.
    bool deletes_durable = false;        ///< An UNSUBSCRIBE that deletes what the broker keeps.
};

OnConnectionLoss on_connection_loss(Frame const& frame, FrameRole role) noexcept;

/// A frame that was in flight at so many losses in a row is not sent again: it may be what ends the connections.
inline constexpr unsigned losses_before_giving_up = 2;

/// How far a frame had come when its connection was lost.
enum class Progress : std::uint8_t {
    not_encoded, ///< Nothing of it is in the connection's bytes.
    unsent,      ///< It is, but not one of these bytes has left.
    in_flight,   ///< Some of them may have left.
};

/// What becomes of a frame when its connection is lost.
enum class AfterLoss : std::uint8_t {
    goes_on,     ///< It waits for the next connection.
    succeeds,    ///< It has had its effect.
    turns_stale, ///< What it acknowledges is delivered again.
    fails,       ///< With ConnectionLost; the outcome is unknown if it was in flight.
};

/// @param losses how many losses in a row it was in flight at, this one included.
constexpr AfterLoss after_loss(OnConnectionLoss rule, Progress progress, unsigned losses) noexcept
{
    switch (rule) {
    case OnConnectionLoss::fail:
        return AfterLoss::fails;
    case OnConnectionLoss::wait:
        return progress == Progress::not_encoded ? AfterLoss::goes_on : AfterLoss::fails;
    case OnConnectionLoss::resend:
        return progress == Progress::in_flight && losses >= losses_before_giving_up ? AfterLoss::fails
                                                                                    : AfterLoss::goes_on;
    case OnConnectionLoss::succeed:
        return AfterLoss::succeeds;
    case OnConnectionLoss::stale:
        return progress == Progress::in_flight ? AfterLoss::fails : AfterLoss::turns_stale;
    }
    return AfterLoss::fails;
}

} // namespace arbalest::detail
