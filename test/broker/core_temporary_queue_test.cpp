#include "script.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using arbalest::broker::test::Script;

BOOST_AUTO_TEST_SUITE(core_temporary_queue)

BOOST_AUTO_TEST_CASE(reply_to_without_subscribe)
{
    Script script;
    script.play(R"(
        server> SUBSCRIBE id:1 destination:/queue/service
        asker> SEND destination:/queue/service reply-to:/temp-queue/foo | question
        server< MESSAGE subscription:1 destination:/queue/service reply-to:/reply-queue/r-1 | question
        server> SEND destination:/reply-queue/r-1 receipt:r | answer
        asker< MESSAGE subscription:/temp-queue/foo destination:/temp-queue/foo | answer
        server< RECEIPT receipt-id:r
        asker> SEND destination:/queue/service reply-to:/temp-queue/foo | again
        server< MESSAGE subscription:1 destination:/queue/service reply-to:/reply-queue/r-1 | again
        asker> SEND destination:/queue/service reply-to:/temp-queue/bar | third
        server< MESSAGE subscription:1 destination:/queue/service reply-to:/reply-queue/r-2 | third
    )");
    BOOST_TEST(script.core().subscriptions() == 3u);
    script.play(R"(
        asker lost
        server> SEND destination:/reply-queue/r-1 receipt:r | late
        server< RECEIPT receipt-id:r
    )");
    BOOST_TEST(script.core().subscriptions() == 1u);
}

BOOST_AUTO_TEST_CASE(subscribed_to)
{
    Script script;
    script.play(R"(
        asker> SUBSCRIBE id:replies destination:/temp-queue/foo ack:client
        server> SUBSCRIBE id:1 destination:/queue/service
        asker> SEND destination:/queue/service reply-to:/temp-queue/foo | question
        server< MESSAGE subscription:1 destination:/queue/service reply-to:/reply-queue/r-1 | question
        server> SEND destination:/reply-queue/r-1 | answer
        asker< MESSAGE subscription:replies destination:/temp-queue/foo ack:#1 | answer
        asker> NACK id:#1
        asker< MESSAGE subscription:replies destination:/temp-queue/foo ack:#2 redelivered:true | answer
        asker> UNSUBSCRIBE id:replies receipt:r
        asker< RECEIPT receipt-id:r
        server> SEND destination:/reply-queue/r-1 | second
        asker> SUBSCRIBE id:x destination:/temp-queue/foo
        asker< MESSAGE subscription:x destination:/temp-queue/foo redelivered:true | answer
        asker< MESSAGE subscription:x destination:/temp-queue/foo | second
    )");
}

BOOST_AUTO_TEST_CASE(subscribing_takes_over_from_reply_to)
{
    Script script;
    script.play(R"(
        a> SEND destination:/queue/service reply-to:/temp-queue/foo | question
        a> SUBSCRIBE id:1 destination:/temp-queue/foo
        b> SEND destination:/reply-queue/r-1 | answer
        a< MESSAGE subscription:1 destination:/temp-queue/foo | answer
    )");
    BOOST_TEST(script.core().subscriptions() == 1u);
}

BOOST_AUTO_TEST_CASE(it_belongs_to_its_connection)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/temp-queue/foo
        b> SUBSCRIBE id:1 destination:/temp-queue/foo
        a> SEND destination:/temp-queue/foo | mine
        a< MESSAGE subscription:1 destination:/temp-queue/foo | mine
        b> SEND destination:/temp-queue/foo | mine
        b< MESSAGE subscription:1 destination:/temp-queue/foo | mine
    )");
    BOOST_TEST(script.core().destinations().empty());
}

BOOST_AUTO_TEST_CASE(version_1_0)
{
    Script script;
    script.play(R"(
        a0> SEND destination:/queue/service reply-to:/temp-queue/foo | question
        b> SEND destination:/reply-queue/r-1 | answer
        a0< MESSAGE subscription:/temp-queue/foo destination:/temp-queue/foo | answer
    )");
}

BOOST_AUTO_TEST_CASE(any_other_reply_to_is_left_alone)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q
        a> SEND destination:/queue/q reply-to:/queue/answers | question
        a< MESSAGE subscription:1 destination:/queue/q reply-to:/queue/answers | question
    )");
}

BOOST_AUTO_TEST_CASE(replies_inside_a_transaction)
{
    Script script;
    script.play(R"(
        a> BEGIN transaction:t
        a> SEND destination:/queue/service reply-to:/temp-queue/foo transaction:t | question
        b> SUBSCRIBE id:1 destination:/queue/service
        a> COMMIT transaction:t
        b< MESSAGE subscription:1 destination:/queue/service reply-to:/reply-queue/r-1 | question
    )");
}

BOOST_AUTO_TEST_CASE(nobody_subscribes_to_a_reply_queue)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/reply-queue/r-1
        a< ERROR message:Invalid_destination
        a< closed
    )");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
