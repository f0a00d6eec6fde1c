#include "conversation_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>

// Deadlines of a conversation, with a clock moved by hand.
namespace conversation_time_tests {

using namespace conversation_tests;
using arbalest::MissingHeartBeat;

Conversation::Options with(HeartBeat const& heart_beat, std::chrono::milliseconds disconnect_timeout = 2s)
{
    Conversation::Options options;
    options.heart_beat = heart_beat;
    options.disconnect_timeout = disconnect_timeout;
    return options;
}

// The broker of the fixture offers and wants a beat every second.
BOOST_AUTO_TEST_SUITE(conversation_time)

BOOST_AUTO_TEST_CASE(nothing_is_due_before_the_session_is_open)
{
    for (auto const state : {State::idle, State::connecting, State::closed}) {
        Talk talk(state, with(HeartBeat(1s, 1s)));
        BOOST_TEST((talk.conversation.next_deadline() == never));
        BOOST_TEST(talk.conversation.poll(much_later).kind == Kind::none);
        BOOST_TEST(talk.conversation.state() == state);
    }
}

BOOST_AUTO_TEST_CASE(heart_beats_are_sent)
{
    Talk talk(State::connected, with(HeartBeat(1s, 0s)));
    auto& conversation = talk.conversation;
    BOOST_TEST((conversation.next_deadline() == start + 800ms));
    BOOST_TEST(conversation.poll(start + 799ms).kind == Kind::none);
    BOOST_TEST(conversation.poll(start + 800ms).kind == Kind::send_heart_beat);
    BOOST_TEST(conversation.poll(start + 800ms).kind == Kind::none);
    BOOST_TEST((conversation.next_deadline() == start + 1600ms));
    // What is sent otherwise will do.
    conversation.bytes_sent(start + 1500ms);
    BOOST_TEST(conversation.poll(start + 1600ms).kind == Kind::none);
    BOOST_TEST((conversation.next_deadline() == start + 2300ms));
    // A late call makes up for one beat, not for all that were missed.
    BOOST_TEST(conversation.poll(start + 9s).kind == Kind::send_heart_beat);
    BOOST_TEST(conversation.poll(start + 9s).kind == Kind::none);
}

BOOST_AUTO_TEST_CASE(a_silent_peer)
{
    Talk talk(State::connected, with(HeartBeat(0s, 1s)));
    auto& conversation = talk.conversation;
    BOOST_TEST((conversation.next_deadline() == start + 3s));
    conversation.bytes_received(start + 2500ms);
    BOOST_TEST((conversation.next_deadline() == start + 4s));
    BOOST_TEST(conversation.poll(start + 4s - 1ns).kind == Kind::none);
    auto const event = conversation.poll(start + 4s);
    BOOST_TEST(event.kind == Kind::failed);
    BOOST_TEST(conversation.state() == State::closed);
    auto const cause = std::dynamic_pointer_cast<MissingHeartBeat>(event.cause);
    BOOST_REQUIRE(cause);
    BOOST_TEST((cause->period() == 1s));
    BOOST_TEST((conversation.next_deadline() == never));
    BOOST_TEST(conversation.poll(start + 1h).kind == Kind::none);
}

// What was read is never later than the clock says: the peer still has the rest of its period.
BOOST_AUTO_TEST_CASE(silence_is_not_judged_ahead_of_the_clock)
{
    Talk talk(State::connected, with(HeartBeat(1s, 1s)));
    auto& conversation = talk.conversation;
    BOOST_TEST(conversation.poll(start + 800ms, start + 1h).kind == Kind::send_heart_beat);
    BOOST_TEST(conversation.poll(start + 800ms, start + 1h).kind == Kind::none);
    BOOST_TEST(conversation.state() == State::connected);
}

// Silence is judged up to where everything was read, whatever the clock says.
BOOST_AUTO_TEST_CASE(what_was_not_read_yet_is_no_silence)
{
    Talk talk(State::connected, with(HeartBeat(1s, 1s)));
    auto& conversation = talk.conversation;
    BOOST_TEST((conversation.silence_deadline() == start + 3s));
    BOOST_TEST(!conversation.wants_heart_beat_by(start + 3s - 1ns));
    BOOST_TEST(conversation.wants_heart_beat_by(start + 3s));
    auto const now = start + 20s;
    // Our own heart-beat does not wait for that.
    BOOST_TEST(conversation.poll(now, start + 3s - 1ns).kind == Kind::send_heart_beat);
    BOOST_TEST(conversation.poll(now, start + 3s - 1ns).kind == Kind::none);
    conversation.bytes_received(now);
    BOOST_TEST(conversation.poll(now, now).kind == Kind::receipt_lost); // due after 10 s, and not among those bytes
    BOOST_TEST(conversation.poll(now, now).kind == Kind::none);
    BOOST_TEST((conversation.silence_deadline() == now + 1500ms));
    BOOST_TEST(conversation.poll(now + 2s, now + 1499ms).kind == Kind::send_heart_beat);
    BOOST_TEST(conversation.poll(now + 2s, now + 1500ms).kind == Kind::failed);
}

BOOST_AUTO_TEST_CASE(receipts_and_the_limit_of_an_orderly_end_are_judged_in_the_same_way)
{
    Talk talk(State::draining, with(HeartBeat(), 12s));
    auto& conversation = talk.conversation;
    auto const now = start + 60s;
    BOOST_TEST((conversation.silence_deadline() == start + 10s));
    BOOST_TEST(conversation.poll(now, start + 10s - 1ns).kind == Kind::none);
    BOOST_TEST(conversation.poll(now, start + 10s).kind == Kind::receipt_lost);
    BOOST_TEST((conversation.silence_deadline() == start + 12s));
    BOOST_TEST(conversation.poll(now, start + 12s - 1ns).kind == Kind::none);
    BOOST_TEST(conversation.poll(now, start + 12s).kind == Kind::disconnected);
}

BOOST_AUTO_TEST_CASE(bytes_count_as_life_and_frames_alone_do_not_matter)
{
    Talk talk(State::connected, with(HeartBeat(0s, 1s)));
    auto& conversation = talk.conversation;
    for (auto now = start; now < start + 60s; now += 1s) {
        conversation.bytes_received(now);
        BOOST_TEST(conversation.poll(now).kind != Kind::failed);
    }
}

BOOST_AUTO_TEST_CASE(lost_receipts)
{
    Talk talk(State::connected);
    auto& conversation = talk.conversation;
    char other = 0;
    conversation.receipts().expect("other", &other, start + 5s);
    conversation.receipts().expect("patient", &other, never);
    BOOST_TEST((conversation.next_deadline() == start + 5s));
    auto const first = conversation.poll(start + 10s);
    BOOST_TEST(first.kind == Kind::receipt_lost);
    BOOST_TEST(first.token == &other);
    auto const second = conversation.poll(start + 10s);
    BOOST_TEST(second.kind == Kind::receipt_lost);
    BOOST_TEST(second.token == talk.mine());
    BOOST_TEST(conversation.poll(start + 10s).kind == Kind::none);
    // The session stays open, and a late receipt is ignored.
    BOOST_TEST(conversation.is_open());
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", "mine"}})).kind == Kind::unhandled_receipt);
    BOOST_TEST((conversation.next_deadline() == never));
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", "patient"}})).kind == Kind::receipt);
}

BOOST_AUTO_TEST_CASE(the_limit_of_an_orderly_end)
{
    for (auto const state : {State::draining, State::disconnecting}) {
        Talk talk(state, with(HeartBeat(), 2s));
        auto& conversation = talk.conversation;
        BOOST_TEST((conversation.next_deadline() == start + 2s));
        BOOST_TEST(conversation.poll(start + 2s - 1ns).kind == Kind::none);
        auto const event = conversation.poll(start + 2s);
        BOOST_TEST(event.kind == Kind::disconnected);
        BOOST_TEST(!event.cause);
        BOOST_TEST(conversation.state() == State::closed);
    }
}

BOOST_AUTO_TEST_CASE(zero_is_no_limit_for_an_orderly_end)
{
    Talk talk(State::disconnecting, with(HeartBeat(), 0s));
    BOOST_TEST((talk.conversation.next_deadline() == start + 10s)); // of the receipt
    BOOST_TEST(talk.conversation.poll(start + 10s).kind == Kind::receipt_lost);
    BOOST_TEST((talk.conversation.next_deadline() == never));
    BOOST_TEST(talk.conversation.poll(start + 1000h).kind == Kind::none);
    BOOST_TEST(talk.conversation.state() == State::disconnecting);
}

BOOST_AUTO_TEST_CASE(receipts_are_lost_while_draining_too)
{
    Talk talk(State::draining, with(HeartBeat(), 60s));
    auto const event = talk.conversation.poll(start + 10s);
    BOOST_TEST(event.kind == Kind::receipt_lost);
    BOOST_TEST(event.token == talk.mine());
    BOOST_TEST(talk.conversation.state() == State::draining);
}

BOOST_AUTO_TEST_CASE(heart_beats_go_on_until_the_end)
{
    for (auto const state : {State::draining, State::disconnecting}) {
        Talk talk(state, with(HeartBeat(1s, 1s), 60s));
        BOOST_TEST(talk.conversation.poll(start + 800ms).kind == Kind::send_heart_beat);
        BOOST_TEST((talk.conversation.next_deadline() == start + 1600ms));
    }
}

BOOST_AUTO_TEST_CASE(a_peer_that_falls_silent_instead_of_confirming_disconnect_has_gone)
{
    Talk talk(State::disconnecting, with(HeartBeat(1s, 1s), 60s));
    auto const event = talk.conversation.poll(start + 30s);
    BOOST_TEST(event.kind == Kind::disconnected);
    BOOST_TEST(!event.cause);
    BOOST_TEST(talk.conversation.state() == State::closed);
}

// Of all that is due, each call tells one thing, and next_deadline() never lies: a poll at that time finds something,
// one before finds nothing.
BOOST_AUTO_TEST_CASE(polling_at_the_deadlines_finds_everything)
{
    Talk talk(State::connected, with(HeartBeat(1s, 0s)));
    auto& conversation = talk.conversation;
    char waiters[40] = {};
    for (int i = 0; i < 40; ++i)
        conversation.receipts().expect("w" + std::to_string(i), &waiters[i],
                                       start + std::chrono::milliseconds(170 * (i % 13)));
    int lost = 0;
    int beats = 0;
    for (auto due = conversation.next_deadline(); due < start + 10s; due = conversation.next_deadline()) {
        if (due > start)
            BOOST_REQUIRE(conversation.poll(due - 1ns).kind == Kind::none);
        auto const event = conversation.poll(due);
        BOOST_REQUIRE(event.kind == Kind::receipt_lost || event.kind == Kind::send_heart_beat);
        ++(event.kind == Kind::receipt_lost ? lost : beats);
    }
    BOOST_TEST(lost == 40);
    BOOST_TEST(beats == 12);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace conversation_time_tests
