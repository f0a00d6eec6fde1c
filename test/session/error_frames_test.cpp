#include "support/session_tools.hpp"

// ERROR frames on a session that does not take them for its end.
namespace {

class Fixture : public arbalest::test::EmbeddedFixture
{
public:
    Fixture() : EmbeddedFixture(tolerant()) {}

    static arbalest::BrokerConfig tolerant()
    {
        arbalest::BrokerConfig config;
        config.close_after_error = false;
        return config;
    }
};

arbalest::StompConfig tolerating()
{
    auto config = arbalest::test::confirming();
    config.error_frames_are_fatal = false;
    return config;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(error_frames, Fixture)

using namespace arbalest;
using namespace arbalest::test;

BOOST_AUTO_TEST_CASE(one_that_names_an_operation_fails_that_alone)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto config = tolerating();
        config.observer = log;
        auto session = co_await connect(config);
        broker.faults().refuse_next("SEND");
        auto const sending = co_await failure_of(session.send("/queue/a", "x"));
        BOOST_TEST(is<ErrorFrameReceived>(sending), sending.what());
        BOOST_TEST(sending.outcome() == Outcome::refused);
        BOOST_TEST(session.is_open());
        BOOST_TEST(std::ranges::count(log->events, "error frame") == 0);
        broker.faults().refuse_next("SUBSCRIBE");
        auto const subscribing = co_await failure_of(session.subscribe("/queue/a"));
        BOOST_TEST(is<ErrorFrameReceived>(subscribing), subscribing.what());
        BOOST_TEST(subscribing.outcome() == Outcome::refused);
        broker.faults().refuse_next("COMMIT");
        auto transaction = co_await session.begin();
        auto const committing = co_await failure_of(transaction.commit());
        BOOST_TEST(is<ErrorFrameReceived>(committing), committing.what());
        auto inbox = co_await session.subscribe("/queue/a");
        auto const receipt = co_await session.send("/queue/a", "y");
        BOOST_TEST(receipt.has_value());
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "y");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(one_that_names_nobody_is_the_cause_of_the_lost_receipt)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto config = tolerating();
        config.receipt_timeout = 100ms;
        config.observer = log;
        auto session = co_await connect(config);
        broker.faults().refuse_next("SEND", false);
        auto const failure = co_await failure_of(session.send("/queue/a", "x"));
        BOOST_REQUIRE(is<LostReceipt>(failure));
        try {
            failure.raise();
        } catch (LostReceipt const& lost) {
            BOOST_REQUIRE(lost.cause_error() != nullptr);
            BOOST_TEST((lost.cause_error()->code() == errc::error_frame_received));
            BOOST_TEST(lost.outcome() == Outcome::unknown);
        }
        BOOST_TEST(std::ranges::count(log->events, "error frame") == 1);
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_refused_submit_is_told_when_it_is_awaited)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(tolerating());
        broker.faults().refuse_next("SEND");
        auto refused = co_await session.submit("/queue/a", "x");
        auto accepted = co_await session.submit("/queue/a", "y");
        auto const receipt = co_await accepted.confirmed();
        BOOST_TEST(!receipt.id().empty());
        auto const failure = co_await failure_of(refused.confirmed());
        BOOST_TEST(is<ErrorFrameReceived>(failure), failure.what());
        BOOST_TEST(failure.outcome() == Outcome::refused);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
