#include "engine/connection_loss.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

// What a lost connection means for each kind of frame.
BOOST_AUTO_TEST_SUITE(connection_loss)

using namespace arbalest;
using namespace arbalest::detail;

namespace {

enum class In { the_open, a_transaction };

OnConnectionLoss rule_of(std::string_view command, In where = In::the_open, FrameRole role = FrameRole())
{
    Frame frame(command);
    if (where == In::a_transaction)
        frame.add_header("transaction", "tx-1");
    return on_connection_loss(frame, role);
}

FrameRole announcing()
{
    FrameRole role;
    role.announces_subscription = true;
    return role;
}

FrameRole deleting()
{
    FrameRole role;
    role.deletes_durable = true;
    return role;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_rule_of_each_command)
{
    using enum OnConnectionLoss;
    BOOST_TEST((rule_of("SEND") == resend));
    BOOST_TEST((rule_of("SEND", In::a_transaction) == fail));
    BOOST_TEST((rule_of("SUBSCRIBE") == wait));
    BOOST_TEST((rule_of("SUBSCRIBE", In::the_open, announcing()) == resend));
    BOOST_TEST((rule_of("UNSUBSCRIBE") == succeed));
    BOOST_TEST((rule_of("UNSUBSCRIBE", In::the_open, deleting()) == fail));
    for (auto const* const command : {"ACK", "NACK"}) {
        BOOST_TEST((rule_of(command) == stale));
        BOOST_TEST((rule_of(command, In::a_transaction) == fail));
    }
    BOOST_TEST((rule_of("BEGIN", In::a_transaction) == wait));
    BOOST_TEST((rule_of("COMMIT", In::a_transaction) == fail));
    BOOST_TEST((rule_of("ABORT", In::a_transaction) == succeed));
    BOOST_TEST((rule_of("A-COMMAND-OF-THE-USER'S") == wait));
}

BOOST_AUTO_TEST_CASE(the_whole_table)
{
    struct Row
    {
        OnConnectionLoss rule;
        AfterLoss not_encoded, unsent, in_flight;
    };
    using enum AfterLoss;
    Row const rows[] = {
        {OnConnectionLoss::fail, fails, fails, fails},
        {OnConnectionLoss::wait, goes_on, fails, fails},
        {OnConnectionLoss::resend, goes_on, goes_on, goes_on},
        {OnConnectionLoss::succeed, succeeds, succeeds, succeeds},
        {OnConnectionLoss::stale, turns_stale, turns_stale, fails},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT("rule " << static_cast<int>(row.rule))
        {
            BOOST_TEST((after_loss(row.rule, Progress::not_encoded, 1) == row.not_encoded));
            BOOST_TEST((after_loss(row.rule, Progress::unsent, 1) == row.unsent));
            BOOST_TEST((after_loss(row.rule, Progress::in_flight, 1) == row.in_flight));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_was_in_flight_at_two_losses_in_a_row_is_given_up)
{
    auto const resend = OnConnectionLoss::resend;
    BOOST_TEST((after_loss(resend, Progress::in_flight, losses_before_giving_up) == AfterLoss::fails));
    BOOST_TEST((after_loss(resend, Progress::in_flight, losses_before_giving_up + 1) == AfterLoss::fails));
    BOOST_TEST((after_loss(resend, Progress::unsent, losses_before_giving_up) == AfterLoss::goes_on));
    BOOST_TEST((after_loss(resend, Progress::not_encoded, losses_before_giving_up) == AfterLoss::goes_on));
}

BOOST_AUTO_TEST_SUITE_END()
