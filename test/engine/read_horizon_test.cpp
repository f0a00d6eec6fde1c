#include "engine/read_horizon.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(read_horizon)

using arbalest::detail::ReadHorizon;
using arbalest::detail::TimePoint;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint noon{1'000'000s};

} // namespace

BOOST_AUTO_TEST_CASE(a_check_reaches_its_beginning_with_its_last_step)
{
    ReadHorizon horizon;
    BOOST_TEST((horizon.reached() < noon));
    BOOST_TEST((horizon.next_step() == TimePoint::max()));
    horizon.begin(noon, 5ms);
    auto now = noon;
    for (int step = 0; step < ReadHorizon::steps; ++step) {
        BOOST_TEST(horizon.is_checking());
        BOOST_TEST((horizon.reached() < noon));
        BOOST_TEST((horizon.next_step() == now + 5ms));
        horizon.ring(now + 1ms); // for something else
        BOOST_TEST((horizon.next_step() == now + 5ms));
        now += 7ms; // late
        horizon.ring(now);
    }
    BOOST_TEST(!horizon.is_checking());
    BOOST_TEST((horizon.reached() == noon));
    BOOST_TEST((horizon.next_step() == TimePoint::max()));
    horizon.ring(now + 1h);
    BOOST_TEST((horizon.reached() == noon));
}

BOOST_AUTO_TEST_CASE(a_check_that_is_stopped_reaches_nothing)
{
    ReadHorizon horizon;
    horizon.begin(noon, 1ms);
    horizon.ring(noon + 1ms);
    horizon.stop();
    for (int step = 0; step < 2 * ReadHorizon::steps; ++step)
        horizon.ring(noon + 1s + step * 1ms);
    BOOST_TEST((horizon.reached() < noon));
    horizon.begin(noon + 2s, 1ms);
    for (int step = 1; step <= ReadHorizon::steps; ++step)
        horizon.ring(noon + 2s + step * 1ms);
    BOOST_TEST((horizon.reached() == noon + 2s));
}

BOOST_AUTO_TEST_CASE(steps_are_short_beside_the_period)
{
    BOOST_TEST((ReadHorizon::step_for(1ms) == 1ms));
    BOOST_TEST((ReadHorizon::step_for(640ms) == 10ms));
    BOOST_TEST((ReadHorizon::step_for(10s) == 25ms));
    BOOST_TEST((ReadHorizon::step_for(std::chrono::milliseconds::max()) == 25ms));
}

BOOST_AUTO_TEST_SUITE_END()
