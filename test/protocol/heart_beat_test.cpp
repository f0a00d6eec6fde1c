#include <arbalest/protocol/heart_beat.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace heart_beat_tests {

using namespace std::chrono_literals;
using arbalest::HeartBeat;
using arbalest::HeartBeatSchedule;
using arbalest::HeartBeatTolerance;
using arbalest::negotiate;
using arbalest::parse_heart_beat;
using std::chrono::milliseconds;
using TimePoint = HeartBeatSchedule::TimePoint;

// They are passed to operations, and so must not be aggregates (a compiler bug, see the design).
static_assert(!std::is_aggregate_v<HeartBeat>);
static_assert(!std::is_aggregate_v<HeartBeatTolerance>);

constexpr auto longest = milliseconds::max();
constexpr auto never = TimePoint::max();

BOOST_AUTO_TEST_SUITE(heart_beat)

BOOST_AUTO_TEST_CASE(parses)
{
    struct Row
    {
        std::string_view text;
        HeartBeat expected;
    };
    for (auto const& [text, expected] : std::vector<Row>{
             {"0,0", HeartBeat()},
             {"10000,10000", HeartBeat(10s, 10s)},
             {"1,2", HeartBeat(1ms, 2ms)},
             {"0,5000", HeartBeat(0ms, 5s)},
             {"5000,0", HeartBeat(5s, 0ms)},
             {"007,000", HeartBeat(7ms, 0ms)},
             {"4294967296,4294967295", HeartBeat(4294967296ms, 4294967295ms)},
             {"9223372036854775806,1", HeartBeat(longest - 1ms, 1ms)},
             {"9223372036854775807,1", HeartBeat(longest, 1ms)},
             {"1,9223372036854775808", HeartBeat(1ms, longest)},
             {"18446744073709551615,18446744073709551616", HeartBeat(longest, longest)},
             {"99999999999999999999999999999999999999999,0", HeartBeat(longest, 0ms)},
         }) {
        BOOST_TEST_CONTEXT(text)
        {
            auto const parsed = parse_heart_beat(text);
            BOOST_REQUIRE(parsed);
            BOOST_TEST((*parsed == expected));
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses)
{
    for (std::string_view const text : {"",
                                        ",",
                                        "0",
                                        "1000",
                                        "0,",
                                        ",0",
                                        "-1,0",
                                        "0,-1",
                                        "+1,0",
                                        " 1,0",
                                        "1 ,0",
                                        "1, 0",
                                        "1,0 ",
                                        "1,0,0",
                                        "1;0",
                                        "a,0",
                                        "0,a",
                                        "1a,0",
                                        "1,0x1",
                                        "1.5,0",
                                        "1e3,0",
                                        "0,0\r",
                                        "0,0\n",
                                        "99999999999999999999999999x,0",
                                        "99999999999999999999999999",
                                        "-99999999999999999999999999,0"})
        BOOST_TEST(!parse_heart_beat(text), "'" << text << "' was accepted");
    BOOST_TEST(!parse_heart_beat(std::string_view("1,0\0", 4)));
    BOOST_TEST(!parse_heart_beat(std::string_view()));
}

BOOST_AUTO_TEST_CASE(formats)
{
    BOOST_TEST(to_header_value(HeartBeat()) == "0,0");
    BOOST_TEST(to_header_value(HeartBeat(10s, 5ms)) == "10000,5");
    BOOST_TEST(to_header_value(HeartBeat(longest, 0ms)) == "9223372036854775807,0");
    for (auto const& value : {HeartBeat(), HeartBeat(1ms, 2ms), HeartBeat(longest, longest), HeartBeat(0ms, 10s)})
        BOOST_TEST((parse_heart_beat(to_header_value(value)) == value));
}

BOOST_AUTO_TEST_CASE(negotiates)
{
    struct Row
    {
        HeartBeat ours, theirs, expected;
    };
    for (auto const& [ours, theirs, expected] : std::vector<Row>{
             {HeartBeat(), HeartBeat(), HeartBeat()},
             {HeartBeat(10s, 10s), HeartBeat(), HeartBeat()},
             {HeartBeat(), HeartBeat(10s, 10s), HeartBeat()},
             {HeartBeat(10s, 20s), HeartBeat(10s, 10s), HeartBeat(10s, 20s)},
             // Ours to send meets theirs to get, and the other way round.
             {HeartBeat(1s, 0ms), HeartBeat(5s, 2s), HeartBeat(2s, 0ms)},
             {HeartBeat(3s, 0ms), HeartBeat(5s, 2s), HeartBeat(3s, 0ms)},
             {HeartBeat(0ms, 1s), HeartBeat(5s, 2s), HeartBeat(0ms, 5s)},
             {HeartBeat(0ms, 7s), HeartBeat(5s, 2s), HeartBeat(0ms, 7s)},
             {HeartBeat(1s, 2s), HeartBeat(0ms, 3s), HeartBeat(3s, 0ms)},
             {HeartBeat(1s, 2s), HeartBeat(4s, 0ms), HeartBeat(0ms, 4s)},
             {HeartBeat(1s, 2s), HeartBeat(4s, 3s), HeartBeat(3s, 4s)},
             {HeartBeat(1ms, 1ms), HeartBeat(longest, longest), HeartBeat(longest, longest)},
             {HeartBeat(longest, 0ms), HeartBeat(1s, 1s), HeartBeat(longest, 0ms)},
         }) {
        BOOST_TEST_CONTEXT(to_header_value(ours) << " with " << to_header_value(theirs))
        {
            BOOST_TEST(to_header_value(negotiate(ours, theirs)) == to_header_value(expected));
            // The peer, who calculates the same, comes to the mirror image.
            BOOST_TEST(to_header_value(negotiate(theirs, ours)) ==
                       to_header_value(HeartBeat(expected.receive, expected.send)));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(heart_beat_schedule)

TimePoint const start = TimePoint() + 1000s;

HeartBeatSchedule schedule(HeartBeat const& negotiated, HeartBeatTolerance const& tolerance = {})
{
    return HeartBeatSchedule(negotiated, tolerance, start);
}

BOOST_AUTO_TEST_CASE(without_heart_beats_nothing_is_due)
{
    HeartBeatSchedule const none;
    BOOST_TEST((none.send_due() == never));
    BOOST_TEST((none.receive_due() == never));
    auto zero = schedule(HeartBeat());
    zero.sent(start + 5s);
    zero.received(start + 5s);
    BOOST_TEST((zero.send_due() == never));
    BOOST_TEST((zero.receive_due() == never));
    // Each direction for itself.
    BOOST_TEST((schedule(HeartBeat(0ms, 10s)).send_due() == never));
    BOOST_TEST((schedule(HeartBeat(0ms, 10s)).receive_due() == start + 30s));
    BOOST_TEST((schedule(HeartBeat(10s, 0ms)).send_due() == start + 8s));
    BOOST_TEST((schedule(HeartBeat(10s, 0ms)).receive_due() == never));
}

BOOST_AUTO_TEST_CASE(sending_is_due_a_part_of_the_period_after_the_last_bytes)
{
    auto beats = schedule(HeartBeat(10s, 0ms));
    BOOST_TEST((beats.send_due() == start + 8s));
    beats.sent(start + 3s);
    BOOST_TEST((beats.send_due() == start + 11s));
    beats.received(start + 5s);
    BOOST_TEST((beats.send_due() == start + 11s));
    beats.sent(start + 11s);
    BOOST_TEST((beats.send_due() == start + 19s));
}

BOOST_AUTO_TEST_CASE(the_first_beat_has_three_periods)
{
    auto beats = schedule(HeartBeat(0ms, 10s));
    BOOST_TEST((beats.receive_due() == start + 30s));
    beats.received(start + 1s);
    BOOST_TEST((beats.receive_due() == start + 30s));
    beats.received(start + 15s);
    BOOST_TEST((beats.receive_due() == start + 30s));
    beats.received(start + 15s + 1ms);
    BOOST_TEST((beats.receive_due() == start + 30s + 1ms));
    beats.received(start + 29s);
    BOOST_TEST((beats.receive_due() == start + 44s));
    beats.sent(start + 40s);
    BOOST_TEST((beats.receive_due() == start + 44s));
}

BOOST_AUTO_TEST_CASE(scales)
{
    auto beats = schedule(HeartBeat(10s, 10s), HeartBeatTolerance(0.5, 4.0));
    BOOST_TEST((beats.send_due() == start + 5s));
    BOOST_TEST((beats.receive_due() == start + 40s)); // more than the three periods of the first
    beats.received(start + 1s);
    BOOST_TEST((beats.receive_due() == start + 41s));
    BOOST_TEST((schedule(HeartBeat(1ms, 0ms), HeartBeatTolerance(0.5, 1.0)).send_due() == start + 500us));
    BOOST_TEST((schedule(HeartBeat(10s, 0ms), HeartBeatTolerance(1.0, 1.0)).send_due() == start + 10s));
}

// A peer may offer any number: what the clock cannot count is never.
BOOST_AUTO_TEST_CASE(huge_periods_saturate)
{
    auto const clock_range = std::chrono::floor<milliseconds>(never - start);
    for (auto const period : {longest, longest - 1ms, clock_range * 2, clock_range + 1ms}) {
        auto const beats = schedule(HeartBeat(period, period), HeartBeatTolerance(1.0, 1.0));
        BOOST_TEST((beats.send_due() == never));
        BOOST_TEST((beats.receive_due() == never));
    }
    // Around the end of the clock no sum may wrap.
    for (auto offset = -3000ms; offset <= 3000ms; offset += 1ms) {
        for (auto const from : {start, start + 123456789ns, TimePoint() + 1234567890123456789ns}) {
            auto const period = std::chrono::floor<milliseconds>(never - from) + offset;
            HeartBeatSchedule const beats(HeartBeat(period, period), HeartBeatTolerance(1.0, 1.0), from);
            BOOST_REQUIRE((beats.send_due() > from + std::chrono::hours(24 * 365)));
            BOOST_REQUIRE((beats.receive_due() > from + std::chrono::hours(24 * 365)));
        }
    }
    // A year is still counted.
    auto const year = std::chrono::hours(24 * 365);
    auto const yearly = schedule(HeartBeat(year, year), HeartBeatTolerance(1.0, 1.0));
    BOOST_TEST((yearly.send_due() == start + year));
    BOOST_TEST((yearly.receive_due() == start + 3 * year));
}

BOOST_AUTO_TEST_CASE(remembers_what_was_negotiated)
{
    BOOST_TEST((schedule(HeartBeat(1s, 2s)).negotiated() == HeartBeat(1s, 2s)));
    BOOST_TEST((HeartBeatSchedule().negotiated() == HeartBeat()));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace heart_beat_tests
