#include <arbalest/engine/error.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>

// What the errors of a session say, and that a copy with another outcome says the same.
BOOST_AUTO_TEST_SUITE(engine_errors)

using namespace arbalest;
using namespace std::chrono_literals;

namespace {

bool says(std::exception const& error, std::string_view text)
{
    return std::string_view(error.what()).find(text) != std::string_view::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_lost_receipt_names_the_receipt_its_limit_and_an_error_that_came)
{
    LostReceipt const plain("r-7", 250ms, Outcome::unknown);
    BOOST_TEST((plain.code() == errc::lost_receipt));
    BOOST_TEST(plain.receipt_id() == "r-7");
    BOOST_TEST(plain.limit().count() == 250);
    BOOST_TEST(!plain.cause_error());
    BOOST_TEST(says(plain, "'r-7'"));
    BOOST_TEST(says(plain, "250 ms"));
    BOOST_TEST(!says(plain, "ERROR"));

    auto const cause = std::make_shared<SessionClosed>("over");
    LostReceipt const explained("r-7", 250ms, Outcome::not_sent, cause);
    BOOST_TEST(explained.cause_error() == cause);
    BOOST_TEST(says(explained, "ERROR: over"));
    BOOST_TEST(explained.outcome() == Outcome::not_sent);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_keeps_the_reason_that_the_peer_gave)
{
    auto const code = make_error_code(errc::timeout);
    ConnectionLost const lost(code, "the connection broke");
    BOOST_TEST(lost.outcome() == Outcome::unknown);
    BOOST_TEST((lost.cause() == code));
    BOOST_TEST(lost.close_reason().empty());
    BOOST_TEST(says(lost, "the connection broke"));

    ConnectionLost const closed(code, "closed", std::string("going\naway"));
    BOOST_TEST(closed.close_reason() == "going\naway"); // as it came
    BOOST_TEST(says(closed, "closed: going"));
    BOOST_TEST(!says(closed, "\n"));
    BOOST_TEST(!says(ConnectionLost(code, "closed", std::string()), ":"));
}

BOOST_AUTO_TEST_CASE(a_slow_consumer_is_told_how_much_it_has_left)
{
    SlowConsumer const slow("/queue/q", 12, 3456);
    BOOST_TEST(slow.messages() == 12u);
    BOOST_TEST(slow.bytes() == 3456u);
    for (auto const* const text : {"/queue/q", "12", "3456"})
        BOOST_TEST(says(slow, text));
}

BOOST_AUTO_TEST_CASE(a_copy_with_another_outcome_is_the_same_otherwise)
{
    LostReceipt const original("r-7", 250ms, Outcome::unknown);
    auto const copy = original.with_outcome(Outcome::not_sent);
    BOOST_TEST(copy->outcome() == Outcome::not_sent);
    BOOST_TEST(original.outcome() == Outcome::unknown);
    BOOST_TEST(std::string(copy->what()) == original.what());
    BOOST_CHECK_THROW(copy->raise(), LostReceipt);
    BOOST_TEST((StaleMessage().outcome() == Outcome::not_sent));
    BOOST_TEST((SessionClosed("over").outcome() == Outcome::not_sent));
}

BOOST_AUTO_TEST_SUITE_END()
