#include "script.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using arbalest::broker::test::Script;

BOOST_AUTO_TEST_SUITE(core_transaction)

BOOST_AUTO_TEST_CASE(commit)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q
        b> BEGIN transaction:t receipt:1
        b< RECEIPT receipt-id:1
        b> SEND destination:/queue/q transaction:t receipt:2 x:y | one
        b< RECEIPT receipt-id:2
        b> SEND destination:/queue/q | before
        a< MESSAGE subscription:1 destination:/queue/q | before
        b> SEND destination:/queue/q transaction:t | two
        b> COMMIT transaction:t receipt:3
        a< MESSAGE subscription:1 destination:/queue/q x:y | one
        a< MESSAGE subscription:1 destination:/queue/q | two
        b< RECEIPT receipt-id:3
        b> BEGIN transaction:t
        b> COMMIT transaction:t
    )");
}

BOOST_AUTO_TEST_CASE(abort)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q
        b> BEGIN transaction:t
        b> SEND destination:/queue/q transaction:t | one
        b> ABORT transaction:t receipt:3
        b< RECEIPT receipt-id:3
        b> COMMIT transaction:t receipt:4
        b< ERROR message:Unknown_transaction receipt-id:4
        b< closed
    )");
}

BOOST_AUTO_TEST_CASE(several_at_once)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q
        b> BEGIN transaction:t
        b> BEGIN transaction:u
        b> SEND destination:/queue/q transaction:t | t
        b> SEND destination:/queue/q transaction:u | u
        c> BEGIN transaction:t
        b> COMMIT transaction:u
        a< MESSAGE subscription:1 destination:/queue/q | u
        b> COMMIT transaction:t
        a< MESSAGE subscription:1 destination:/queue/q | t
    )");
}

BOOST_AUTO_TEST_CASE(acks_wait_for_commit)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client-individual prefetch-count:2
        b> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
        b> SEND destination:/queue/q | 2
        a< MESSAGE subscription:1 destination:/queue/q ack:#2 | 2
        b> SEND destination:/queue/q | 3
        a> BEGIN transaction:t
        a> ACK id:#1 transaction:t receipt:r
        a< RECEIPT receipt-id:r
        a> NACK id:#2 transaction:t
        a> SEND destination:/queue/other transaction:t | answer
        a> COMMIT transaction:t
        a< MESSAGE subscription:1 destination:/queue/q ack:#3 | 3
        a< MESSAGE subscription:1 destination:/queue/q ack:#4 redelivered:true | 2
    )");
    BOOST_TEST(script.core().stats("/queue/q").acknowledged == 1u);
    BOOST_TEST(script.core().stats("/queue/other").depth == 1u);
}

BOOST_AUTO_TEST_CASE(an_aborted_ack_can_be_given_again)
{
    auto config = Script::quiet();
    config.close_after_error = false;
    Script script(config);
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client-individual
        b> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
        a> BEGIN transaction:t
        a> ACK id:#1 transaction:t
        a> ACK id:#1 receipt:r
        a< ERROR message:Unknown_message receipt-id:r
        a> ABORT transaction:t
        a> ACK id:#1 receipt:r
        a< RECEIPT receipt-id:r
    )");
}

BOOST_AUTO_TEST_CASE(a_lost_connection_aborts)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client
        b> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
        a> BEGIN transaction:t
        a> ACK id:#1 transaction:t
        a> SEND destination:/queue/other transaction:t | answer
        b> SUBSCRIBE id:2 destination:/queue/q
        a lost
        b< MESSAGE subscription:2 destination:/queue/q redelivered:true | 1
    )");
    BOOST_TEST(script.core().stats("/queue/other").sent == 0u);
}

BOOST_AUTO_TEST_CASE(an_ack_whose_subscription_ended_before_commit)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client
        a> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
        a> BEGIN transaction:t
        a> ACK id:#1 transaction:t
        a> UNSUBSCRIBE id:1
        a> COMMIT transaction:t receipt:r
        a< RECEIPT receipt-id:r
    )");
    BOOST_TEST(script.core().stats("/queue/q").depth == 1u);
}

BOOST_AUTO_TEST_CASE(a_commit_without_room_does_nothing)
{
    auto config = Script::quiet();
    config.max_queue_depth = 3;
    config.close_after_error = false;
    Script script(config);
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/in ack:client
        a> SEND destination:/queue/in | 1
        a< MESSAGE subscription:1 destination:/queue/in ack:#1 | 1
        a> SEND destination:/queue/full | 1
        a> SEND destination:/queue/full | 2
        a> BEGIN transaction:t
        a> ACK id:#1 transaction:t
        a> SEND destination:/queue/full transaction:t | 3
        a> SEND destination:/queue/full transaction:t | 4
        a> SEND destination:/queue/full transaction:t receipt:r | 5
        a< ERROR message:Transaction_full receipt-id:r
        a> COMMIT transaction:t receipt:r
        a< ERROR message:Queue_full receipt-id:r
        a> COMMIT transaction:t receipt:r
        a< ERROR message:Unknown_transaction receipt-id:r
        a> ACK id:#1 receipt:r
        a< RECEIPT receipt-id:r
    )");
    BOOST_TEST(script.core().stats("/queue/full").depth == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
