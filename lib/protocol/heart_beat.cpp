#include "time.hpp"
#include <arbalest/protocol/heart_beat.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace arbalest {

namespace {

std::optional<std::chrono::milliseconds> parse_period(std::string_view text) noexcept
{
    std::uint64_t value = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, error] = std::from_chars(text.data(), last, value);
    if (end != last || text.empty() || error == std::errc::invalid_argument)
        return std::nullopt;
    constexpr auto largest = std::chrono::milliseconds::max().count();
    if (error == std::errc::result_out_of_range || value > static_cast<std::uint64_t>(largest))
        return std::chrono::milliseconds::max();
    return std::chrono::milliseconds(value);
}

std::chrono::milliseconds agreed(std::chrono::milliseconds offered, std::chrono::milliseconds wanted) noexcept
{
    if (offered.count() == 0 || wanted.count() == 0)
        return std::chrono::milliseconds(0);
    return std::max(offered, wanted);
}

} // namespace

std::optional<HeartBeat> parse_heart_beat(std::string_view value) noexcept
{
    auto const comma = value.find(',');
    if (comma == std::string_view::npos)
        return std::nullopt;
    auto const send = parse_period(value.substr(0, comma));
    auto const receive = parse_period(value.substr(comma + 1));
    if (!send || !receive)
        return std::nullopt;
    return HeartBeat(*send, *receive);
}

std::string to_header_value(HeartBeat const& heart_beat)
{
    return std::to_string(heart_beat.send.count()) + ',' + std::to_string(heart_beat.receive.count());
}

HeartBeat negotiate(HeartBeat const& ours, HeartBeat const& theirs) noexcept
{
    return {agreed(ours.send, theirs.receive), agreed(theirs.send, ours.receive)};
}

HeartBeatSchedule::HeartBeatSchedule(HeartBeat const& negotiated, HeartBeatTolerance const& tolerance,
                                     TimePoint now) noexcept
    : negotiated_(negotiated), tolerance_(tolerance), start_(now), last_sent_(now), last_received_(now)
{
}

HeartBeatSchedule::TimePoint HeartBeatSchedule::send_due() const noexcept
{
    if (negotiated_.send.count() == 0)
        return TimePoint::max();
    // Whatever the scale is, time goes on from one beat to the next.
    constexpr std::chrono::microseconds shortest(100);
    return std::max(detail::later(last_sent_, negotiated_.send, tolerance_.send_scale), last_sent_ + shortest);
}

HeartBeatSchedule::TimePoint HeartBeatSchedule::receive_due() const noexcept
{
    if (negotiated_.receive.count() == 0)
        return TimePoint::max();
    return std::max(detail::later(start_, negotiated_.receive, 3.0),
                    detail::later(last_received_, negotiated_.receive, tolerance_.receive_scale));
}

} // namespace arbalest
