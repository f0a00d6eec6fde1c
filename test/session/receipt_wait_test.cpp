#include "held_peer.hpp"

// How waits for receipts and for room end, and what that means for others.
BOOST_FIXTURE_TEST_SUITE(receipt_waits, arbalest::test::HeldFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

using SendTask = std::shared_ptr<Task<std::optional<Receipt>>>;

OutgoingMessage with_id(std::string_view body, std::string_view id)
{
    OutgoingMessage message("/queue/waits", body);
    message.receipt(id);
    return message;
}

StompConfig with_room_for(std::size_t bytes)
{
    StompConfig config;
    config.write_buffer.limit = bytes;
    config.receipt_timeout = 1h;
    return config;
}

SendTask begin_send(HeldFixture& test, OutgoingMessage message)
{
    return start(test.context.get_executor(), test.session.send(std::move(message)));
}

} // namespace

// A broker cannot know of it yet: that connection ends, and the message goes out on the next.
BOOST_AUTO_TEST_CASE(a_receipt_before_its_frame_was_written_confirms_nothing)
{
    for (bool const has_room : {true, false}) {
        make_session(with_room_for(has_room ? 100'000 : 200));
        run([&]() -> asio::awaitable<void> {
            auto const first = co_await connect(false);
            co_await hold_a_write(first);
            if (!has_room)
                co_await send_filler();
            auto const send = begin_send(*this, with_id("x", "too early"));
            co_await others_go_on();
            first->send(frame_bytes("RECEIPT\nreceipt-id:too early"));
            co_await until([&] { return !session.is_connected(); });
            BOOST_TEST(!send->done);
            auto const second = co_await connect(false);
            co_await until([&] { return !second->all("SEND").empty(); });
            co_await others_go_on();
            BOOST_TEST(!send->done);
            second->send(frame_bytes("RECEIPT\nreceipt-id:too early"));
            co_await finished(send);
            BOOST_TEST(!send->failure);
            second->answers = true;
            co_await session.disconnect();
        });
    }
}

BOOST_AUTO_TEST_CASE(a_receipt_id_can_be_used_again_after_a_loss)
{
    for (bool const resends : {true, false}) {
        make_session(with_room_for(100'000), true, resends);
        run([&]() -> asio::awaitable<void> {
            auto const first = co_await connect(false);
            auto const send = begin_send(*this, with_id("first", "mine"));
            co_await until([&] { return !first->all("SEND").empty(); });
            first->end();
            co_await until([&] { return !session.is_connected(); });
            if (resends)
                send->cancel();
            co_await finished(send);
            auto const second = co_await connect(false);
            auto const again = begin_send(*this, with_id("second", "mine"));
            co_await until([&] { return !second->all("SEND").empty(); });
            second->send(frame_bytes("RECEIPT\nreceipt-id:mine"));
            co_await finished(again);
            BOOST_TEST(!again->failure);
            BOOST_TEST(second->all("SEND").size() == 1U);
            second->answers = true;
            co_await session.disconnect();
        });
    }
}

// On the same connection the RECEIPT of the first may still come. It is not the second's.
BOOST_AUTO_TEST_CASE(a_late_receipt_does_not_confirm_the_next_frame_with_its_id)
{
    for (bool const expires : {true, false}) {
        make_session(with_room_for(100'000), false);
        run([&]() -> asio::awaitable<void> {
            auto const peer = co_await connect(false);
            auto message = with_id("first", "mine");
            if (expires)
                message.receipt_timeout(5ms);
            auto const send = begin_send(*this, std::move(message));
            co_await until([&] { return !peer->all("SEND").empty(); });
            if (!expires)
                send->cancel();
            co_await finished(send);
            BOOST_TEST((expires ? is<LostReceipt>(send->failure) : is_aborted(send->failure)));
            auto const again = begin_send(*this, with_id("second", "mine"));
            co_await until([&] { return peer->all("SEND").size() == 2; });
            peer->send(frame_bytes("RECEIPT\nreceipt-id:mine"));
            co_await others_go_on();
            BOOST_TEST(!again->done);
            peer->send(frame_bytes("RECEIPT\nreceipt-id:mine"));
            co_await finished(again);
            BOOST_TEST(!again->failure);
            peer->answers = true;
            co_await session.disconnect();
        });
    }
}

// What never went out has no RECEIPT to come.
BOOST_AUTO_TEST_CASE(the_id_of_a_frame_that_was_not_sent_is_free_at_once)
{
    for (bool const expires : {true, false}) {
        make_session(with_room_for(200), false);
        run([&]() -> asio::awaitable<void> {
            auto const peer = co_await connect(false);
            co_await hold_a_write(peer);
            co_await send_filler();
            auto message = with_id("first", "mine");
            if (expires)
                message.receipt_timeout(5ms);
            auto const send = begin_send(*this, std::move(message));
            co_await others_go_on();
            if (!expires)
                send->cancel();
            co_await finished(send);
            peer->hold_writes(false);
            auto const again = begin_send(*this, with_id("second", "mine"));
            co_await until([&] { return peer->all("SEND").size() == 3; });
            peer->send(frame_bytes("RECEIPT\nreceipt-id:mine"));
            co_await finished(again);
            BOOST_TEST(!again->failure);
            peer->answers = true;
            co_await session.disconnect();
        });
    }
}

// The first of those who wait for room may be the only one that does not fit.
BOOST_AUTO_TEST_CASE(when_the_first_who_waits_is_gone_the_next_that_fits_goes_in)
{
    for (bool const reconnects : {true, false}) {
        for (bool const expires : {true, false}) {
            make_session(with_room_for(2000), reconnects);
            run([&]() -> asio::awaitable<void> {
                auto const peer = co_await connect(false);
                co_await hold_a_write(peer);
                co_await send_filler();
                OutgoingMessage large("/queue/waits", std::string(4000, 'l'));
                large.with_receipt();
                if (expires)
                    large.receipt_timeout(20ms);
                auto const first = begin_send(*this, std::move(large));
                auto const second = begin_send(*this, OutgoingMessage("/queue/waits", "small"));
                co_await others_go_on();
                BOOST_TEST((expires || !second->done));
                if (!expires)
                    first->cancel();
                co_await finished(first);
                co_await finished(second); // while nothing has been written
                BOOST_TEST(!second->failure);
                BOOST_TEST(peer->is_writing);
                peer->hold_writes(false);
                peer->answers = true;
                co_await session.disconnect();
            });
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
