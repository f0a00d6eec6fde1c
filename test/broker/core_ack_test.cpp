#include "script.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using arbalest::broker::test::Script;

// Three messages for the subscription `1` of the client, in that mode and version.
void three_messages(Script& script, std::string const& client, std::string const& mode)
{
    script.step("sender> SEND destination:/queue/q | 1");
    script.step("sender> SEND destination:/queue/q | 2");
    script.step("sender> SEND destination:/queue/q | 3");
    auto const answers = script.step(client + "> SUBSCRIBE id:1 destination:/queue/q ack:" + mode);
    BOOST_REQUIRE_EQUAL(answers.size(), 3u);
}

BOOST_AUTO_TEST_SUITE(core_ack)

BOOST_AUTO_TEST_CASE(cumulative_ack)
{
    Script script;
    three_messages(script, "a", "client");
    script.play("a> ACK id:#2 receipt:r\n a< RECEIPT receipt-id:r");
    auto const stats = script.core().stats("/queue/q");
    BOOST_TEST(stats.acknowledged == 2u);
    BOOST_TEST(stats.unacknowledged == 1u);
    script.play(R"(
        b> SUBSCRIBE id:1 destination:/queue/q
        a lost
        b< MESSAGE subscription:1 destination:/queue/q redelivered:true | 3
    )");
}

BOOST_AUTO_TEST_CASE(individual_ack)
{
    Script script;
    three_messages(script, "a", "client-individual");
    script.play(R"(
        a> ACK id:#2
        b> SUBSCRIBE id:1 destination:/queue/q
        a lost
        b< MESSAGE subscription:1 destination:/queue/q redelivered:true | 1
        b< MESSAGE subscription:1 destination:/queue/q redelivered:true | 3
    )");
}

BOOST_AUTO_TEST_CASE(individual_nack_is_delivered_again_at_once)
{
    Script script;
    three_messages(script, "a", "client-individual");
    script.play(R"(
        a> NACK id:#2 receipt:r
        a< MESSAGE subscription:1 destination:/queue/q ack:#4 redelivered:true | 2
        a< RECEIPT receipt-id:r
        a> NACK id:#4
        a< MESSAGE subscription:1 destination:/queue/q ack:#5 redelivered:true | 2
    )");
    auto const stats = script.core().stats("/queue/q");
    BOOST_TEST(stats.rejected == 2u);
    BOOST_TEST(stats.unacknowledged == 3u);
}

BOOST_AUTO_TEST_CASE(cumulative_nack_keeps_the_order)
{
    Script script;
    script.play("b> SUBSCRIBE id:b destination:/queue/other"); // connected before
    three_messages(script, "a", "client");
    script.play(R"(
        sender> SEND destination:/queue/q | 4
        a< MESSAGE subscription:1 destination:/queue/q ack:#4 | 4
        a> NACK id:#3
        a< MESSAGE subscription:1 destination:/queue/q ack:#5 redelivered:true | 1
        a< MESSAGE subscription:1 destination:/queue/q ack:#6 redelivered:true | 2
        a< MESSAGE subscription:1 destination:/queue/q ack:#7 redelivered:true | 3
    )");
}

BOOST_AUTO_TEST_CASE(nack_without_requeue_drops)
{
    Script script;
    three_messages(script, "a", "client-individual");
    script.play(R"(
        a> NACK id:#1 requeue:false receipt:r
        a< RECEIPT receipt-id:r
        a> NACK id:#2 requeue:true
        a< MESSAGE subscription:1 destination:/queue/q ack:#4 redelivered:true | 2
    )");
    BOOST_TEST(script.core().stats("/queue/q").dropped == 1u);
}

BOOST_AUTO_TEST_CASE(version_1_1)
{
    Script script;
    script.play(R"(
        s> SEND destination:/queue/q | 1
        s> SEND destination:/queue/q | 2
        a1> SUBSCRIBE id:x destination:/queue/q ack:client-individual
        a1< MESSAGE subscription:x destination:/queue/q | 1
        a1< MESSAGE subscription:x destination:/queue/q | 2
        a1> ACK message-id:#2 subscription:x receipt:r
        a1< RECEIPT receipt-id:r
        a1> NACK message-id:#1 subscription:x
        a1< MESSAGE subscription:x destination:/queue/q redelivered:true | 1
    )");
}

BOOST_AUTO_TEST_CASE(version_1_0)
{
    Script script;
    script.play(R"(
        s> SEND destination:/queue/q | 1
        a0> SUBSCRIBE destination:/queue/q ack:client
        a0< MESSAGE destination:/queue/q | 1
        a0> ACK message-id:#1 receipt:r
        a0< RECEIPT receipt-id:r
        a0> UNSUBSCRIBE destination:/queue/q receipt:u
        a0< RECEIPT receipt-id:u
        a0> SUBSCRIBE destination:/queue/q id:7 ack:auto
        s> SEND destination:/queue/q | 2
        a0< MESSAGE subscription:7 destination:/queue/q | 2
        a0> UNSUBSCRIBE destination:/queue/q receipt:u
        a0< RECEIPT receipt-id:u
        a0> NACK message-id:#1
        a0< ERROR message:Unknown_command
        a0< closed
    )");
    BOOST_TEST(script.core().stats("/queue/q").acknowledged == 2u);
}

BOOST_AUTO_TEST_CASE(two_unnamed_subscriptions_of_1_0)
{
    Script script;
    script.play(R"(
        a0> SUBSCRIBE destination:/topic/x
        a0> SUBSCRIBE destination:/topic/y
        a0> SEND destination:/topic/y | 1
        a0< MESSAGE destination:/topic/y | 1
        a0> UNSUBSCRIBE destination:/topic/x
        a0> SEND destination:/topic/x | 2
        a0> SUBSCRIBE destination:/topic/y
        a0< ERROR message:Duplicate_subscription
        a0< closed
    )");
}

BOOST_AUTO_TEST_CASE(what_is_no_unacknowledged_message)
{
    auto config = Script::quiet();
    config.close_after_error = false;
    for (auto const* const bad : {
             "ACK id:#1 receipt:r", // acknowledged already
             "NACK id:#1 receipt:r",
             "ACK id:b.#1 receipt:r", // of another session
             "ACK id:m#2 receipt:r",  // the message-id
             "ACK id:m#4 receipt:r",  // of a subscription without acknowledgement
             "ACK id:#2x receipt:r",
             "ACK id:#2-1 receipt:r",
             "ACK id:#2-99999999999999999999999 receipt:r",
             "ACK id:nonsense receipt:r",
             "ACK id: receipt:r",
         }) {
        BOOST_TEST_CONTEXT(bad)
        {
            Script script(config);
            three_messages(script, "a", "client-individual");
            script.step("a> ACK id:#1");
            script.step("a> SUBSCRIBE id:2 destination:/topic/t");
            script.step("a> SEND destination:/topic/t | x");
            script.step("b> SUBSCRIBE id:1 destination:/queue/b ack:client-individual");
            script.step("b> SEND destination:/queue/b | x");
            script.play(std::string("a> ") + bad + "\n a< ERROR message:Unknown_message receipt-id:r");
            BOOST_TEST(script.core().stats("/queue/q").unacknowledged == 2u);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
