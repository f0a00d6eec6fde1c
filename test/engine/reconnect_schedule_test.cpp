#include "engine/reconnect_schedule.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <limits>

// How often a session tries to connect.
BOOST_AUTO_TEST_SUITE(reconnect_schedule)

using namespace arbalest::detail;
using namespace std::chrono_literals;

namespace {

TimePoint const start{1h};

} // namespace

BOOST_AUTO_TEST_CASE(attempts_are_counted_until_they_are_reset)
{
    ReconnectSchedule schedule(3, 5s);
    BOOST_TEST(schedule.attempts() == 0u);
    BOOST_TEST(schedule.has_attempts_left());
    for (int i = 0; i < 3; ++i)
        schedule.attempt_begins();
    BOOST_TEST(schedule.attempts() == 3u);
    BOOST_TEST(!schedule.has_attempts_left());
    schedule.reset();
    BOOST_TEST(schedule.has_attempts_left());
}

BOOST_AUTO_TEST_CASE(a_connection_that_has_held_gives_all_attempts_back)
{
    ReconnectSchedule schedule(1, 5s);
    schedule.attempt_begins();
    schedule.connected(start);
    BOOST_TEST(!schedule.has_held(start + 5s - 1ns));
    BOOST_TEST(!schedule.may_reconnect(start + 5s - 1ns));
    BOOST_TEST(schedule.has_held(start + 5s));
    BOOST_TEST(schedule.may_reconnect(start + 5s));
}

BOOST_AUTO_TEST_CASE(a_connection_that_has_not_held_leaves_the_attempts_that_are_left)
{
    ReconnectSchedule schedule(2, 5s);
    schedule.attempt_begins();
    schedule.connected(start);
    BOOST_TEST(schedule.may_reconnect(start));
    schedule.attempt_begins();
    schedule.connected(start + 1s);
    BOOST_TEST(!schedule.may_reconnect(start + 1s));
}

BOOST_AUTO_TEST_CASE(no_attempts_are_none_however_long_a_connection_has_held)
{
    ReconnectSchedule schedule(0, 0ms);
    schedule.connected(start);
    BOOST_TEST(schedule.has_held(start));
    BOOST_TEST(!schedule.may_reconnect(start + 1h));
}

BOOST_AUTO_TEST_CASE(a_connection_may_have_to_hold_for_longer_than_the_clock_can_count)
{
    ReconnectSchedule schedule(1, std::chrono::milliseconds::max());
    schedule.attempt_begins();
    schedule.connected(start);
    BOOST_TEST(!schedule.has_held(start + 10'000h));
}

BOOST_AUTO_TEST_CASE(an_unlimited_number_of_attempts)
{
    ReconnectSchedule schedule(std::numeric_limits<unsigned>::max(), 5s);
    for (int i = 0; i < 1000; ++i)
        schedule.attempt_begins();
    BOOST_TEST(schedule.has_attempts_left());
}

BOOST_AUTO_TEST_SUITE_END()
