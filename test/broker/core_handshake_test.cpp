#include "script.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using arbalest::BrokerConfig;
using arbalest::HeartBeat;
using arbalest::StompVersion;
using arbalest::broker::test::Script;
using Lines = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(core_handshake)

BOOST_AUTO_TEST_CASE(the_highest_common_version_is_taken)
{
    Script script;
    script.play(R"(
        a> CONNECT accept-version:1.0,1.1,1.2 host:x
        a< CONNECTED version:1.2 heart-beat:0,0
        b> STOMP accept-version:1.1,1.0
        b< CONNECTED version:1.1 heart-beat:0,0
        c> CONNECT accept-version:1.0
        c< CONNECTED version:1.0
        d> CONNECT
        d< CONNECTED version:1.0
        e> CONNECT accept-version:2.0,1.2
        e< CONNECTED version:1.2 heart-beat:0,0
    )");
    BOOST_TEST(script.core().sessions() == 5u);
}

BOOST_AUTO_TEST_CASE(connected_names_session_and_server)
{
    Script script;
    script.step("a> CONNECT accept-version:1.2");
    BOOST_TEST(script.last_frame().header("session").value() == "s-1");
    BOOST_TEST(script.last_frame().header("server").value() == "arbalest-broker/0.1");
}

BOOST_AUTO_TEST_CASE(no_common_version)
{
    Script script;
    script.play(R"(
        a> CONNECT accept-version:9.9
        a< ERROR message:Version_mismatch version:1.0,1.1,1.2
        a< closed
        a> CONNECT accept-version:1.2
    )");
    BOOST_TEST(script.last_frame().header("content-type").value() == "text/plain");
    BOOST_TEST(script.last_frame().body() == "Supported protocol versions are 1.0,1.1,1.2.");
    BOOST_TEST(script.core().sessions() == 0u);
}

BOOST_AUTO_TEST_CASE(unexpected_bodies_are_ignored_if_wanted)
{
    auto config = Script::quiet();
    config.ignore_unexpected_bodies = true;
    Script script(config);
    script.play(R"(
        a> CONNECT accept-version:1.2 | null
        a< CONNECTED version:1.2 heart-beat:0,0
        a> SUBSCRIBE id:1 destination:/queue/q receipt:1 | null
        a< RECEIPT receipt-id:1
        a> UNSUBSCRIBE id:1 receipt:2 | null
        a< RECEIPT receipt-id:2
    )");
    Script strict;
    strict.play(R"(
        a> CONNECT accept-version:1.2 | null
        a< ERROR message:Unexpected_body
        a< closed
        b0> SUBSCRIBE destination:/queue/q receipt:1 | ignored in 1.0
        b0< RECEIPT receipt-id:1
    )");
}

BOOST_AUTO_TEST_CASE(versions_are_configurable)
{
    auto config = Script::quiet();
    config.versions = {StompVersion::v1_0};
    Script script(config);
    script.play(R"(
        a> CONNECT accept-version:1.0,1.1,1.2 heart-beat:1000,1000
        a< CONNECTED
        b> CONNECT accept-version:1.2
        b< ERROR message:Version_mismatch version:1.0
        b< closed
    )");
}

BOOST_AUTO_TEST_CASE(credentials)
{
    auto config = Script::quiet();
    config.credentials = {{"guest", "secret"}, {"empty", ""}};
    Script script(config);
    script.play(R"(
        a> CONNECT accept-version:1.2 login:guest passcode:secret
        a< CONNECTED version:1.2 heart-beat:0,0
        b> CONNECT accept-version:1.2 login:guest passcode:wrong
        b< ERROR message:Bad_CONNECT
        b< closed
        c> CONNECT accept-version:1.2 login:guest
        c< ERROR message:Bad_CONNECT
        c< closed
        d> CONNECT accept-version:1.2
        d< ERROR message:Bad_CONNECT
        d< closed
        e> CONNECT accept-version:1.2 login:nobody passcode:secret
        e< ERROR message:Bad_CONNECT
        e< closed
        f> CONNECT accept-version:1.2 login:empty
        f< CONNECTED version:1.2 heart-beat:0,0
    )");
}

BOOST_AUTO_TEST_CASE(a_refused_login_closes_although_errors_do_not)
{
    auto config = Script::quiet();
    config.credentials = {{"guest", "secret"}};
    config.close_after_error = false;
    Script script(config);
    script.play(R"(
        a> CONNECT accept-version:1.2
        a< ERROR message:Bad_CONNECT
        a< closed
    )");
}

BOOST_AUTO_TEST_CASE(virtual_hosts)
{
    auto config = Script::quiet();
    config.virtual_hosts = {"/", "orders"};
    Script script(config);
    script.play(R"(
        a> CONNECT accept-version:1.2 host:orders
        a< CONNECTED version:1.2 heart-beat:0,0
        b> CONNECT accept-version:1.2 host:localhost
        b< ERROR message:Bad_CONNECT
        b< closed
        c> CONNECT
        c< CONNECTED version:1.0
    )");
}

BOOST_AUTO_TEST_CASE(anything_else_before_connect)
{
    Script script;
    for (auto const* const frame : {"SEND destination:/queue/a | x", "DISCONNECT", "HELLO", "CONNECTED"}) {
        BOOST_TEST_CONTEXT(frame)
        {
            auto const name = std::string("client-") + frame[0] + frame[1] + frame[4];
            script.session(name); // and no CONNECT
            script.session(name).receive(arbalest::broker::test::parse_frame(frame), script.now());
            BOOST_TEST(script.last_frame().command() == "ERROR");
            BOOST_TEST(script.last_frame().header("message").value() == "Not connected");
            BOOST_TEST(script.session(name).is_over());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_second_connect)
{
    Script script;
    script.play(R"(
        a> CONNECT accept-version:1.2
        a< CONNECTED version:1.2 heart-beat:0,0
        a> CONNECT accept-version:1.2
        a< ERROR message:Already_connected
        a< closed
    )");
}

BOOST_AUTO_TEST_CASE(a_bad_heart_beat_header)
{
    Script script;
    script.play(R"(
        a> CONNECT accept-version:1.2 heart-beat:1000
        a< ERROR message:Bad_CONNECT
        a< closed
        b> CONNECT accept-version:1.0 heart-beat:1000
        b< CONNECTED version:1.0
    )");
}

BOOST_AUTO_TEST_CASE(connect_has_a_time_limit)
{
    Script script;
    script.session("a");
    BOOST_TEST((script.session("a").deadline() == script.now() + 10s));
    BOOST_TEST(script.tick("a", 9999ms) == Lines());
    BOOST_TEST(script.tick("a", 10s) == Lines{"a< closed"});
    BOOST_TEST(script.tick("a", 20s) == Lines());
}

BOOST_AUTO_TEST_CASE(heart_beats_in_both_directions)
{
    BrokerConfig config;
    config.heart_beat = HeartBeat(1000ms, 3000ms);
    config.heart_beat_tolerance = arbalest::HeartBeatTolerance(0.5, 2.0);
    Script script(config);
    script.play(R"(
        a> CONNECT accept-version:1.2 heart-beat:2000,2000
        a< CONNECTED version:1.2 heart-beat:1000,3000
    )");
    auto const start = script.now();
    auto& session = script.session("a");
    BOOST_TEST((session.deadline() == start + 1s));
    BOOST_TEST(script.tick("a", 999ms) == Lines());
    BOOST_TEST(script.tick("a", 1000ms) == Lines{"a< beat"});
    BOOST_TEST((session.deadline() == start + 2s));
    session.said(start + 1500ms); // anything else that is sent
    BOOST_TEST(script.tick("a", 2400ms) == Lines());
    BOOST_TEST(script.tick("a", 2500ms) == Lines{"a< beat"});
    session.heard(start + 4s); // 2 × 3 s from there
    session.said(start + 9500ms);
    BOOST_TEST(script.tick("a", 9999ms) == Lines());
    BOOST_TEST(script.tick("a", 10s) == Lines{"a< closed"});
    BOOST_TEST(script.core().sessions() == 0u);
}

BOOST_AUTO_TEST_CASE(heart_beats_that_one_side_does_not_want)
{
    BrokerConfig config;
    config.heart_beat = HeartBeat(1000ms, 1000ms);
    Script script(config);
    script.play(R"(
        a> CONNECT accept-version:1.2 heart-beat:0,0
        a< CONNECTED version:1.2 heart-beat:1000,1000
        b> CONNECT accept-version:1.2
        b< CONNECTED version:1.2 heart-beat:1000,1000
        c> CONNECT accept-version:1.0 heart-beat:1000,1000
        c< CONNECTED version:1.0
    )");
    for (auto const* const name : {"a", "b", "c"}) {
        BOOST_TEST((script.session(name).deadline() == Script::TimePoint::max()));
        BOOST_TEST(script.tick(name, 1h) == Lines());
    }
}

BOOST_AUTO_TEST_CASE(disconnect)
{
    Script script;
    script.play(R"(
        a> DISCONNECT receipt:bye
        a< RECEIPT receipt-id:bye
        a< closed
        b> DISCONNECT
        b< closed
        b> SEND destination:/queue/a | x
    )");
    BOOST_TEST(script.core().sessions() == 0u);
    BOOST_TEST(script.core().stats("/queue/a").sent == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
