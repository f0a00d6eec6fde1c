#include "protocol/time.hpp"
#include <arbalest/protocol/heart_beat.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

// Arithmetic at the ends of what a clock can count.
BOOST_AUTO_TEST_SUITE(time_arithmetic)

using arbalest::HeartBeat;
using arbalest::HeartBeatSchedule;
using arbalest::HeartBeatTolerance;
using arbalest::detail::Clock;
using arbalest::detail::clock_span;
using arbalest::detail::deadline_after;
using arbalest::detail::later;
using arbalest::detail::TimePoint;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr auto never = TimePoint::max();
constexpr TimePoint noon{1'000'000s};

} // namespace

BOOST_AUTO_TEST_CASE(a_span_saturates)
{
    BOOST_TEST((clock_span(1ms) == 1ms));
    BOOST_TEST((clock_span(0ms) == 0ms));
    BOOST_TEST((clock_span(-1ms) == 0ms));
    BOOST_TEST((clock_span(milliseconds::min()) == 0ms));
    BOOST_TEST((clock_span(milliseconds::max()) == Clock::duration::max()));
    auto const longest = std::chrono::floor<milliseconds>(Clock::duration::max());
    BOOST_TEST((clock_span(longest) == longest));
    BOOST_TEST((clock_span(longest + 1ms) == Clock::duration::max()));
}

BOOST_AUTO_TEST_CASE(what_is_too_late_is_never_and_what_is_negative_is_over)
{
    for (auto const span : {milliseconds::max(), milliseconds::max() - 1ms}) {
        BOOST_TEST((later(noon, span) == never));
        BOOST_TEST((later(noon, span, 0.8) == never));
        BOOST_TEST((deadline_after(noon, span) == never));
    }
    BOOST_TEST((later(noon, Clock::duration::max()) == never));
    for (auto const span : {-1ms, milliseconds::min(), milliseconds::min() + 1ms}) {
        BOOST_TEST((later(noon, span) == noon));
        BOOST_TEST((later(noon, span, 1.5) == noon));
        BOOST_TEST((deadline_after(noon, span) == noon));
    }
    BOOST_TEST((later(noon, Clock::duration::min()) == noon));
    BOOST_TEST((deadline_after(noon, 0ms) == never));
    BOOST_TEST((later(noon, 10s, std::numeric_limits<double>::quiet_NaN()) == never));
    BOOST_TEST((later(noon, 10s, std::numeric_limits<double>::infinity()) == never));
    BOOST_TEST((later(noon, 10s, -1e300) == noon));
}

// However absurd the tolerance: a beat that was sent is not due again at the same time.
BOOST_AUTO_TEST_CASE(time_goes_on_between_heart_beats)
{
    for (auto const scale : {0.0, -1.0, 1e-300, std::numeric_limits<double>::quiet_NaN()}) {
        HeartBeatSchedule beats(HeartBeat(1ms, 1ms), HeartBeatTolerance(scale, scale), noon);
        beats.sent(noon);
        BOOST_TEST((beats.send_due() > noon));
    }
}

BOOST_AUTO_TEST_SUITE_END()
