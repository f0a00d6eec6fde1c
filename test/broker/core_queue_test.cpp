#include "script.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using arbalest::broker::test::Script;

BOOST_AUTO_TEST_SUITE(core_queue)

BOOST_AUTO_TEST_CASE(messages_wait_for_a_consumer)
{
    Script script;
    script.play(R"(
        a> SEND destination:/queue/q | one
        a> SEND destination:/queue/q | two
        b> SUBSCRIBE id:s destination:/queue/q receipt:r
        b< MESSAGE subscription:s message-id:m-2-1-1 destination:/queue/q | one
        b< MESSAGE subscription:s message-id:m-2-1-2 destination:/queue/q | two
        b< RECEIPT receipt-id:r
        a> SEND destination:/queue/q | three
        b< MESSAGE subscription:s message-id:m-2-1-3 destination:/queue/q | three
    )");
    auto const stats = script.core().stats("/queue/q");
    BOOST_TEST(stats.sent == 3u);
    BOOST_TEST(stats.delivered == 3u);
    BOOST_TEST(stats.acknowledged == 3u);
    BOOST_TEST(stats.depth == 0u);
    BOOST_TEST(stats.subscriptions == 1u);
}

BOOST_AUTO_TEST_CASE(any_name_is_a_queue)
{
    Script script;
    script.play(R"(
        a> SEND destination:orders | one
        a> SEND destination:/amq/queue/x:y_z | two
        a> SUBSCRIBE id:1 destination:orders
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:orders | one
        a> SUBSCRIBE id:2 destination:/amq/queue/x:y_z
        a< MESSAGE subscription:2 message-id:m-1-2-1 destination:/amq/queue/x:y_z | two
    )");
    BOOST_TEST(script.core().destinations() == (std::vector<std::string>{"/amq/queue/x:y z", "orders"}));
}

BOOST_AUTO_TEST_CASE(consumers_take_turns)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q
        b> SUBSCRIBE id:1 destination:/queue/q
        b> SUBSCRIBE id:2 destination:/queue/q
        c> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:/queue/q | 1
        c> SEND destination:/queue/q | 2
        b< MESSAGE subscription:1 message-id:m-2-1-1 destination:/queue/q | 2
        c> SEND destination:/queue/q | 3
        b< MESSAGE subscription:2 message-id:m-2-2-1 destination:/queue/q | 3
        c> SEND destination:/queue/q | 4
        a< MESSAGE subscription:1 message-id:m-1-1-2 destination:/queue/q | 4
        b> UNSUBSCRIBE id:1
        c> SEND destination:/queue/q | 5
        b< MESSAGE subscription:2 message-id:m-2-2-2 destination:/queue/q | 5
        a lost
        c> SEND destination:/queue/q | 6
        b< MESSAGE subscription:2 message-id:m-2-2-3 destination:/queue/q | 6
    )");
}

BOOST_AUTO_TEST_CASE(what_a_consumer_held_goes_back_in_its_old_place)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client-individual
        b> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:/queue/q ack:a-1-1-1 | 1
        b> SEND destination:/queue/q | 2
        a< MESSAGE subscription:1 message-id:m-1-1-2 destination:/queue/q ack:a-1-1-2 | 2
        b> SEND destination:/queue/q | 3
        a< MESSAGE subscription:1 message-id:m-1-1-3 destination:/queue/q ack:a-1-1-3 | 3
        a> ACK id:a-1-1-2
        a> UNSUBSCRIBE id:1 receipt:r
        a< RECEIPT receipt-id:r
        b> SEND destination:/queue/q | 4
        c> SUBSCRIBE id:x destination:/queue/q ack:client
        c< MESSAGE subscription:x message-id:m-3-1-1 destination:/queue/q ack:a-3-1-1 redelivered:true | 1
        c< MESSAGE subscription:x message-id:m-3-1-2 destination:/queue/q ack:a-3-1-2 redelivered:true | 3
        c< MESSAGE subscription:x message-id:m-3-1-3 destination:/queue/q ack:a-3-1-3 | 4
        d> SUBSCRIBE id:y destination:/queue/q
        c lost
        d< MESSAGE subscription:y message-id:m-4-1-1 destination:/queue/q redelivered:true | 1
        d< MESSAGE subscription:y message-id:m-4-1-2 destination:/queue/q redelivered:true | 3
        d< MESSAGE subscription:y message-id:m-4-1-3 destination:/queue/q redelivered:true | 4
    )");
    auto const stats = script.core().stats("/queue/q");
    BOOST_TEST(stats.unacknowledged == 0u);
    BOOST_TEST(stats.redelivered == 5u);
    BOOST_TEST(stats.delivered == 9u);
    BOOST_TEST(stats.acknowledged == 4u);
}

BOOST_AUTO_TEST_CASE(a_session_never_gets_its_own_messages_back_as_it_ends)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client prefetch-count:1
        a> SUBSCRIBE id:2 destination:/queue/q
        a> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:/queue/q ack:a-1-1-1 | 1
        a> DISCONNECT
        a< closed
    )");
    BOOST_TEST(script.core().stats("/queue/q").depth == 1u);
    BOOST_TEST(script.core().subscriptions() == 0u);
}

BOOST_AUTO_TEST_CASE(messages_of_two_consumers_come_back_in_one_order)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client
        b> SUBSCRIBE id:1 destination:/queue/q ack:client
        a> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:/queue/q ack:a-1-1-1 | 1
        a> SEND destination:/queue/q | 2
        b< MESSAGE subscription:1 message-id:m-2-1-1 destination:/queue/q ack:a-2-1-1 | 2
        a> SEND destination:/queue/q | 3
        a< MESSAGE subscription:1 message-id:m-1-1-2 destination:/queue/q ack:a-1-1-2 | 3
        a> SEND destination:/queue/q | 4
        b< MESSAGE subscription:1 message-id:m-2-1-2 destination:/queue/q ack:a-2-1-2 | 4
        a congested
        b lost
        a> UNSUBSCRIBE id:1
        c> SUBSCRIBE id:1 destination:/queue/q
        c< MESSAGE subscription:1 message-id:m-3-1-1 destination:/queue/q redelivered:true | 1
        c< MESSAGE subscription:1 message-id:m-3-1-2 destination:/queue/q redelivered:true | 2
        c< MESSAGE subscription:1 message-id:m-3-1-3 destination:/queue/q redelivered:true | 3
        c< MESSAGE subscription:1 message-id:m-3-1-4 destination:/queue/q redelivered:true | 4
    )");
}

BOOST_AUTO_TEST_CASE(prefetch_limits_what_is_unacknowledged)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client-individual prefetch-count:2
        b> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:/queue/q ack:a-1-1-1 | 1
        b> SEND destination:/queue/q | 2
        a< MESSAGE subscription:1 message-id:m-1-1-2 destination:/queue/q ack:a-1-1-2 | 2
        b> SEND destination:/queue/q | 3
        b> SEND destination:/queue/q | 4
        a> ACK id:a-1-1-2 receipt:r
        a< MESSAGE subscription:1 message-id:m-1-1-3 destination:/queue/q ack:a-1-1-3 | 3
        a< RECEIPT receipt-id:r
        c> SUBSCRIBE id:1 destination:/queue/q prefetch-count:1
        c< MESSAGE subscription:1 message-id:m-3-1-1 destination:/queue/q | 4
        b> SEND destination:/queue/q | 5
        c< MESSAGE subscription:1 message-id:m-3-1-2 destination:/queue/q | 5
        b> SEND destination:/queue/q | 6
        c< MESSAGE subscription:1 message-id:m-3-1-3 destination:/queue/q | 6
    )");
}

BOOST_AUTO_TEST_CASE(the_default_prefetch_is_configurable)
{
    auto config = Script::quiet();
    config.prefetch = 1;
    Script script(config);
    script.play(R"(
        a> SEND destination:/queue/q | 1
        a> SEND destination:/queue/q | 2
        a> SUBSCRIBE id:1 destination:/queue/q ack:client
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:/queue/q ack:a-1-1-1 | 1
        a> UNSUBSCRIBE id:1
        a> SUBSCRIBE id:2 destination:/queue/q ack:client prefetch-count:0
        a< MESSAGE subscription:2 message-id:m-1-2-1 destination:/queue/q ack:a-1-2-1 redelivered:true | 1
        a< MESSAGE subscription:2 message-id:m-1-2-2 destination:/queue/q ack:a-1-2-2 | 2
    )");
}

BOOST_AUTO_TEST_CASE(a_congested_connection_gets_no_more)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q
        b> SUBSCRIBE id:1 destination:/queue/q
        a congested
        c> SEND destination:/queue/q | 1
        b< MESSAGE subscription:1 message-id:m-2-1-1 destination:/queue/q | 1
        c> SEND destination:/queue/q | 2
        b< MESSAGE subscription:1 message-id:m-2-1-2 destination:/queue/q | 2
        b congested
        c> SEND destination:/queue/q | 3
        c> SEND destination:/queue/q | 4
        a drained
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:/queue/q | 3
        a< MESSAGE subscription:1 message-id:m-1-1-2 destination:/queue/q | 4
        b drained
    )");
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses)
{
    auto config = Script::quiet();
    config.max_queue_depth = 2;
    config.close_after_error = false;
    Script script(config);
    script.play(R"(
        a> SEND destination:/queue/q receipt:1 | 1
        a< RECEIPT receipt-id:1
        a> SEND destination:/queue/q | 2
        a> SEND destination:/queue/q receipt:3 | 3
        a< ERROR message:Queue_full receipt-id:3
        a> SUBSCRIBE id:1 destination:/queue/q
        a< MESSAGE subscription:1 message-id:m-1-1-1 destination:/queue/q | 1
        a< MESSAGE subscription:1 message-id:m-1-1-2 destination:/queue/q | 2
    )");
}

BOOST_AUTO_TEST_CASE(destinations_are_limited)
{
    auto config = Script::quiet();
    config.max_destinations = 2;
    config.close_after_error = false;
    Script script(config);
    script.play(R"(
        a> SEND destination:/queue/1 | x
        a> SUBSCRIBE id:1 destination:/topic/2
        a> SEND destination:/queue/3 receipt:r | x
        a< ERROR message:Too_many_destinations receipt-id:r
        a> SUBSCRIBE id:3 destination:/topic/3
        a< ERROR message:Too_many_destinations
        a> SEND destination:/queue/1 receipt:r | x
        a< RECEIPT receipt-id:r
    )");
}

BOOST_AUTO_TEST_CASE(purge)
{
    Script script;
    script.play(R"(
        a> SEND destination:/queue/q | 1
        a> SEND destination:/queue/q | 2
    )");
    BOOST_TEST(script.core().purge("/queue/q") == 2u);
    BOOST_TEST(script.core().purge("/queue/q") == 0u);
    BOOST_TEST(script.core().purge("/queue/unknown") == 0u);
    BOOST_TEST(script.core().stats("/queue/q").dropped == 2u);
    script.play("a> SUBSCRIBE id:1 destination:/queue/q");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
