#pragma once

#include <arbalest/export.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace arbalest {

/// What one side of a connection promises and wants, as in the `heart-beat` header (STOMP 1.2, "Heart-beating").
class HeartBeat
{
public:
    HeartBeat() noexcept = default;
    HeartBeat(std::chrono::milliseconds send, std::chrono::milliseconds receive) noexcept : send(send), receive(receive)
    {
    }

    /// It can send something at least this often. Zero: it cannot. Never negative.
    std::chrono::milliseconds send{0};
    /// It would like to receive something at least this often. Zero: it does not care. Never negative.
    std::chrono::milliseconds receive{0};

    friend bool operator==(HeartBeat const&, HeartBeat const&) = default;
};

/// Reads the value of a `heart-beat` header: two whole numbers of milliseconds, separated by a comma. Numbers beyond
/// 63 bits count as the largest. Returns nullopt for anything else.
ARBALEST_DECL std::optional<HeartBeat> parse_heart_beat(std::string_view value) noexcept;

/// The value of a `heart-beat` header, for instance "10000,10000".
ARBALEST_DECL std::string to_header_value(HeartBeat const& heart_beat);

/// The periods that hold on our side: `send` is how often we must send something, the larger of what we can and what
/// they want; `receive` is how often they will. Zero on either side means none (STOMP 1.2, "Heart-beating").
ARBALEST_DECL HeartBeat negotiate(HeartBeat const& ours, HeartBeat const& theirs) noexcept;

/// Allowance for the network and for timers.
class HeartBeatTolerance
{
public:
    HeartBeatTolerance() noexcept = default;
    HeartBeatTolerance(double send_scale, double receive_scale) noexcept
        : send_scale(send_scale), receive_scale(receive_scale)
    {
    }

    /// We send after this part of the negotiated period, when nothing else was sent in it. Above 0, at most 1. Default
    /// 0.8.
    double send_scale = 0.8;
    /// The peer counts as gone after this multiple of the negotiated period without a byte. At least 1. Default 1.5.
    double receive_scale = 1.5;
};

/// When to send the next heart-beat, and when the peer's silence has lasted too long. It owns no clock: every call says
/// what time it is.
class ARBALEST_DECL HeartBeatSchedule
{
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// No heart-beats in either direction.
    HeartBeatSchedule() noexcept = default;
    /// @param negotiated what negotiate() returned. @param now when the connection was established.
    HeartBeatSchedule(HeartBeat const& negotiated, HeartBeatTolerance const& tolerance, TimePoint now) noexcept;

    /// Any bytes were sent.
    void sent(TimePoint now) noexcept { last_sent_ = now; }
    /// Any bytes were received; whole frames do not matter.
    void received(TimePoint now) noexcept { last_received_ = now; }

    /// When a heart-beat must be sent if nothing else is; TimePoint::max() when never.
    TimePoint send_due() const noexcept;
    /// When the peer counts as gone if nothing comes; TimePoint::max() when never. The first beat has three periods,
    /// because brokers start late.
    TimePoint receive_due() const noexcept;

    HeartBeat const& negotiated() const noexcept { return negotiated_; }

private:
    HeartBeat negotiated_;
    HeartBeatTolerance tolerance_;
    TimePoint start_{};
    TimePoint last_sent_{};
    TimePoint last_received_{};
};

} // namespace arbalest
