#include "websocket_fixture.hpp"
#include "websocket_frames.hpp"
#include <arbalest/transport/over_websocket.hpp>

#include <boost/beast/websocket/stream.hpp>

// The peer sends Close, and leaves TCP open: it is we who end the connection, within a bounded time.
using namespace arbalest;
using namespace arbalest::test;

namespace {

std::string close_frame_of(unsigned code, std::string_view reason)
{
    std::string payload;
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xff);
    payload += reason;
    return websocket_frame(ws_close, payload);
}

/// A client's transport whose peer has sent something below the WebSocket and then only keeps TCP open.
class KeptOpen : public WebSocketFixture
{
public:
    explicit KeptOpen(bool tls = false) : WebSocketFixture(tls) {}

    /// How reading ends.
    asio::awaitable<Failure> end_after(std::string bytes)
    {
        co_await server->send_raw(std::move(bytes));
        auto const reading = start(context.get_executor(), read_bytes(*transport, 1));
        co_await finished(reading);
        co_return reading->failure;
    }

    asio::awaitable<void> check_end()
    {
        co_await open();
        auto bytes = close_frame_of(4001, "token expired");
        auto const failure = co_await end_after(std::move(bytes));
        check_closed(failure, 4001, "token expired");
        // The Close was answered.
        auto const waiting = start(context.get_executor(), server->wait_for_close());
        co_await transport->close(CloseReason::normal);
        co_await finished(waiting);
        BOOST_REQUIRE(waiting->value.has_value());
        BOOST_TEST(waiting->value->first == 4001);
        transport->abort();
    }

    static void check_closed(Failure const& failure, int code, std::string_view reason)
    {
        BOOST_TEST(failure.code() == boost::system::error_code(code, websocket_close_category()), failure.what());
        BOOST_REQUIRE(is<PeerClosed>(failure));
        try {
            failure.raise();
        } catch (PeerClosed const& error) {
            BOOST_TEST(error.reason() == reason);
            BOOST_TEST(contains(error.what(), reason), error.what());
        }
    }
};

class SecureKeptOpen : public KeptOpen
{
public:
    SecureKeptOpen() : KeptOpen(true) {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(websocket_peer_close, KeptOpen)

BOOST_AUTO_TEST_CASE(ends_reading_while_tcp_stays_open)
{
    run([this] { return check_end(); });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(in_order_keeps_its_reason)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto bytes = close_frame_of(1000, "maintenance");
        auto const failure = co_await end_after(std::move(bytes));
        BOOST_TEST(failure.code() == asio::error::eof, failure.what());
        BOOST_TEST(contains(failure.what(), "maintenance"), failure.what());
    });
}

BOOST_AUTO_TEST_CASE(without_a_code_is_an_end_in_order)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto bytes = websocket_frame(ws_close, "");
        auto const failure = co_await end_after(std::move(bytes));
        BOOST_TEST(failure.code() == asio::error::eof, failure.what());
    });
}

BOOST_AUTO_TEST_CASE(a_reason_with_control_characters_forges_no_line)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto bytes = close_frame_of(1008, "no\nINFO all is well");
        auto const failure = co_await end_after(std::move(bytes));
        BOOST_TEST(contains(failure.what(), "no\\nINFO"), failure.what());
    });
}

BOOST_AUTO_TEST_CASE(comes_after_what_was_sent_before)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto bytes = websocket_frame(ws_text, "one") + websocket_frame(ws_text, "two") + close_frame_of(4001, "");
        co_await server->send_raw(std::move(bytes));
        auto const read = co_await read_bytes(*transport, 6);
        BOOST_TEST(read == "onetwo");
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        BOOST_TEST(failure.code().value() == 4001, failure.what());
    });
}

BOOST_AUTO_TEST_CASE(ends_reading_between_fragments)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto bytes = websocket_frame(ws_text_begins, "half") + close_frame_of(4001, "token expired");
        co_await server->send_raw(std::move(bytes));
        auto const read = co_await read_bytes(*transport, 4);
        BOOST_TEST(read == "half");
        auto const failure = co_await failure_of(read_bytes(*transport, 1));
        check_closed(failure, 4001, "token expired");
    });
}

BOOST_AUTO_TEST_CASE(ends_reading_while_a_write_waits_for_the_peer)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::string const much(40'000'000, 'x');
        auto const writing = start(context.get_executor(), write_frame(*transport, much));
        co_await others_go_on();
        BOOST_TEST(!writing->done);
        auto bytes = close_frame_of(4001, "token expired");
        auto const failure = co_await end_after(std::move(bytes));
        check_closed(failure, 4001, "token expired");
        auto const closing = start(context.get_executor(), transport->close(CloseReason::error));
        co_await others_go_on();
        BOOST_TEST(!writing->done);
        transport->abort();
        co_await finished(closing);
        co_await finished(writing);
        BOOST_TEST(static_cast<bool>(writing->failure));
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_transport_that_is_destroyed_meanwhile_leaves_nothing_behind)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto bytes = close_frame_of(4001, "");
        auto const failure = co_await end_after(std::move(bytes));
        BOOST_TEST(failure.code().value() == 4001, failure.what());
        transport.reset();
        server->cut();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(what_breaks_the_protocol_ends_reading_at_once)
{
    options.websocket.max_message_size = 10;
    run([this]() -> asio::awaitable<void> {
        co_await open();
        auto bytes = websocket_frame(ws_text, "more than ten bytes");
        auto failure = co_await end_after(std::move(bytes));
        BOOST_TEST((failure.code() == boost::beast::websocket::error::message_too_big), failure.what());
        transport->abort();
        co_await open();
        bytes = websocket_frame(0x83, "of no known kind");
        failure = co_await end_after(std::move(bytes));
        BOOST_TEST((failure.code() == boost::beast::websocket::error::bad_opcode), failure.what());
    });
}

// The Close that says what was wrong waits for the message that is being written, which the peer does not read.
BOOST_AUTO_TEST_CASE(what_breaks_the_protocol_ends_reading_while_a_write_waits_for_the_peer)
{
    std::vector<std::string> const broken{websocket_frame(0x83, "of no known kind"), websocket_frame(0xc1, "reserved"),
                                          "\x81\x81"
                                          "maskX"s,
                                          websocket_frame(ws_text, "\xff")};
    for (auto const& bytes : broken) {
        run([&, this]() -> asio::awaitable<void> {
            co_await open();
            std::string const much(40'000'000, 'x');
            auto const writing = start(context.get_executor(), write_frame(*transport, much));
            co_await others_go_on();
            BOOST_TEST(!writing->done);
            auto const failure = co_await end_after(bytes);
            BOOST_TEST((failure.code() == transport_errc::websocket_protocol_broken), failure.what());
            co_await finished(writing);
            BOOST_TEST(static_cast<bool>(writing->failure));
            transport->abort();
        });
        BOOST_TEST(run_dry());
    }
}

BOOST_AUTO_TEST_CASE(a_ping_is_answered_late_while_a_write_waits_for_the_peer)
{
    run([this]() -> asio::awaitable<void> {
        co_await open();
        std::string const much(40'000'000, 'x');
        auto const writing = start(context.get_executor(), write_frame(*transport, much));
        co_await others_go_on();
        auto bytes = websocket_frame(ws_ping, "are you there?");
        co_await server->send_raw(std::move(bytes));
        auto const reading = start(context.get_executor(), read_bytes(*transport, 5));
        co_await pause(2500ms); // longer than what breaks the protocol is waited for
        BOOST_TEST(!reading->done);
        auto const message = co_await server->receive();
        BOOST_TEST(message.bytes.size() == much.size());
        co_await finished(writing);
        BOOST_TEST(!writing->failure, writing->failure.what());
        co_await server->send("hello");
        co_await finished(reading);
        BOOST_TEST(reading->value.value_or("") == "hello");
        transport->abort();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(ends_reading_of_a_stream_that_the_application_has_made)
{
    using Stream = boost::beast::websocket::stream<asio::ip::tcp::socket>;
    run([this]() -> asio::awaitable<void> {
        auto const accepting = start(context.get_executor(), server->accept());
        Stream stream(context);
        asio::ip::tcp::endpoint const peer(asio::ip::address_v4::loopback(), server->port());
        co_await stream.next_layer().async_connect(peer, asio::use_awaitable);
        co_await stream.async_handshake("localhost", "/", asio::use_awaitable);
        co_await finished(accepting);
        transport = TransportFor<Stream>::make(std::move(stream), options.websocket);
        auto bytes = close_frame_of(1008, "maintenance");
        auto const failure = co_await end_after(std::move(bytes));
        check_closed(failure, 1008, "maintenance");
        transport->abort();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(websocket_peer_close_over_tls, SecureKeptOpen)

BOOST_AUTO_TEST_CASE(ends_reading_while_tcp_stays_open)
{
    run([this] { return check_end(); });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// A session over a WebSocket whose peer is played by hand.
class PeerCloseSessions : public ContextFixture
{
public:
    asio::awaitable<void> accept_session()
    {
        co_await peer.accept();
        co_await receive("CONNECT");
        co_await peer.send("CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0"s);
    }

    /// The next frame, which has that command.
    asio::awaitable<std::string> receive(std::string command)
    {
        auto message = co_await peer.receive();
        BOOST_TEST(message.bytes.substr(0, message.bytes.find('\n')) == command);
        co_return std::move(message.bytes);
    }

    asio::awaitable<StompSession> connect(StompConfig config)
    {
        auto const accepting = start(context.get_executor(), accept_session());
        StompClient client(std::move(config));
        auto session = co_await client.connect(peer.at("ws", "/ws"));
        co_await finished(accepting);
        co_return session;
    }

    WebSocketPeer peer{context};
};

asio::awaitable<bool> send_with_receipt(StompSession session)
{
    OutgoingMessage message("/queue/q", "unconfirmed");
    message.with_receipt();
    auto const receipt = co_await session.send(std::move(message));
    co_return receipt.has_value();
}

std::string receipt_of(std::string const& frame)
{
    auto const begin = frame.find("\nreceipt:") + 9;
    return "RECEIPT\nreceipt-id:" + frame.substr(begin, frame.find('\n', begin) - begin) + "\n\n" + '\0';
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(sessions_whose_peer_closes, PeerCloseSessions)

BOOST_AUTO_TEST_CASE(end_with_code_and_reason_while_tcp_stays_open)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(StompConfig());
        auto const sending = start(context.get_executor(), send_with_receipt(session));
        co_await receive("SEND");
        auto bytes = close_frame_of(4001, "token expired");
        co_await peer.send_raw(std::move(bytes));
        auto const cause = co_await session.closed();
        auto const& lost = as<ConnectionLost>(cause);
        BOOST_TEST(lost.cause() == boost::system::error_code(4001, websocket_close_category()));
        BOOST_TEST(lost.close_reason() == "token expired");
        BOOST_TEST(contains(lost.what(), "4001"), lost.what());
        BOOST_TEST(contains(lost.what(), "token expired"), lost.what());
        co_await finished(sending);
        BOOST_TEST((as<ConnectionLost>(sending->failure).outcome() == Outcome::unknown));
        // TCP ends from this side.
        auto const ending = start(context.get_executor(), peer.wait_for_end());
        co_await finished(ending);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(end_when_it_breaks_the_protocol_and_reads_nothing)
{
    StompConfig config;
    config.receipt_timeout = 0ms;
    run([this, config]() -> asio::awaitable<void> {
        auto session = co_await connect(config);
        OutgoingMessage message("/queue/q", std::string(40'000'000, 'x'));
        message.with_receipt();
        auto const sending = start(context.get_executor(), session.send(std::move(message)));
        co_await others_go_on();
        auto bytes = websocket_frame(0x83, "of no known kind");
        co_await peer.send_raw(std::move(bytes));
        auto const cause = co_await session.closed();
        BOOST_TEST((as<ConnectionLost>(cause).cause() == transport_errc::websocket_protocol_broken), cause.what());
        co_await finished(sending);
        BOOST_TEST((as<ConnectionLost>(sending->failure).outcome() == Outcome::unknown));
    });
    peer.cut();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(connect_again_and_send_again_while_tcp_stays_open)
{
    StompConfig config;
    config.reconnect.emplace().initial = 1ms;
    run([this, config]() -> asio::awaitable<void> {
        auto session = co_await connect(config);
        auto const sending = start(context.get_executor(), send_with_receipt(session));
        co_await receive("SEND");
        auto bytes = close_frame_of(1012, "");
        co_await peer.send_raw(std::move(bytes));
        peer.keep();
        co_await accept_session();
        auto const again = co_await receive("SEND");
        BOOST_TEST(contains(again, "unconfirmed"));
        auto answer = receipt_of(again);
        co_await peer.send(std::move(answer));
        co_await finished(sending);
        BOOST_TEST(!sending->failure, sending->failure.what());
        session.start_disconnect();
        peer.cut();
    });
}

BOOST_AUTO_TEST_SUITE_END()
