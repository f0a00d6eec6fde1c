#include "engine/outbox.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

// The messages that outlive a connection.
BOOST_AUTO_TEST_SUITE(outbox)

using namespace arbalest;
using detail::Outbox;
using detail::OutboxMessage;
using detail::WriteWatch;

namespace {

Frame message(std::string_view body)
{
    Frame frame("SEND");
    frame.add_header("destination", "/queue/a");
    frame.set_body(body);
    return frame;
}

// Encodes the whole backlog, ten bytes a message, from this position on.
std::uint64_t encode_all(Outbox& outbox, std::uint64_t position = 0)
{
    for (; outbox.has_backlog(); position += 10)
        outbox.encoded(position, position + 10);
    return position;
}

std::string backlog_of(Outbox& outbox)
{
    std::string bodies;
    for (std::uint64_t position = 0; outbox.has_backlog(); position += 10) {
        bodies += outbox.front().frame.body();
        outbox.encoded(position, position + 10);
    }
    return bodies;
}

} // namespace

BOOST_AUTO_TEST_CASE(it_is_bounded_in_messages_and_in_bytes)
{
    auto const size = message("x").memory();
    Outbox by_count(OutboxLimits(2, 1'000'000));
    BOOST_TEST(by_count.has_room(size));
    by_count.add(message("x"), nullptr);
    BOOST_TEST(by_count.has_room(size));
    by_count.add(message("x"), nullptr);
    BOOST_TEST(!by_count.has_room(1));
    BOOST_TEST(by_count.size() == 2u);

    Outbox by_bytes(OutboxLimits(100, size * 2));
    BOOST_TEST(by_bytes.has_room(size * 10)); // it is empty
    by_bytes.add(message("x"), nullptr);
    BOOST_TEST(by_bytes.has_room(size));
    BOOST_TEST(!by_bytes.has_room(size + 1));
    BOOST_TEST(by_bytes.bytes() == size);
    encode_all(by_bytes);
    by_bytes.written(10);
    BOOST_TEST(by_bytes.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(what_has_no_receipt_stays_until_it_is_written_and_the_rest_until_it_is_confirmed)
{
    Outbox outbox;
    int slot = 0; // somebody who waits
    outbox.add(message("a"), nullptr);
    auto& confirmed = outbox.add(message("b"), &slot);
    outbox.add(message("c"), nullptr);
    encode_all(outbox);
    BOOST_TEST(!outbox.has_backlog());
    outbox.written(9);
    BOOST_TEST(outbox.size() == 3u);
    outbox.written(10);
    BOOST_TEST(outbox.size() == 2u);
    outbox.written(30);
    BOOST_TEST(outbox.size() == 1u);
    outbox.erase(confirmed);
    BOOST_TEST(outbox.size() == 0u);
    BOOST_TEST(outbox.bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(after_a_loss_everything_but_what_was_sent_without_a_receipt_goes_out_again_in_order)
{
    Outbox outbox;
    int slots[3] = {}; // those who wait
    outbox.add(message("a"), &slots[0]);
    outbox.add(message("b"), nullptr); // sent: dropped
    outbox.add(message("c"), &slots[1]);
    outbox.add(message("d"), nullptr); // not sent: stays
    encode_all(outbox);
    outbox.add(message("e"), &slots[2]); // not even encoded
    BOOST_TEST(outbox.connection_lost(30, true).empty());
    BOOST_TEST(backlog_of(outbox) == "acde");
}

BOOST_AUTO_TEST_CASE(what_was_under_way_at_two_losses_in_a_row_is_given_up)
{
    Outbox outbox;
    int slots[3] = {}; // those who wait
    outbox.add(message("a"), &slots[0]);
    outbox.add(message("b"), &slots[1]);
    encode_all(outbox);
    BOOST_TEST(outbox.connection_lost(10, true).empty()); // only a had left
    outbox.add(message("c"), &slots[2]);
    encode_all(outbox);
    auto const given_up = outbox.connection_lost(30, true);
    BOOST_REQUIRE(given_up.size() == 1u);
    BOOST_TEST(given_up.front()->receipt == &slots[0]);
    outbox.erase(*given_up.front());
    // b was under way only once, and not at the next loss: it begins anew.
    BOOST_TEST(outbox.connection_lost(0, true).empty());
    encode_all(outbox);
    BOOST_TEST(outbox.connection_lost(10, true).empty());
    BOOST_TEST(backlog_of(outbox) == "bc");
}

BOOST_AUTO_TEST_CASE(without_repetition_what_has_left_is_given_up_at_once)
{
    Outbox outbox;
    int slots[2] = {}; // those who wait
    outbox.add(message("a"), &slots[0]);
    outbox.add(message("b"), &slots[1]);
    encode_all(outbox);
    auto const given_up = outbox.connection_lost(5, false);
    BOOST_REQUIRE(given_up.size() == 1u);
    BOOST_TEST(given_up.front()->receipt == &slots[0]);
    outbox.erase(*given_up.front());
    BOOST_TEST(backlog_of(outbox) == "b");
}

BOOST_AUTO_TEST_CASE(who_watches_a_message_is_told_what_became_of_it)
{
    Outbox outbox;
    std::vector<std::shared_ptr<WriteWatch>> watches;
    for (auto const* const body : {"a", "b", "c", "d"}) {
        auto& added = outbox.add(message(body), nullptr);
        watches.push_back(std::make_shared<WriteWatch>());
        added.watch = watches.back();
        added.watch->message = &added;
    }
    using State = WriteWatch::State;
    outbox.encoded(0, 10);
    outbox.encoded(10, 20);
    outbox.encoded(20, 30);
    outbox.written(10);
    BOOST_TEST((watches[0]->state == State::written));
    BOOST_TEST((outbox.connection_lost(15, true).empty()));
    BOOST_TEST((watches[1]->state == State::unknown));
    BOOST_TEST((watches[1]->message == nullptr));
    BOOST_TEST((watches[2]->state == State::pending));
    outbox.encoded(0, 10);
    outbox.clear(5);
    BOOST_TEST((watches[2]->state == State::unknown));
    BOOST_TEST((watches[3]->state == State::never_sent));
    BOOST_TEST(outbox.size() == 0u);
    BOOST_TEST(!outbox.has_backlog());
}

BOOST_AUTO_TEST_CASE(the_backlog_survives_the_withdrawal_of_its_first_message)
{
    Outbox outbox;
    int slots[2] = {}; // those who wait
    auto& first = outbox.add(message("a"), &slots[0]);
    outbox.add(message("b"), &slots[1]);
    outbox.erase(first);
    BOOST_REQUIRE(outbox.has_backlog());
    BOOST_TEST(outbox.front().frame.body() == "b");
    BOOST_TEST(outbox.front().number == 2u);
    BOOST_TEST(outbox.last_number() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
