#include "classic/brokers.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <sstream>
#include <vector>

BOOST_AUTO_TEST_SUITE(brokers)

using namespace arbalest::classic;
using detail::order_brokers;
using detail::reconnect_sleep;

namespace {

HostAndPort const otherwise("localhost", 61613);

std::string order(ConnectionOptions const& options)
{
    std::ostringstream text;
    char const* separator = "";
    for (auto const& broker : order_brokers(options, otherwise)) {
        text << separator << broker;
        separator = " ";
    }
    return text.str();
}

double seconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double>(time).count();
}

} // namespace

BOOST_AUTO_TEST_CASE(without_any_it_is_localhost)
{
    BOOST_TEST(order(ConnectionOptions()) == "localhost:61613");
}

BOOST_AUTO_TEST_CASE(localhost_comes_first_if_it_is_preferred)
{
    ConnectionOptions options({{"one.example", 1}, {"localhost", 2}, {"two.example", 3}, {"127.0.0.1", 4}});
    BOOST_TEST(order(options) == "localhost:2 127.0.0.1:4 one.example:1 two.example:3");
    options.prefer_localhost = false;
    BOOST_TEST(order(options) == "one.example:1 localhost:2 two.example:3 127.0.0.1:4");
}

BOOST_AUTO_TEST_CASE(the_loopback_is_tried_for_other_names_of_this_machine)
{
    ConnectionOptions options({{"one.example", 1}, {"::1", 2}});
    BOOST_TEST(order(options) == "127.0.0.1:2 [::1]:2 one.example:1");
    options.prefer_localhost = false;
    BOOST_TEST(order(options) == "127.0.0.1:2 one.example:1 [::1]:2");
    options.try_loopback_connect = false;
    BOOST_TEST(order(options) == "one.example:1 [::1]:2");
    ConnectionOptions const known({{"::1", 2}, {"localhost", 2}});
    BOOST_TEST(order(known) == "[::1]:2 localhost:2");
}

// min(max, initial * (1 + increase)^(n-1)) * (1 + random * jitter)
BOOST_AUTO_TEST_CASE(sleeps_grow_up_to_their_limit)
{
    ConnectionOptions const options;
    BOOST_TEST(seconds(reconnect_sleep(options, 1, 0)) == 0.1, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(seconds(reconnect_sleep(options, 2, 0)) == 0.15, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(seconds(reconnect_sleep(options, 3, 0)) == 0.225, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(seconds(reconnect_sleep(options, 3, 1)) == 0.2475, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(seconds(reconnect_sleep(options, 100, 0)) == 60.0, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(seconds(reconnect_sleep(options, 1'000'000, 1)) == 66.0, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(unreasonable_figures_do_no_harm)
{
    ConnectionOptions options;
    options.reconnect_sleep_initial = Seconds(-1);
    BOOST_TEST(seconds(reconnect_sleep(options, 1, 1)) == 0);
    options.reconnect_sleep_initial = Seconds(1e300);
    options.reconnect_sleep_max = Seconds(1e300);
    BOOST_TEST(seconds(reconnect_sleep(options, 9, 1)) <= 1e9);
    options.reconnect_sleep_increase = -3;
    BOOST_TEST(seconds(reconnect_sleep(options, 2, 0)) >= 0);
}

BOOST_AUTO_TEST_SUITE_END()
