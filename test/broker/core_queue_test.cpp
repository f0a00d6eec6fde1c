#include "script.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace {

using arbalest::broker::test::parse_frame;
using arbalest::broker::test::Script;

BOOST_AUTO_TEST_SUITE(core_queue)

BOOST_AUTO_TEST_CASE(messages_wait_for_a_consumer)
{
    Script script;
    script.play(R"(
        a> SEND destination:/queue/q | one
        a> SEND destination:/queue/q | two
        b> SUBSCRIBE id:s destination:/queue/q receipt:r
        b< MESSAGE subscription:s destination:/queue/q | one
        b< MESSAGE subscription:s destination:/queue/q | two
        b< RECEIPT receipt-id:r
        a> SEND destination:/queue/q | three
        b< MESSAGE subscription:s destination:/queue/q | three
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
        a< MESSAGE subscription:1 destination:orders | one
        a> SUBSCRIBE id:2 destination:/amq/queue/x:y_z
        a< MESSAGE subscription:2 destination:/amq/queue/x:y_z | two
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
        a< MESSAGE subscription:1 destination:/queue/q | 1
        c> SEND destination:/queue/q | 2
        b< MESSAGE subscription:1 destination:/queue/q | 2
        c> SEND destination:/queue/q | 3
        b< MESSAGE subscription:2 destination:/queue/q | 3
        c> SEND destination:/queue/q | 4
        a< MESSAGE subscription:1 destination:/queue/q | 4
        b> UNSUBSCRIBE id:1
        c> SEND destination:/queue/q | 5
        b< MESSAGE subscription:2 destination:/queue/q | 5
        a lost
        c> SEND destination:/queue/q | 6
        b< MESSAGE subscription:2 destination:/queue/q | 6
    )");
}

BOOST_AUTO_TEST_CASE(what_a_consumer_held_goes_back_in_its_old_place)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client-individual
        b> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
        b> SEND destination:/queue/q | 2
        a< MESSAGE subscription:1 destination:/queue/q ack:#2 | 2
        b> SEND destination:/queue/q | 3
        a< MESSAGE subscription:1 destination:/queue/q ack:#3 | 3
        a> ACK id:#2
        a> UNSUBSCRIBE id:1 receipt:r
        a< RECEIPT receipt-id:r
        b> SEND destination:/queue/q | 4
        c> SUBSCRIBE id:x destination:/queue/q ack:client
        c< MESSAGE subscription:x destination:/queue/q ack:#1 redelivered:true | 1
        c< MESSAGE subscription:x destination:/queue/q ack:#2 redelivered:true | 3
        c< MESSAGE subscription:x destination:/queue/q ack:#3 | 4
        d> SUBSCRIBE id:y destination:/queue/q
        c lost
        d< MESSAGE subscription:y destination:/queue/q redelivered:true | 1
        d< MESSAGE subscription:y destination:/queue/q redelivered:true | 3
        d< MESSAGE subscription:y destination:/queue/q redelivered:true | 4
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
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
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
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
        a> SEND destination:/queue/q | 2
        b< MESSAGE subscription:1 destination:/queue/q ack:#1 | 2
        a> SEND destination:/queue/q | 3
        a< MESSAGE subscription:1 destination:/queue/q ack:#2 | 3
        a> SEND destination:/queue/q | 4
        b< MESSAGE subscription:1 destination:/queue/q ack:#2 | 4
        a congested
        b lost
        a> UNSUBSCRIBE id:1
        c> SUBSCRIBE id:1 destination:/queue/q
        c< MESSAGE subscription:1 destination:/queue/q redelivered:true | 1
        c< MESSAGE subscription:1 destination:/queue/q redelivered:true | 2
        c< MESSAGE subscription:1 destination:/queue/q redelivered:true | 3
        c< MESSAGE subscription:1 destination:/queue/q redelivered:true | 4
    )");
}

BOOST_AUTO_TEST_CASE(prefetch_limits_what_is_unacknowledged)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client-individual prefetch-count:2
        b> SEND destination:/queue/q | 1
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
        b> SEND destination:/queue/q | 2
        a< MESSAGE subscription:1 destination:/queue/q ack:#2 | 2
        b> SEND destination:/queue/q | 3
        b> SEND destination:/queue/q | 4
        a> ACK id:#2 receipt:r
        a< MESSAGE subscription:1 destination:/queue/q ack:#3 | 3
        a< RECEIPT receipt-id:r
        c> SUBSCRIBE id:1 destination:/queue/q prefetch-count:1
        c< MESSAGE subscription:1 destination:/queue/q | 4
        b> SEND destination:/queue/q | 5
        c< MESSAGE subscription:1 destination:/queue/q | 5
        b> SEND destination:/queue/q | 6
        c< MESSAGE subscription:1 destination:/queue/q | 6
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
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | 1
        a> UNSUBSCRIBE id:1
        a> SUBSCRIBE id:2 destination:/queue/q ack:client prefetch-count:0
        a< MESSAGE subscription:2 destination:/queue/q ack:#2 redelivered:true | 1
        a< MESSAGE subscription:2 destination:/queue/q ack:#3 | 2
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
        b< MESSAGE subscription:1 destination:/queue/q | 1
        c> SEND destination:/queue/q | 2
        b< MESSAGE subscription:1 destination:/queue/q | 2
        b congested
        c> SEND destination:/queue/q | 3
        c> SEND destination:/queue/q | 4
        a drained
        a< MESSAGE subscription:1 destination:/queue/q | 3
        a< MESSAGE subscription:1 destination:/queue/q | 4
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
        a< MESSAGE subscription:1 destination:/queue/q | 1
        a< MESSAGE subscription:1 destination:/queue/q | 2
    )");
}

// The bound in bytes is kept as that in messages is.
BOOST_AUTO_TEST_CASE(a_queue_with_too_many_bytes_refuses)
{
    auto config = Script::quiet();
    auto const body = std::string(2'000, 'x');
    auto const one = parse_frame("SEND destination:/queue/q receipt:2 | " + body).memory();
    config.max_queue_bytes = one + one / 2;
    config.close_after_error = false;
    Script script(config);
    BOOST_TEST(script.step("a> SEND destination:/queue/q | " + body).empty());
    script.play("a> SEND destination:/queue/q receipt:2 | " + body + "\n a< ERROR message:Queue_full receipt-id:2");
    script.play("a> SEND destination:/queue/q receipt:3 | small\n a< RECEIPT receipt-id:3");
    script.play("a> SEND destination:/queue/large receipt:4 | " + std::string(config.max_queue_bytes, 'x') +
                "\n a< ERROR message:Queue_full receipt-id:4");
    BOOST_TEST(script.step("b> SUBSCRIBE id:1 destination:/queue/q").size() == 2u);
    BOOST_TEST(script.step("a> SEND destination:/queue/q receipt:5 | " + body).size() == 2u);

    // A transaction is bounded as a queue is, and all of it has room or none.
    script.step("a> BEGIN transaction:t");
    script.step("a> SEND destination:/queue/t transaction:t | " + body);
    script.play("a> SEND destination:/queue/t transaction:t receipt:6 | " + body +
                "\n a< ERROR message:Transaction_full receipt-id:6");
    script.step("a> SEND destination:/queue/t | " + body);
    script.play("a> COMMIT transaction:t receipt:7\n a< ERROR message:Queue_full receipt-id:7");
    BOOST_TEST(script.core().stats("/queue/t").sent == 1u);
}

BOOST_AUTO_TEST_CASE(expired_messages_are_dropped)
{
    using namespace std::chrono_literals;
    auto config = Script::quiet();
    auto now = std::chrono::system_clock::time_point(1'000'000ms);
    config.wall_clock = [&now] { return now; };
    config.max_queue_depth = 4;
    Script script(config);
    script.play(R"(
        a> SEND destination:/queue/q expires:1000500 | 1
        a> SEND destination:/queue/q | 2
        a> SEND destination:/queue/q expires:1000001 | 3
        a> SEND destination:/queue/q expires:0 | 4
    )");
    now += 500ms;
    script.play(R"(
        a> SEND destination:/queue/q expires:99999999999999999999999 receipt:r | 5
        a< RECEIPT receipt-id:r
        b> SUBSCRIBE id:1 destination:/queue/q ack:client-individual
        b< MESSAGE subscription:1 destination:/queue/q ack:#1 | 2
        b< MESSAGE subscription:1 destination:/queue/q ack:#2 expires:0 | 4
        b< MESSAGE subscription:1 destination:/queue/q ack:#3 expires:99999999999999999999999 | 5
        a> SEND destination:/queue/q expires:1000501 | 6
        b< MESSAGE subscription:1 destination:/queue/q ack:#4 expires:1000501 | 6
    )");
    now += 1ms;
    script.play("b> NACK id:#4"); // comes back too late
    auto const stats = script.core().stats("/queue/q");
    BOOST_TEST(stats.dropped == 3u);
    BOOST_TEST(stats.depth == 0u);
    script.play(R"(
        b> SUBSCRIBE id:2 destination:/topic/t
        a> SEND destination:/topic/t expires:1000501 | late
        a> SEND destination:/topic/t expires:1000502 | in_time
        b< MESSAGE subscription:2 destination:/topic/t expires:1000502 | in_time
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
