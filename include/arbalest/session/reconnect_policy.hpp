#pragma once

#include <arbalest/engine/outbox_limits.hpp>
#include <arbalest/export.hpp>
#include <arbalest/session/failure.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>

namespace arbalest {

/// How a session gets a new connection when it has lost its own. It takes what StompClient::connect() was given: the
/// same URLs, each within `connect_timeout`, each after `before_connect`.
///
/// The handles stay as they are. Subscriptions are made anew, before anything else is sent; next() goes on as if
/// nothing had happened, but for buffered messages that need an ack: they are dropped, because the broker delivers them
/// again, and acks of those handed out return false. Confirmed sends are repeated in order (see `resend_unconfirmed`);
/// what was written without a receipt is not; what was not written waits, like what is sent meanwhile, in the `outbox`.
/// A pending UNSUBSCRIBE or ABORT has succeeded; a pending ACK, NACK or COMMIT fails with ConnectionLost and
/// Outcome::unknown; an open transaction fails with ConnectionLost. A subscription that the broker refuses to take on
/// again fails alone, and so does one that was the first to be unconfirmed when two connections in a row were lost. The
/// timers of receipts are stopped while there is no connection.
///
/// An attempt goes once through the URLs: from the one that was lost, or, if that connection did not hold, from the one
/// behind it; with `shuffle_urls` in a random order. Before each attempt it waits, the first time for `initial`, then
/// `multiplier` times as long each time, up to `max`.
class ARBALEST_DECL ReconnectPolicy
{
public:
    ReconnectPolicy() = default;

    /// No end to the attempts.
    static constexpr unsigned unlimited = std::numeric_limits<unsigned>::max();

    /// The wait before the first attempt. Default 100 ms.
    std::chrono::milliseconds initial{100};
    /// What the wait grows by from one attempt to the next, as a factor of at least 1. Default 1.5.
    double multiplier = 1.5;
    /// Which part of a wait is left to chance, so that clients do not all come back at once; from 0 to 1. A wait is
    /// shortened by up to this part. Default 0.1.
    double jitter = 0.1;
    /// The longest wait; zero: none is too long. Default 60 s.
    std::chrono::milliseconds max{60'000};
    /// How many attempts in a row may fail before the session ends with ConnectError; one whose connection did not hold
    /// counts as well. Default unlimited.
    unsigned attempts = unlimited;
    /// A connection that was open this long has held: when it is lost, attempts and waits begin anew. Default 5 s.
    std::chrono::milliseconds stable_after{5'000};
    /// Whether connect() itself goes on trying in the same way, instead of failing when no URL works. Default false.
    bool first_connect = false;
    /// What becomes of messages that were sent with a receipt on a connection that was lost before the receipt came.
    /// They are sent again, with the same receipt id, so that the broker gets each of them at least once; a message
    /// that was under way at two losses in a row is taken for their cause and fails. Off: they fail at once, with
    /// ConnectionLost and Outcome::unknown. Default true.
    bool resend_unconfirmed = true;
    /// What is held on to. Default as in OutboxLimits.
    OutboxLimits outbox;
    /// Whether to try (again) after this failure: what ended a connection, or the ConnectError of an attempt. Called on
    /// the session's executor. What it throws counts as false. Default is_temporary().
    std::function<bool(Failure const&)> retry_if;

    /// What is done without `retry_if`. False for a rejected login (ConnectAttempt::login_refused, HTTP status 401 or
    /// 403) at any URL, and when every URL failed for what time does not heal: a certificate that was not accepted, or
    /// a URL or setting that cannot be used. True for everything else, any other ERROR instead of CONNECTED too.
    static bool is_temporary(Failure const& failure);

    /// The wait before an attempt.
    /// @param attempt which one in a row, from 1. @param chance from 0 to 1: how much of the jitter is taken off.
    std::chrono::milliseconds delay(unsigned attempt, double chance) const noexcept;
};

} // namespace arbalest
