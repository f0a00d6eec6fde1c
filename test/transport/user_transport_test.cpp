#include "memory_transport.hpp"
#include "support/session_fixture.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_literals;

class UserTransportFixture : public ContextFixture
{
public:
    asio::awaitable<StompSession> open(StompConfig config = StompConfig())
    {
        std::unique_ptr<Transport> transport = std::make_unique<MemoryTransport>(peer);
        return StompSession::over(std::move(transport), std::move(config));
    }

    /// Expects that no session can be opened; returns the only attempt.
    asio::awaitable<ConnectAttempt> fail_to_open(StompConfig config = StompConfig())
    {
        std::vector<ConnectAttempt> attempts;
        try {
            co_await open(std::move(config));
        } catch (ConnectError const& error) {
            attempts = error.attempts();
        }
        BOOST_REQUIRE(attempts.size() == 1);
        co_return attempts[0];
    }

    std::ptrdiff_t times(std::string const& entry) const { return std::ranges::count(peer->log, entry); }

    std::shared_ptr<MemoryPeer> const peer = std::make_shared<MemoryPeer>(context.get_executor());
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(user_transport, UserTransportFixture)

BOOST_DATA_TEST_CASE_F(UserTransportFixture, carries_a_session_in_pieces_of_any_size,
                       boost::unit_test::data::make({1, 2, 7, 4096}), piece)
{
    peer->piece = static_cast<std::size_t>(piece);
    peer->on_frame = [](std::string const& frame) {
        auto reply = answer(frame);
        if (frame.starts_with("SEND\n"))
            reply += "MESSAGE\nsubscription:s\nmessage-id:1\nack:a1\ndestination:/queue/q\n\n" +
                     frame.substr(frame.find("\n\n") + 2) + "\0\n"s;
        return reply;
    };
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.auto_receipt = true;
        auto session = co_await open(config);
        BOOST_TEST((session.get_executor() == context.get_executor()));
        SubscribeOptions options(AckMode::client_individual);
        options.id("s");
        auto inbox = co_await session.subscribe("/queue/q", options);
        auto const receipt = co_await session.send("/queue/q", "one pallet");
        BOOST_TEST(receipt.has_value());
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "one pallet");
        bool const acknowledged = co_await session.ack(message);
        BOOST_TEST(acknowledged);
        co_await session.disconnect();
        co_await pause(10ms);
    });
    std::vector<std::string> commands;
    for (auto const& frame : peer->frames)
        commands.push_back(frame.substr(0, frame.find('\n')));
    std::vector<std::string> const expected = {"CONNECT", "SUBSCRIBE", "SEND", "ACK", "DISCONNECT"};
    BOOST_TEST(commands == expected, boost::test_tools::per_element());
    BOOST_TEST(peer->most_frame_ends == 0);
    std::vector<std::string> const log = {"close 0", "abort", "destroyed"};
    BOOST_TEST(peer->log == log, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(is_told_where_frames_end_if_it_asks)
{
    peer->wants_frame_ends = true;
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open();
        std::vector<PendingReceipt> pending;
        for (int i = 0; i < 100; ++i) {
            auto receipt = co_await session.submit("/queue/q", std::string(static_cast<std::size_t>(i), 'x'));
            pending.push_back(std::move(receipt));
        }
        for (auto& receipt : pending)
            co_await receipt.confirmed();
        co_await session.disconnect();
    });
    BOOST_TEST(peer->frames.size() == 102);
    BOOST_TEST(peer->writes.size() == 102);
    for (auto const& write : peer->writes)
        BOOST_TEST(write.find('\0') == write.size() - 1);
    BOOST_TEST(peer->most_frame_ends > 1);
}

BOOST_AUTO_TEST_CASE(heart_beats_are_messages_of_their_own)
{
    peer->wants_frame_ends = true;
    peer->on_frame = [](std::string const& frame) {
        return frame.starts_with("CONNECT\n") ? "CONNECTED\nversion:1.2\nheart-beat:0,50\n\n\0"s : answer(frame);
    };
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.heart_beat = HeartBeat(50ms, 0ms);
        auto session = co_await open(config);
        co_await pause(200ms);
        co_await session.disconnect();
    });
    BOOST_TEST(std::ranges::count(peer->writes, "\n") > 0);
}

BOOST_AUTO_TEST_CASE(its_failure_is_the_cause_of_the_end)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open();
        peer->end(asio::error::network_reset);
        auto const cause = co_await session.closed();
        BOOST_TEST((cause.code() == errc::connection_lost));
        boost::system::error_code code;
        try {
            cause.raise();
        } catch (ConnectionLost const& lost) {
            code = lost.cause();
        }
        BOOST_TEST(code == asio::error::network_reset);
        co_await pause(10ms);
    });
    BOOST_TEST(times("abort") == 1);
}

BOOST_AUTO_TEST_CASE(an_end_of_file_ends_the_session)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open();
        peer->on_frame = [](std::string const&) { return ""s; };
        auto pending = co_await session.submit("/queue/q", "x");
        co_await session.flush();
        peer->end(asio::error::eof);
        Outcome outcome = Outcome::not_sent;
        try {
            co_await pending.confirmed();
        } catch (ConnectionLost const& lost) {
            outcome = lost.outcome();
        }
        BOOST_TEST(outcome == Outcome::unknown);
    });
}

// A transport that breaks its own rules must not leave anybody waiting.
BOOST_AUTO_TEST_CASE(an_exception_that_is_no_system_error_ends_the_session)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open();
        peer->end(std::make_exception_ptr(std::runtime_error("out of order")));
        auto const cause = co_await with_timeout(5s, session.closed());
        BOOST_TEST((cause.code() == errc::connection_lost));
    });
}

BOOST_AUTO_TEST_CASE(a_close_that_hangs_is_cut_short)
{
    peer->close_hangs = true;
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open();
        co_await session.disconnect();
        for (int i = 0; i < 500 && times("abort") == 0; ++i)
            co_await pause(10ms);
    });
    BOOST_TEST(times("close 0") == 1);
    BOOST_TEST(times("abort") >= 1);
}

BOOST_AUTO_TEST_CASE(an_end_before_connected_is_a_connect_error)
{
    peer->end(asio::error::eof);
    run([this]() -> asio::awaitable<void> {
        auto const attempt = co_await fail_to_open();
        BOOST_TEST((attempt.phase == ConnectPhase::stomp));
        BOOST_TEST((attempt.code == errc::connection_lost));
        co_await pause(10ms);
    });
    BOOST_TEST(times("destroyed") == 1);
}

BOOST_AUTO_TEST_CASE(a_peer_that_says_nothing_is_given_up)
{
    peer->on_frame = [](std::string const&) { return ""s; };
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.connect_timeout = 300ms;
        auto const attempt = co_await fail_to_open(config);
        BOOST_TEST((attempt.phase == ConnectPhase::stomp));
        BOOST_TEST((attempt.code == errc::timeout));
        co_await pause(10ms);
    });
    BOOST_TEST(times("destroyed") == 1);
}

BOOST_AUTO_TEST_CASE(malformed_bytes_are_given_as_the_reason)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open();
        peer->send("NO\x01SUCH\nFRAME\n\n");
        peer->send("\0"s);
        auto const cause = co_await session.closed();
        BOOST_TEST((cause.code() == errc::malformed_frame));
        co_await pause(10ms);
    });
    BOOST_TEST(times("close " + std::to_string(static_cast<int>(CloseReason::error))) == 1);
    BOOST_TEST(times("abort") == 1);
}

BOOST_AUTO_TEST_CASE(a_forgotten_session_aborts_it)
{
    run([this]() -> asio::awaitable<void> {
        {
            auto session = co_await open();
        }
        co_await pause(10ms);
        BOOST_TEST(times("abort") == 1);
        BOOST_TEST(times("close 0") == 0);
    });
    BOOST_TEST(run_dry());
    BOOST_TEST(times("destroyed") == 1);
}

BOOST_AUTO_TEST_CASE(decides_where_the_session_lives)
{
    asio::any_io_executor const strand = asio::make_strand(context);
    peer->executor = strand;
    run([&, this]() -> asio::awaitable<void> {
        auto session = co_await open();
        BOOST_TEST((session.get_executor() == strand));
        auto const receipt = co_await session.send(OutgoingMessage("/queue/q").with_receipt());
        BOOST_TEST(receipt.has_value());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
