#include "support/raw_peer.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <span>
#include <stdexcept>

// What a failure says: its type, what it carries, and what became of the frame.
BOOST_FIXTURE_TEST_SUITE(outcomes, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

BOOST_AUTO_TEST_CASE(a_lost_receipt_leaves_the_session_open)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming(40ms));
        broker.faults().drop_receipts(1);
        OutgoingMessage message("/queue/a", "x");
        message.receipt("lost-1");
        auto const failure = co_await failure_of(session.send(message));
        BOOST_REQUIRE(is<LostReceipt>(failure));
        auto const& lost = as<LostReceipt>(failure);
        BOOST_TEST(lost.receipt_id() == "lost-1");
        BOOST_TEST((lost.limit() == 40ms));
        BOOST_TEST(lost.outcome() == Outcome::unknown);
        BOOST_TEST((lost.code() == errc::lost_receipt));
        BOOST_TEST(broker.queue_depth("/queue/a") == 1u);
        BOOST_TEST(session.is_open());
        OutgoingMessage second("/queue/a", "y");
        second.with_receipt().receipt_timeout(10s);
        auto const receipt = co_await session.send(std::move(second));
        BOOST_TEST(receipt.has_value());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(the_limit_may_be_given_per_call_and_zero_is_none)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming(20ms));
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().delay_receipts(200ms);
        OutgoingMessage unlimited("/queue/a", "x");
        unlimited.receipt_timeout(0ms);
        auto const first = start(executor, session.send(std::move(unlimited)));
        OutgoingMessage longer("/queue/a", "x");
        longer.receipt_timeout(20s);
        auto const second = start(executor, session.send(std::move(longer)));
        OutgoingMessage shorter("/queue/a", "x");
        shorter.receipt_timeout(1ms);
        auto const failure = co_await failure_of(session.send(std::move(shorter)));
        BOOST_REQUIRE(is<LostReceipt>(failure));
        BOOST_TEST((as<LostReceipt>(failure).limit() == 1ms));
        auto const by_default = co_await failure_of(session.send("/queue/a", "x"));
        BOOST_REQUIRE(is<LostReceipt>(by_default));
        BOOST_TEST((as<LostReceipt>(by_default).limit() == 20ms));
        co_await finished(first);
        BOOST_TEST(!first->failure);
        co_await finished(second);
        BOOST_TEST(!second->failure);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_receipt_that_comes_late_is_ignored)
{
    run([this]() -> asio::awaitable<void> {
        std::vector<Frame> unhandled;
        auto config = confirming(10s);
        config.on_unhandled = [&](Frame const& frame) { unhandled.push_back(frame); };
        auto session = co_await connect(config);
        broker.faults().delay_receipts(50ms);
        OutgoingMessage message("/queue/a", "x");
        message.receipt("late").receipt_timeout(1ms);
        auto const failure = co_await failure_of(session.send(std::move(message)));
        BOOST_REQUIRE(is<LostReceipt>(failure));
        co_await until([&] { return !unhandled.empty(); });
        BOOST_TEST(unhandled[0].header("receipt-id").value() == "late");
        BOOST_TEST(session.is_open());
        broker.faults().clear();
        co_await session.disconnect();
    });
}

// A frame that is lost to its sender may still go out: then it must not be called "not sent".
BOOST_AUTO_TEST_CASE(a_frame_that_still_goes_out_is_not_called_unsent)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().stop_reading();
        std::string const large(std::size_t{32} << 20, 'x');
        auto const filler = start(executor, session.send("/queue/filler", large));
        co_await others_go_on();
        // Encoded, but stuck in our own buffer.
        OutgoingMessage stuck("/queue/a", "stuck");
        stuck.with_receipt().receipt_timeout(50ms);
        auto const failure = co_await failure_of(session.send(std::move(stuck)));
        BOOST_REQUIRE(is<LostReceipt>(failure));
        broker.faults().resume_reading();
        co_await until([&] { return broker.stats("/queue/filler").sent == 1; });
        OutgoingMessage last("/queue/b", "last");
        last.with_receipt();
        co_await session.send(std::move(last));
        bool const arrived = broker.stats("/queue/a").sent == 1;
        BOOST_TEST(failure.outcome() == (arrived ? Outcome::unknown : Outcome::not_sent));
        co_await finished(filler);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_frame_that_waits_for_room_when_its_receipt_is_lost_is_withdrawn)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.write_buffer = 1000;
        auto session = co_await connect(config);
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().stop_reading();
        std::string const large(std::size_t{32} << 20, 'x');
        auto const filler = start(executor, session.send("/queue/filler", large));
        co_await others_go_on();
        auto const second = start(executor, session.send("/queue/filler", std::string(2000, 'y')));
        co_await others_go_on();
        OutgoingMessage queued("/queue/a", std::string(2000, 'z'));
        queued.with_receipt().receipt_timeout(50ms);
        auto const failure = co_await failure_of(session.send(std::move(queued)));
        BOOST_REQUIRE(is<LostReceipt>(failure));
        BOOST_TEST(failure.outcome() == Outcome::not_sent);
        broker.faults().resume_reading();
        co_await until([&] { return broker.stats("/queue/filler").sent == 2; });
        OutgoingMessage last("/queue/b", "last");
        last.with_receipt();
        co_await session.send(std::move(last));
        BOOST_TEST(broker.stats("/queue/a").sent == 0u);
        co_await finished(filler);
        co_await finished(second);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_error_that_names_an_operation_refuses_it_and_ends_the_session)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/in");
        auto const waiting = start(executor, inbox.next());
        auto const closed = start(executor, session.closed());
        broker.faults().delay_receipts(10s);
        auto const other = start(executor, session.send("/queue/b", "x"));
        co_await until([&] { return broker.stats("/queue/b").sent == 1; });
        broker.faults().refuse_next("SEND", true);
        auto const failure = co_await failure_of(session.send("/queue/a", "x"));
        BOOST_REQUIRE(is<ErrorFrameReceived>(failure));
        BOOST_TEST(failure.outcome() == Outcome::refused);
        BOOST_TEST(as<ErrorFrameReceived>(failure).frame().has_header("receipt-id"));
        co_await finished(other);
        BOOST_TEST(is<ErrorFrameReceived>(other->failure), other->failure.what());
        BOOST_TEST(other->failure.outcome() == Outcome::unknown);
        co_await finished(waiting);
        BOOST_TEST(is<ErrorFrameReceived>(waiting->failure), waiting->failure.what());
        co_await finished(closed);
        BOOST_TEST(is<ErrorFrameReceived>(closed->value.value()));
        auto const again = co_await failure_of(inbox.next());
        BOOST_TEST(is<ErrorFrameReceived>(again)); // every time
        auto const late = co_await failure_of(session.send("/queue/a", "x"));
        BOOST_TEST(is<ErrorFrameReceived>(late), late.what());
        BOOST_TEST(late.outcome() == Outcome::not_sent);
        co_await session.disconnect(); // returns: it has ended
    });
}

BOOST_AUTO_TEST_CASE(a_lost_connection_fails_all_that_wait_and_buffered_messages_come_first)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/in");
        auto idle = co_await session.subscribe("/queue/idle");
        for (int i = 0; i < 3; ++i)
            broker.publish("/queue/in", std::to_string(i));
        co_await until([&] { return inbox.buffered() == 3; });
        broker.faults().drop_receipts();
        auto const next = start(executor, idle.next());
        OutgoingMessage message("/queue/a", "x");
        message.with_receipt();
        auto const sending = start(executor, session.send(message));
        auto pending = co_await session.submit(message);
        auto const confirming = start(executor, pending.confirmed());
        auto const closed = start(executor, session.closed());
        co_await until([&] { return broker.stats("/queue/a").sent == 2; });
        broker.faults().reset_connections();
        co_await finished(next);
        BOOST_TEST(is<ConnectionLost>(next->failure), next->failure.what());
        co_await finished(sending);
        BOOST_TEST(is<ConnectionLost>(sending->failure), sending->failure.what());
        BOOST_TEST(sending->failure.outcome() == Outcome::unknown);
        co_await finished(confirming);
        BOOST_TEST(is<ConnectionLost>(confirming->failure), confirming->failure.what());
        co_await finished(closed);
        BOOST_TEST(is<ConnectionLost>(closed->value.value()));
        for (int i = 0; i < 3; ++i) {
            auto const buffered = co_await inbox.next();
            BOOST_REQUIRE(buffered.has_value());
            BOOST_TEST(buffered->body() == std::to_string(i));
        }
        auto const end = co_await failure_of(inbox.next());
        BOOST_TEST(is<ConnectionLost>(end), end.what());
        auto const ready = co_await failure_of(inbox.ready());
        BOOST_TEST(is<ConnectionLost>(ready), ready.what());
    });
}

BOOST_AUTO_TEST_CASE(an_orderly_close_without_disconnect_is_a_lost_connection)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        broker.faults().close_connections();
        auto const cause = co_await session.closed();
        BOOST_REQUIRE(is<ConnectionLost>(cause));
        BOOST_TEST((as<ConnectionLost>(cause).cause() == asio::error::eof));
        BOOST_TEST(!session.is_open());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(every_cut_of_the_connection_ends_every_wait)
{
    // The connection ends at every byte of the RECEIPT that is waited for.
    for (std::size_t byte = 0; byte < 30; ++byte) {
        run([&]() -> asio::awaitable<void> {
            auto session = co_await connect(confirming());
            broker.faults().cut_outgoing(1, byte);
            auto const failure = co_await failure_of(session.send("/queue/a", "x"));
            // Once the frame is whole, the receipt counts.
            BOOST_TEST((!failure || is<ConnectionLost>(failure)), failure.what());
            if (failure)
                BOOST_TEST(failure.outcome() == Outcome::unknown);
            auto const cause = co_await session.closed();
            BOOST_TEST(is<ConnectionLost>(cause), cause.what());
            broker.faults().clear();
        });
    }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_frame_end_the_session_with_malformed_frame)
{
    std::vector<std::string> const cases{
        frame_bytes("MESSAGE\nno colon here"),
        frame_bytes("MESSAGE\ncontent-length:-1"),
        frame_bytes("MESSAGE\n:no name"),
        frame_bytes("MESSAGE\nx:\\q"),
        frame_bytes("CONNECTED\nversion:1.2"),
        frame_bytes("SEND\ndestination:/queue/a"),
        std::string("\0\0\0", 3),
    };
    for (auto const& bytes : cases) {
        run([&]() -> asio::awaitable<void> {
            auto session = co_await connect(StompConfig());
            auto const executor = co_await asio::this_coro::executor;
            auto inbox = co_await session.subscribe("/queue/in");
            auto const waiting = start(executor, inbox.next());
            co_await session.flush();
            broker.faults().send_raw(bytes);
            co_await finished(waiting);
            BOOST_REQUIRE(is<MalformedFrame>(waiting->failure));
            BOOST_TEST(!as<MalformedFrame>(waiting->failure).reason().empty());
            auto const cause = co_await session.closed();
            BOOST_TEST(is<MalformedFrame>(cause), cause.what());
            co_await until([&] { return broker.connections() == 0; });
        });
    }
}

namespace {

// Breaks with an exception of its own, in the middle of a session.
class Breaking final : public Transport
{
public:
    Breaking(std::unique_ptr<Transport> inner, std::shared_ptr<bool> breaks_reading,
             std::shared_ptr<bool> breaks_writing)
        : inner_(std::move(inner)), breaks_reading_(std::move(breaks_reading)),
          breaks_writing_(std::move(breaks_writing))
    {
    }
    asio::any_io_executor get_executor() override { return inner_->get_executor(); }
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer) override
    {
        auto const size = co_await inner_->read_some(buffer);
        if (*breaks_reading_)
            throw std::runtime_error("no more reading");
        co_return size;
    }
    asio::awaitable<std::size_t> write_some(asio::const_buffer buffer, std::span<std::size_t const> ends) override
    {
        if (*breaks_writing_)
            throw std::runtime_error("no more writing");
        return inner_->write_some(buffer, ends);
    }
    asio::awaitable<void> close(CloseReason reason) override { return inner_->close(reason); }
    void abort() noexcept override { inner_->abort(); }

private:
    std::unique_ptr<Transport> inner_;
    std::shared_ptr<bool> breaks_reading_;
    std::shared_ptr<bool> breaks_writing_;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_transport_that_throws_something_of_its_own_is_a_lost_connection)
{
    for (bool const reading : {false, true}) {
        run([&]() -> asio::awaitable<void> {
            auto const executor = co_await asio::this_coro::executor;
            asio::ip::tcp::socket socket(executor);
            asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), broker.port());
            co_await socket.async_connect(endpoint, asio::use_awaitable);
            auto const breaks_reading = std::make_shared<bool>(false);
            auto const breaks_writing = std::make_shared<bool>(false);
            std::unique_ptr<Transport> inner =
                std::make_unique<StreamTransport<asio::ip::tcp::socket>>(std::move(socket));
            std::unique_ptr<Transport> transport =
                std::make_unique<Breaking>(std::move(inner), breaks_reading, breaks_writing);
            auto session = co_await StompSession::over(std::move(transport), StompConfig());
            *(reading ? breaks_reading : breaks_writing) = true;
            OutgoingMessage message("/queue/a", "x");
            message.with_receipt();
            auto const failure = co_await failure_of(session.send(std::move(message)));
            BOOST_TEST(is<ConnectionLost>(failure), failure.what());
            BOOST_TEST(failure.outcome() == (reading ? Outcome::unknown : Outcome::not_sent));
            auto const cause = co_await session.closed();
            BOOST_TEST(is<ConnectionLost>(cause), cause.what());
        });
    }
}

BOOST_AUTO_TEST_CASE(a_silent_peer_is_a_missing_heart_beat)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(0ms, 50ms);
        StompClient const client(config);
        RawPeer peer(context);
        auto const executor = co_await asio::this_coro::executor;
        auto const connecting = start(executor, client.connect(peer.url()));
        co_await peer.accept();
        co_await peer.receive("CONNECT");
        co_await peer.send(frame_bytes("CONNECTED\nversion:1.2\nheart-beat:50,0"));
        co_await finished(connecting);
        auto const session = connecting->value.value();
        auto const cause = co_await session.closed();
        BOOST_REQUIRE(is<MissingHeartBeat>(cause));
        BOOST_TEST((as<MissingHeartBeat>(cause).period() == 50ms));
        co_await peer.wait_for_end();
    });
}

BOOST_AUTO_TEST_SUITE_END()
