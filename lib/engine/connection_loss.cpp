#include "connection_loss.hpp"

namespace arbalest::detail {

OnConnectionLoss on_connection_loss(Frame const& frame, FrameRole role) noexcept
{
    auto const command = frame.command();
    bool const in_transaction = frame.has_header("transaction");
    if (command == "SEND")
        return in_transaction ? OnConnectionLoss::fail : OnConnectionLoss::resend;
    if (command == "SUBSCRIBE")
        return role.announces_subscription ? OnConnectionLoss::resend : OnConnectionLoss::wait;
    if (command == "UNSUBSCRIBE")
        return role.deletes_durable ? OnConnectionLoss::fail : OnConnectionLoss::succeed;
    if (command == "ACK" || command == "NACK")
        return in_transaction ? OnConnectionLoss::fail : OnConnectionLoss::stale;
    if (command == "ABORT")
        return OnConnectionLoss::succeed;
    return command == "COMMIT" ? OnConnectionLoss::fail : OnConnectionLoss::wait;
}

} // namespace arbalest::detail
