#include "support/session_fixture.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

// Many tests rest on run_dry() alone, so it must be able to say no.
BOOST_FIXTURE_TEST_SUITE(context_fixture, arbalest::test::ContextFixture)

using namespace arbalest::test;
using asio::ip::tcp;

BOOST_AUTO_TEST_CASE(what_has_ended_leaves_nothing)
{
    BOOST_TEST(run_dry());
    int steps = 0;
    asio::post(context, [&] { asio::post(context, [&] { ++steps; }); });
    BOOST_TEST(run_dry());
    BOOST_TEST(steps == 1);
}

BOOST_AUTO_TEST_CASE(a_pending_timer_is_something_left)
{
    asio::steady_timer timer(context, 1h);
    timer.async_wait([](boost::system::error_code) {});
    BOOST_TEST(!run_dry(10ms));
    timer.cancel();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_pending_operation_on_a_socket_is_something_left)
{
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    acceptor.async_accept([](boost::system::error_code, tcp::socket) {});
    BOOST_TEST(!run_dry(10ms));
    acceptor.close();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()
