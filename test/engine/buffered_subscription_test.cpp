#include "engine/buffered_subscription.hpp"
#include <arbalest/engine/error.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

// The buffer of a subscription: its limits, its policies, and what they mean for reading.
BOOST_AUTO_TEST_SUITE(buffered_subscription)

using namespace arbalest;
using namespace arbalest::detail;

namespace {

Frame message_of(std::size_t size, std::string const& ack = "a")
{
    Frame frame("MESSAGE");
    frame.add_header("ack", ack);
    frame.add_header("message-id", "m-" + ack);
    frame.set_body(std::string(size, 'x'));
    return frame;
}

SubscriptionBuffer limits_of(std::size_t messages, OverflowPolicy policy)
{
    SubscriptionBuffer limits;
    limits.messages = messages;
    limits.policy = policy;
    return limits;
}

struct Fixture
{
    std::size_t full_buffers = 0;

    std::unique_ptr<BufferedSubscription> make(AckMode ack, SubscriptionBuffer limits)
    {
        return std::make_unique<BufferedSubscription>("s", "/queue/q", ack, limits, full_buffers);
    }

    /// Pushes one message; returns whether the subscription takes it without coming to its end.
    static bool push(BufferedSubscription& subscription, Frame frame, StompVersion version = StompVersion::v1_2)
    {
        return subscription.push(std::move(frame), 1, version) == nullptr;
    }

    static std::vector<std::string> take_all(BufferedSubscription& subscription)
    {
        std::vector<std::string> ids;
        while (auto const taken = subscription.take())
            ids.emplace_back(taken->frame.header("ack").value_or(""));
        return ids;
    }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(messages_are_taken_in_the_order_in_which_they_came, Fixture)
{
    auto const subscription = make(AckMode::client, {});
    for (auto const* const id : {"1", "2", "3"})
        BOOST_TEST(push(*subscription, message_of(10, id)));
    BOOST_TEST(subscription->buffered() == 3u);
    auto const first = subscription->take();
    BOOST_REQUIRE(first);
    BOOST_TEST(first->sequence == 1u);
    BOOST_TEST(first->connection == 1u);
    BOOST_TEST(take_all(*subscription) == (std::vector<std::string>{"2", "3"}), boost::test_tools::per_element());
    BOOST_TEST(subscription->buffered_bytes() == 0u);
    BOOST_TEST(!subscription->take());
}

BOOST_FIXTURE_TEST_CASE(automatic_acknowledgement_needs_no_sequence, Fixture)
{
    auto const subscription = make(AckMode::automatic, {});
    push(*subscription, message_of(10));
    BOOST_TEST(subscription->take()->sequence == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_full_buffer_is_counted_once_and_no_longer_when_there_is_room, Fixture)
{
    auto const subscription = make(AckMode::client, limits_of(2, OverflowPolicy::suspend));
    push(*subscription, message_of(10));
    BOOST_TEST(full_buffers == 0u);
    push(*subscription, message_of(10));
    push(*subscription, message_of(10));
    BOOST_TEST(full_buffers == 1u);
    BOOST_TEST(subscription->counts_as_full());
    subscription->take();
    BOOST_TEST(full_buffers == 1u);
    subscription->take();
    BOOST_TEST(full_buffers == 0u);
}

BOOST_FIXTURE_TEST_CASE(bytes_make_it_full_as_well, Fixture)
{
    SubscriptionBuffer limits;
    limits.bytes = 1000;
    auto const subscription = make(AckMode::client, limits);
    push(*subscription, message_of(2000));
    BOOST_TEST(full_buffers == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_full_buffer_counts_no_longer_when_it_is_discarded_or_its_subscription_ends, Fixture)
{
    for (bool const ends : {false, true}) {
        auto const subscription = make(AckMode::client, limits_of(1, OverflowPolicy::suspend));
        push(*subscription, message_of(10));
        BOOST_TEST(full_buffers == 1u);
        if (ends)
            subscription->end(nullptr);
        else
            subscription->discard_buffer();
        BOOST_TEST(full_buffers == 0u);
        BOOST_TEST(subscription->has_messages() == ends);
    }
}

BOOST_FIXTURE_TEST_CASE(the_hard_limit_ends_a_subscription_but_one_message_alone_is_always_taken, Fixture)
{
    SubscriptionBuffer limits;
    limits.bytes = 1000;
    limits.hard_limit = 3000;
    auto const subscription = make(AckMode::client, limits);
    BOOST_TEST(push(*subscription, message_of(10'000)));
    auto const cause = subscription->push(message_of(10), 1, StompVersion::v1_2);
    BOOST_REQUIRE(cause);
    BOOST_TEST((cause->code() == errc::slow_consumer));
    auto const* const slow = dynamic_cast<SlowConsumer const*>(cause.get());
    BOOST_REQUIRE(slow);
    BOOST_TEST(slow->messages() == 1u);
    BOOST_TEST(subscription->buffered() == 1u);
}

BOOST_FIXTURE_TEST_CASE(the_hard_limit_may_be_reached_but_not_passed, Fixture)
{
    auto const frame = message_of(1000);
    auto const probe = make(AckMode::client, {});
    push(*probe, frame);
    auto const size = probe->buffered_bytes();
    for (std::size_t const missing : {0u, 1u}) {
        SubscriptionBuffer limits;
        limits.bytes = size;
        limits.hard_limit = 2 * size - missing;
        auto const subscription = make(AckMode::client, limits);
        BOOST_TEST(push(*subscription, frame));
        BOOST_TEST(push(*subscription, frame) == (missing == 0));
    }
}

BOOST_FIXTURE_TEST_CASE(the_policy_fail_ends_it_at_the_soft_limit, Fixture)
{
    auto const subscription = make(AckMode::client, limits_of(2, OverflowPolicy::fail));
    BOOST_TEST(push(*subscription, message_of(10)));
    BOOST_TEST(push(*subscription, message_of(10)));
    BOOST_TEST(!push(*subscription, message_of(10)));
    BOOST_TEST(full_buffers == 0u);
}

BOOST_FIXTURE_TEST_CASE(policies_that_drop_keep_the_oldest_or_the_newest, Fixture)
{
    auto const oldest_dropped = make(AckMode::automatic, limits_of(2, OverflowPolicy::drop_oldest));
    auto const newest_dropped = make(AckMode::automatic, limits_of(2, OverflowPolicy::drop_newest));
    for (auto const* const id : {"1", "2", "3"}) {
        BOOST_TEST(push(*oldest_dropped, message_of(10, id)));
        BOOST_TEST(push(*newest_dropped, message_of(10, id)));
    }
    BOOST_TEST(take_all(*oldest_dropped) == (std::vector<std::string>{"2", "3"}), boost::test_tools::per_element());
    BOOST_TEST(take_all(*newest_dropped) == (std::vector<std::string>{"1", "2"}), boost::test_tools::per_element());
    BOOST_TEST(full_buffers == 0u);
}

BOOST_FIXTURE_TEST_CASE(ids_are_kept_where_the_broker_must_be_told_what_to_take_back, Fixture)
{
    for (auto const version : {StompVersion::v1_1, StompVersion::v1_2}) {
        auto const subscription = make(AckMode::client_individual, {});
        subscription->gives_back = true;
        push(*subscription, message_of(10, "1"), version);
        push(*subscription, message_of(10, "2"), version);
        auto const expected =
            version == StompVersion::v1_2 ? std::vector<std::string>{"1", "2"} : std::vector<std::string>{"m-1", "m-2"};
        BOOST_TEST(subscription->unacked.take_open() == expected, boost::test_tools::per_element());
    }
}

BOOST_FIXTURE_TEST_CASE(a_lost_connection_takes_back_what_must_be_acknowledged, Fixture)
{
    for (auto const ack : {AckMode::automatic, AckMode::client, AckMode::client_individual}) {
        auto const subscription = make(ack, {});
        push(*subscription, message_of(10));
        subscription->connection_lost();
        BOOST_TEST(subscription->has_messages() == (ack == AckMode::automatic));
        BOOST_TEST(!subscription->unacked.is_open(1));
    }
}

BOOST_FIXTURE_TEST_CASE(the_first_end_is_the_end, Fixture)
{
    auto const subscription = make(AckMode::client, {});
    auto const cause = std::make_shared<SessionClosed>("over");
    BOOST_TEST(!subscription->has_ended());
    BOOST_TEST(subscription->end(cause));
    BOOST_TEST(!subscription->end(nullptr));
    BOOST_TEST(subscription->has_ended());
    BOOST_TEST(subscription->cause() == cause);
}

BOOST_AUTO_TEST_SUITE_END()
