#include <arbalest/arbalest.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <vector>

// How long to wait before an attempt, and whether to make one at all.
BOOST_AUTO_TEST_SUITE(reconnect_policy)

using namespace arbalest;
using namespace std::chrono_literals;

namespace {

Failure failure_of_attempts(std::vector<ConnectAttempt> attempts)
{
    return Failure(std::make_exception_ptr(ConnectError(std::move(attempts))));
}

ConnectAttempt attempt_at(ConnectPhase phase, boost::system::error_code code = boost::asio::error::connection_refused)
{
    ConnectAttempt attempt;
    attempt.phase = phase;
    attempt.code = code;
    return attempt;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_waits_grow_up_to_the_cap)
{
    ReconnectPolicy policy;
    policy.jitter = 0;
    BOOST_TEST((policy.delay(1, 0.5) == 100ms));
    BOOST_TEST((policy.delay(2, 0.5) == 150ms));
    BOOST_TEST((policy.delay(3, 0.5) == 225ms));
    BOOST_TEST((policy.delay(16, 0.5) == 43'789ms));
    BOOST_TEST((policy.delay(17, 0.5) == 60'000ms));
    BOOST_TEST((policy.delay(ReconnectPolicy::unlimited, 0.5) == 60'000ms)); // where powers have no number any more
    BOOST_TEST((policy.delay(0, 0.5) == 100ms));
}

BOOST_AUTO_TEST_CASE(chance_shortens_a_wait_by_its_part_also_at_the_cap)
{
    ReconnectPolicy policy;
    policy.initial = 1000ms;
    policy.max = 2000ms;
    policy.jitter = 0.25;
    BOOST_TEST((policy.delay(1, 0) == 1000ms));
    BOOST_TEST((policy.delay(1, 1) == 750ms));
    BOOST_TEST((policy.delay(9, 0.5) == 1750ms));
    policy.jitter = 7; // more than all of it is all of it
    BOOST_TEST((policy.delay(1, 1) == 0ms));
    policy.jitter = -1;
    BOOST_TEST((policy.delay(1, 1) == 1000ms));
}

BOOST_AUTO_TEST_CASE(strange_settings_make_no_strange_waits)
{
    ReconnectPolicy policy;
    policy.jitter = 0;
    policy.multiplier = 0;
    BOOST_TEST((policy.delay(5, 0) == 0ms));
    policy.multiplier = 1.5;
    policy.initial = 0ms;
    BOOST_TEST((policy.delay(5, 0) == 0ms));
    policy.initial = -5ms;
    BOOST_TEST((policy.delay(5, 0) == 0ms));
    policy.initial = 100'000ms;
    BOOST_TEST((policy.delay(1, 0) == 60'000ms));
}

BOOST_AUTO_TEST_CASE(waits_without_a_longest_one_and_beyond_what_can_be_counted)
{
    constexpr auto longest = std::chrono::milliseconds::max();
    ReconnectPolicy policy;
    policy.jitter = 0;
    policy.max = 0ms;
    BOOST_TEST((policy.delay(1, 0) == 100ms));
    BOOST_TEST((policy.delay(17, 0) > 60'000ms));
    BOOST_TEST((policy.delay(ReconnectPolicy::unlimited, 0) == longest));
    policy.max = policy.initial = longest;
    BOOST_TEST((policy.delay(1, 0) == longest));
    for (auto const odd : {std::nan(""), -std::numeric_limits<double>::infinity()}) {
        policy.jitter = odd;
        BOOST_TEST((policy.delay(1, 0.5) >= 0ms));
    }
}

BOOST_AUTO_TEST_CASE(losses_are_temporary)
{
    BOOST_TEST(ReconnectPolicy::is_temporary(Failure()));
    auto const lost = ConnectionLost(boost::asio::error::eof, "gone");
    BOOST_TEST(ReconnectPolicy::is_temporary(Failure(lost.to_exception_ptr())));
    BOOST_TEST(ReconnectPolicy::is_temporary(Failure(MissingHeartBeat(10ms).to_exception_ptr())));
    ErrorFrameReceived const error(Frame("ERROR"), Outcome::unknown);
    BOOST_TEST(ReconnectPolicy::is_temporary(Failure(error.to_exception_ptr())));
    BOOST_TEST(!ReconnectPolicy::is_temporary(Failure(InvalidFrame("CONNECT").to_exception_ptr())));
    InvalidConfig const wrong("limits.body", "0", "it must be at least 1");
    BOOST_TEST(!ReconnectPolicy::is_temporary(Failure(wrong.to_exception_ptr())));
}

BOOST_AUTO_TEST_CASE(a_rejected_login_is_final_wherever_it_comes_from)
{
    auto const refused = attempt_at(ConnectPhase::tcp);
    BOOST_TEST(ReconnectPolicy::is_temporary(failure_of_attempts({refused})));
    auto rejected = attempt_at(ConnectPhase::stomp, make_error_code(errc::error_frame_received));
    BOOST_TEST(ReconnectPolicy::is_temporary(failure_of_attempts({rejected})));
    rejected.login_refused = true;
    BOOST_TEST(!ReconnectPolicy::is_temporary(failure_of_attempts({rejected})));
    BOOST_TEST(!ReconnectPolicy::is_temporary(failure_of_attempts({rejected, refused})));
    for (auto const status : {401U, 403U}) {
        auto http = attempt_at(ConnectPhase::http, make_error_code(transport_errc::http_refused));
        http.http_status = status;
        BOOST_TEST(!ReconnectPolicy::is_temporary(failure_of_attempts({refused, http})));
        http.http_status = 503;
        BOOST_TEST(ReconnectPolicy::is_temporary(failure_of_attempts({refused, http})));
    }
    auto const silent = attempt_at(ConnectPhase::stomp, make_error_code(errc::timeout));
    BOOST_TEST(ReconnectPolicy::is_temporary(failure_of_attempts({silent})));
}

BOOST_AUTO_TEST_CASE(what_time_does_not_heal_is_final_when_it_holds_for_every_url)
{
    auto const refused = attempt_at(ConnectPhase::tcp);
    auto certificate = attempt_at(ConnectPhase::tls);
    certificate.certificate_refused = true;
    auto const unusable = attempt_at(ConnectPhase::url);
    auto const setting = attempt_at(ConnectPhase::tls, make_error_code(transport_errc::unusable_setting));
    BOOST_TEST(!ReconnectPolicy::is_temporary(failure_of_attempts({certificate})));
    BOOST_TEST(!ReconnectPolicy::is_temporary(failure_of_attempts({certificate, unusable, setting})));
    BOOST_TEST(ReconnectPolicy::is_temporary(failure_of_attempts({certificate, refused})));
    BOOST_TEST(ReconnectPolicy::is_temporary(failure_of_attempts({attempt_at(ConnectPhase::tls)})));
    BOOST_TEST(!ReconnectPolicy::is_temporary(failure_of_attempts({}))); // no URL at all
}

BOOST_AUTO_TEST_CASE(an_error_tells_how_many_attempts_were_made)
{
    ConnectError const once({attempt_at(ConnectPhase::tcp)});
    BOOST_TEST(once.rounds() == 1u);
    BOOST_TEST(std::string(once.what()).find(" attempts: ") == std::string::npos);
    auto const often = once.with_rounds(7);
    BOOST_TEST(often.rounds() == 7u);
    BOOST_TEST(std::string(often.what()).starts_with("cannot connect after 7 attempts: "), often.what());
    BOOST_TEST(often.attempts().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
