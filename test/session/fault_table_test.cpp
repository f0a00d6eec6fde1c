#include "session/stage.hpp"
#include "support/raw_peer.hpp"

// Every operation against every fault: each ends, in time, with the right error, and leaves nothing running.
BOOST_FIXTURE_TEST_SUITE(fault_table, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

StompConfig short_limits()
{
    auto config = confirming(150ms);
    config.disconnect_timeout = 150ms;
    config.heart_beat = HeartBeat(0ms, 0ms);
    return config;
}

StompConfig patient()
{
    auto config = confirming(20s);
    config.heart_beat = HeartBeat(0ms, 0ms);
    return config;
}

// The broker goes on, but not as it should.
class Hindrance
{
public:
    std::string name;
    bool receipts_come;
    std::function<void(Faults&)> begin;
};

std::vector<Hindrance> const hindrances{
    {"receipts come late", true, [](Faults& faults) { faults.delay_receipts(20ms); }},
    {"receipts do not come", false, [](Faults& faults) { faults.drop_receipts(); }},
    {"the broker says nothing", false, [](Faults& faults) { faults.fall_silent(); }},
    {"the broker does not read", false, [](Faults& faults) { faults.stop_reading(); }},
};

// The broker, or the network, ends the session.
class Blow
{
public:
    std::string name;
    errc cause;
    std::function<void(EmbeddedBroker&)> strike;
};

std::vector<Blow> const blows{
    {"the connection is reset", errc::connection_lost,
     [](EmbeddedBroker& broker) { broker.faults().reset_connections(); }},
    {"the connection is closed", errc::connection_lost,
     [](EmbeddedBroker& broker) { broker.faults().close_connections(); }},
    {"the broker stops", errc::connection_lost, [](EmbeddedBroker& broker) { broker.stop(); }},
    {"a frame is cut", errc::connection_lost,
     [](EmbeddedBroker& broker) {
         broker.faults().send_raw("MESSAGE\nsubscription:");
         broker.faults().close_connections();
     }},
    {"bytes that are no frame", errc::malformed_frame,
     [](EmbeddedBroker& broker) { broker.faults().send_raw(frame_bytes("MESSAGE\nno colon")); }},
    {"a frame that only clients send", errc::malformed_frame,
     [](EmbeddedBroker& broker) { broker.faults().send_raw(frame_bytes("SEND\ndestination:/queue/a", "x")); }},
    {"an ERROR", errc::error_frame_received,
     [](EmbeddedBroker& broker) { broker.faults().send_raw(frame_bytes("ERROR\nmessage:no", "more")); }},
};

} // namespace

BOOST_AUTO_TEST_CASE(hindrances_fail_what_waits_for_a_receipt_and_leave_the_session_open)
{
    for (auto const& hindrance : hindrances) {
        for (auto const& operation : all_operations()) {
            BOOST_TEST_CONTEXT(operation.name << " while " << hindrance.name)
            {
                run([&]() -> asio::awaitable<void> {
                    auto const executor = co_await asio::this_coro::executor;
                    Stage stage(broker);
                    auto const config = hindrance.receipts_come ? patient() : short_limits();
                    co_await stage.set_up(config);
                    hindrance.begin(broker.faults());
                    auto const task = start(executor, operation.run(stage));
                    if (operation.waits_for == WaitsFor::message || operation.waits_for == WaitsFor::end) {
                        co_await pause(10ms);
                        BOOST_TEST(!task->done);
                        task->cancel();
                        co_await finished(task);
                        BOOST_TEST(is_aborted(task->failure));
                    } else {
                        co_await finished(task);
                        bool const is_lost = operation.waits_for == WaitsFor::receipt && !hindrance.receipts_come;
                        BOOST_TEST(is<LostReceipt>(task->failure) == is_lost, task->failure.what());
                        if (is_lost)
                            BOOST_TEST(task->failure.outcome() == Outcome::unknown);
                        else
                            BOOST_TEST(!task->failure, task->failure.what());
                    }
                    BOOST_TEST(stage.session.is_open() == (operation.waits_for != WaitsFor::orderly_end));
                    broker.faults().clear();
                    if (stage.session.is_open()) {
                        auto const receipt = co_await stage.session.send("/queue/b", "still here");
                        BOOST_TEST(receipt.has_value());
                    }
                    stage.strike_down();
                    co_await until([&] { return broker.connections() == 0; });
                });
            }
        }
    }
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_blow_ends_what_waits_with_its_cause)
{
    for (auto const& blow : blows) {
        for (auto const& operation : all_operations()) {
            BOOST_TEST_CONTEXT(operation.name << " when " << blow.name)
            {
                run([&]() -> asio::awaitable<void> {
                    auto const executor = co_await asio::this_coro::executor;
                    Stage stage(broker);
                    auto const config = patient();
                    co_await stage.set_up(config);
                    broker.faults().delay_receipts(20s);
                    auto const task = start(executor, operation.run(stage));
                    auto const watching = start(executor, stage.session.closed());
                    co_await others_go_on();
                    bool const completes_at_once = operation.waits_for == WaitsFor::nothing;
                    BOOST_TEST(task->done == completes_at_once);
                    blow.strike(broker);
                    co_await finished(task);
                    co_await finished(watching);
                    auto const& cause = watching->value.value();
                    bool const is_orderly =
                        operation.waits_for == WaitsFor::orderly_end && blow.cause == errc::connection_lost;
                    BOOST_TEST((cause.code() == (is_orderly ? errc::session_closed : blow.cause)), cause.what());
                    if (operation.waits_for == WaitsFor::receipt || operation.waits_for == WaitsFor::message)
                        BOOST_TEST((task->failure.code() == blow.cause), task->failure.what());
                    else
                        BOOST_TEST(!task->failure, task->failure.what());
                    if (operation.waits_for == WaitsFor::receipt)
                        BOOST_TEST(task->failure.outcome() == Outcome::unknown);
                    BOOST_TEST(!stage.session.is_open());
                    // Whoever comes later is told as well, behind what was delivered in time.
                    while (stage.inbox.try_receive()) {
                    }
                    auto const late = co_await failure_of(stage.inbox.next());
                    bool const ended_before = operation.name == "unsubscribe" || is_orderly;
                    BOOST_TEST((late.code() == blow.cause) == !ended_before, late.what());
                    broker.faults().clear();
                    broker.listen();
                });
            }
        }
    }
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(after_the_end_every_operation_says_why)
{
    for (auto const& blow : blows) {
        for (auto const& operation : all_operations()) {
            BOOST_TEST_CONTEXT(operation.name << " after " << blow.name)
            {
                run([&]() -> asio::awaitable<void> {
                    Stage stage(broker);
                    auto const config = patient();
                    co_await stage.set_up(config);
                    blow.strike(broker);
                    co_await stage.session.closed();
                    auto const failure = co_await failure_of(operation.run(stage));
                    if (operation.fails_after_end)
                        BOOST_TEST((failure.code() == blow.cause), failure.what());
                    else
                        BOOST_TEST(!failure, failure.what());
                    if (failure && operation.waits_for != WaitsFor::message)
                        BOOST_TEST(failure.outcome() == Outcome::not_sent);
                    broker.listen();
                });
            }
        }
    }
    broker.stop();
    BOOST_TEST(run_dry());
}

// Nothing but heart-beats tells that the peer is gone.
BOOST_AUTO_TEST_CASE(a_peer_that_falls_silent_ends_what_waits_with_missing_heart_beat)
{
    BrokerConfig how;
    how.heart_beat = HeartBeat(60ms, 0ms);
    EmbeddedBroker beating(context.get_executor(), how);
    beating.listen();
    for (auto const& operation : all_operations()) {
        BOOST_TEST_CONTEXT(operation.name)
        {
            run([&]() -> asio::awaitable<void> {
                auto const executor = co_await asio::this_coro::executor;
                Stage stage(beating);
                auto config = confirming(20s);
                config.heart_beat = HeartBeat(0ms, 60ms);
                co_await stage.set_up(config);
                beating.faults().fall_silent();
                auto const task = start(executor, operation.run(stage));
                auto const cause = co_await stage.session.closed();
                co_await finished(task);
                if (operation.waits_for == WaitsFor::orderly_end)
                    BOOST_TEST((cause.code() == errc::session_closed), cause.what());
                else
                    BOOST_TEST(is<MissingHeartBeat>(cause), cause.what());
                if (operation.waits_for == WaitsFor::receipt || operation.waits_for == WaitsFor::message)
                    BOOST_TEST(is<MissingHeartBeat>(task->failure), task->failure.what());
                else
                    BOOST_TEST(!task->failure, task->failure.what());
                beating.faults().clear();
            });
        }
    }
    beating.stop();
    broker.stop();
    BOOST_TEST(run_dry());
}

// An ERROR that names the frame refuses that, and ends the session for all others.
BOOST_AUTO_TEST_CASE(an_operation_that_is_refused_says_so)
{
    struct Refused
    {
        std::string operation;
        std::string command;
    };
    std::vector<Refused> const table{{"send", "SEND"},
                                     {"submit and confirmed", "SEND"},
                                     {"send_raw", "SEND"},
                                     {"subscribe", "SUBSCRIBE"},
                                     {"unsubscribe", "UNSUBSCRIBE"},
                                     {"ack", "ACK"},
                                     {"nack", "NACK"},
                                     {"begin", "BEGIN"},
                                     {"commit", "COMMIT"},
                                     {"abort", "ABORT"}};
    for (auto const& row : table) {
        for (bool const is_fatal : {true, false}) {
            BOOST_TEST_CONTEXT(row.operation << (is_fatal ? ", fatal" : ""))
            {
                BrokerConfig how;
                how.close_after_error = is_fatal;
                EmbeddedBroker refusing(context.get_executor(), how);
                refusing.listen();
                run([&]() -> asio::awaitable<void> {
                    Stage stage(refusing);
                    auto config = patient();
                    config.error_frames_are_fatal = is_fatal;
                    co_await stage.set_up(config);
                    refusing.faults().refuse_next(row.command);
                    auto const operations = all_operations();
                    auto const found = std::ranges::find(operations, row.operation, &StagedOperation::name);
                    BOOST_REQUIRE((found != operations.end()));
                    auto const failure = co_await failure_of(found->run(stage));
                    BOOST_TEST(is<ErrorFrameReceived>(failure), failure.what());
                    BOOST_TEST(failure.outcome() == Outcome::refused);
                    BOOST_TEST(stage.session.is_open() == !is_fatal);
                    if (is_fatal) {
                        auto const cause = co_await stage.session.closed();
                        BOOST_TEST(is<ErrorFrameReceived>(cause), cause.what());
                    } else {
                        auto const receipt = co_await stage.session.send("/queue/b", "still here");
                        BOOST_TEST(receipt.has_value());
                    }
                });
            }
        }
    }
    broker.stop();
    BOOST_TEST(run_dry());
}

// The connection breaks at every byte of the frame that an operation sends.
BOOST_AUTO_TEST_CASE(a_frame_that_is_cut_on_its_way_out_has_an_unknown_fate)
{
    for (auto const& operation : all_operations()) {
        if (operation.waits_for != WaitsFor::receipt)
            continue;
        for (std::size_t byte = 0; byte < 60; byte += 3) {
            BOOST_TEST_CONTEXT(operation.name << " cut at " << byte)
            {
                run([&]() -> asio::awaitable<void> {
                    Stage stage(broker);
                    auto const config = patient();
                    co_await stage.set_up(config);
                    broker.faults().cut_incoming(1, byte);
                    auto const before = stage.session.stats().bytes_sent;
                    auto const failure = co_await failure_of(operation.run(stage));
                    BOOST_TEST(is<ConnectionLost>(failure), failure.what());
                    // At 0 the connection breaks behind the frame before, and that may be noticed in time.
                    bool const has_left = stage.session.stats().bytes_sent != before;
                    BOOST_TEST((has_left || byte == 0));
                    BOOST_TEST(failure.outcome() == (has_left ? Outcome::unknown : Outcome::not_sent));
                    broker.faults().clear();
                });
            }
        }
    }
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()
