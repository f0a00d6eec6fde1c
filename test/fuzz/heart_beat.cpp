// What parse_heart_beat() accepts, to_header_value() writes so that it reads the same; negotiating never gives a
// negative or unrequested period.

#include "fuzz.hpp"
#include <arbalest/protocol/heart_beat.hpp>

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const parsed = arbalest::parse_heart_beat(text);
    if (!parsed)
        return 0;
    require(parsed->send.count() >= 0 && parsed->receive.count() >= 0, "periods are not negative");
    require(arbalest::parse_heart_beat(arbalest::to_header_value(*parsed)) == parsed, "it reads the same again");
    arbalest::HeartBeat const ours(std::chrono::milliseconds(1000), std::chrono::milliseconds(0));
    auto const agreed = arbalest::negotiate(ours, *parsed);
    require(agreed.receive.count() == 0, "what was not asked for is not promised");
    require(agreed.send.count() == 0 || agreed.send == std::max(ours.send, parsed->receive), "the larger period holds");
    arbalest::HeartBeatSchedule::TimePoint const now{};
    arbalest::HeartBeatSchedule const schedule(agreed, arbalest::HeartBeatTolerance(), now);
    require(schedule.send_due() >= now && schedule.receive_due() >= now, "deadlines are in the future");
    return 0;
}
