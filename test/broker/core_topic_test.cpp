#include "script.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using arbalest::broker::test::Script;

BOOST_AUTO_TEST_SUITE(core_topic)

BOOST_AUTO_TEST_CASE(every_subscriber_gets_it_and_nothing_is_stored)
{
    Script script;
    script.play(R"(
        c> SEND destination:/topic/t | 0
        a> SUBSCRIBE id:1 destination:/topic/t
        b1> SUBSCRIBE id:1 destination:/topic/t
        b1> SUBSCRIBE id:2 destination:/topic/t
        c> SEND destination:/topic/t receipt:r | 1
        a< MESSAGE subscription:1 destination:/topic/t | 1
        b1< MESSAGE subscription:1 destination:/topic/t | 1
        b1< MESSAGE subscription:2 destination:/topic/t | 1
        c< RECEIPT receipt-id:r
        a> UNSUBSCRIBE id:1
        b1> UNSUBSCRIBE id:1
        c> SEND destination:/topic/t | 2
        b1< MESSAGE subscription:2 destination:/topic/t | 2
        b1 lost
        c> SEND destination:/topic/t | 3
    )");
    auto const stats = script.core().stats("/topic/t");
    BOOST_TEST(stats.sent == 4u);
    BOOST_TEST(stats.delivered == 4u);
    BOOST_TEST(stats.dropped == 2u);
    BOOST_TEST(stats.subscriptions == 0u);
}

BOOST_AUTO_TEST_CASE(acknowledgement_and_prefetch)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/topic/t ack:client-individual prefetch-count:1
        b> SUBSCRIBE id:1 destination:/topic/t
        b> SEND destination:/topic/t | 1
        a< MESSAGE subscription:1 destination:/topic/t ack:#1 | 1
        b< MESSAGE subscription:1 destination:/topic/t | 1
        b> SEND destination:/topic/t | 2
        b< MESSAGE subscription:1 destination:/topic/t | 2
        a> NACK id:#1
        a< MESSAGE subscription:1 destination:/topic/t ack:#2 redelivered:true | 1
        a> ACK id:#2
        a< MESSAGE subscription:1 destination:/topic/t ack:#3 | 2
        a lost
    )");
    auto const stats = script.core().stats("/topic/t");
    BOOST_TEST(stats.unacknowledged == 0u);
    BOOST_TEST(stats.depth == 0u);
    BOOST_TEST(stats.subscriptions == 1u);
}

BOOST_AUTO_TEST_CASE(a_congested_subscriber_gets_it_later)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/topic/t
        a congested
        b> SEND destination:/topic/t | 1
        b> SEND destination:/topic/t | 2
        a drained
        a< MESSAGE subscription:1 destination:/topic/t | 1
        a< MESSAGE subscription:1 destination:/topic/t | 2
    )");
}

BOOST_AUTO_TEST_CASE(a_subscriber_that_falls_too_far_behind_is_closed)
{
    auto config = Script::quiet();
    config.topic_backlog = 10'000;
    config.close_after_error = false;
    Script script(config);
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/topic/t
        a> SUBSCRIBE id:2 destination:/topic/t
        a> SUBSCRIBE id:3 destination:/queue/q ack:client
        a> SEND destination:/queue/q | held
        a< MESSAGE subscription:3 destination:/queue/q ack:#1 | held
        b> SUBSCRIBE id:1 destination:/queue/q
        a congested
    )");
    auto const send = "b> SEND destination:/topic/t receipt:r | " + std::string(9000, 'x');
    script.play(send + "\n b< RECEIPT receipt-id:r");
    script.play(send + R"(
        a< ERROR message:Slow_consumer
        b< MESSAGE subscription:1 destination:/queue/q redelivered:true | held
        a< closed
        b< RECEIPT receipt-id:r
    )");
    script.play(send + "\n b< RECEIPT receipt-id:r");
    BOOST_TEST(script.core().sessions() == 1u);
}

BOOST_AUTO_TEST_CASE(a_sender_that_floods_itself_is_closed_without_receipt)
{
    auto config = Script::quiet();
    config.topic_backlog = 10'000;
    Script script(config);
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/topic/t
        a congested
        a> BEGIN transaction:t
    )");
    auto const body = std::string(9000, 'x');
    script.step("a> SEND destination:/topic/t transaction:t | " + body);
    script.step("a> SEND destination:/topic/t transaction:t | " + body);
    script.step("a> SEND destination:/temp-queue/mine transaction:t | 1");
    script.step("a> SEND destination:/queue/q transaction:t | 1");
    script.play(R"(
        a> COMMIT transaction:t receipt:r
        a< ERROR message:Slow_consumer
        a< closed
    )");
    BOOST_TEST(script.core().stats("/queue/q").depth == 1u);
}

// A wildcard is a whole word: these are names.
BOOST_AUTO_TEST_CASE(names_that_have_the_characters_of_wildcards_in_them)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/topic/c#.a*b receipt:1
        a< RECEIPT receipt-id:1
        a> SUBSCRIBE id:2 destination:/queue/* receipt:2
        a< RECEIPT receipt-id:2
        a> SEND destination:/topic/c#.a*b | x
        a< MESSAGE subscription:1 destination:/topic/c#.a*b | x
    )");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
