#include "recorder.hpp"

#include <future>

// WSTransport: frames over a WebSocket, and nothing else.
BOOST_AUTO_TEST_SUITE(ws_transport)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

class SocketFixture
{
public:
    SocketFixture() : broker(BrokerConfig(), Listen::websocket) {}

    BrokerThread broker;
    std::string url = broker.broker.url();
};

Frame connect_frame()
{
    Frame frame("CONNECT");
    frame.add_header("accept-version", "1.2").add_header("host", "/");
    return frame;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(frames_go_and_come, SocketFixture)
{
    WSTransportOptions options;
    options.binary_mode = true; // the body below is no text
    WSTransport transport(url, true, "utf-8", {}, options);
    BOOST_TEST(!transport.is_connected());
    BOOST_CHECK_THROW(transport.send(connect_frame()), SessionClosed);
    BOOST_CHECK_THROW(transport.receive(), SessionClosed);
    transport.start();
    transport.start();
    BOOST_TEST(transport.is_connected());
    transport.send(connect_frame());
    auto const data = transport.receive();
    BOOST_TEST(data.starts_with("CONNECTED\n"));
    BOOST_TEST(!transport.is_eol(data));
    Frame subscribe("SUBSCRIBE");
    subscribe.add_header("destination", "/queue/a").add_header("id", "1").add_header("a:b", "c\nd");
    transport.send(std::move(subscribe));
    transport.send(Frame()); // a heart-beat
    Frame message("SEND");
    message.add_header("destination", "/queue/a").add_header("a:b", "c\nd");
    message.set_body("x\xff");
    transport.send(std::move(message));
    auto const received = transport.receive_frame();
    BOOST_TEST(received.command() == "MESSAGE");
    BOOST_TEST(received.header("a:b").value_or("") == "c\nd");
    BOOST_TEST(received.body() == "x\xef\xbf\xbd");
    BOOST_CHECK_THROW(transport.send(Frame("SEND\n")), InvalidFrame);
    BOOST_TEST(transport.is_connected());
    transport.stop();
    transport.stop(1s);
    BOOST_TEST(!transport.is_connected());
    wait_until([&] { return broker.broker.connections() == 0; });
    transport.start();
    BOOST_TEST(transport.is_connected());
}

BOOST_FIXTURE_TEST_CASE(heart_beats_are_data, SocketFixture)
{
    WSTransport transport(url, false);
    transport.start();
    transport.send(connect_frame());
    BOOST_TEST(transport.receive_frame().command() == "CONNECTED");
    broker.broker.faults().send_raw("\n\r\n");
    auto const data = transport.receive();
    BOOST_TEST(data == "\n\r\n");
    BOOST_TEST(transport.is_eol(data));
    BOOST_TEST(transport.heart_beats() == 1u);
    BOOST_TEST(!transport.is_eol(""));

    WSTransport special(url, true, "utf-8", [](std::string_view text) { return text == "."; });
    BOOST_TEST(special.is_eol("."));
    BOOST_TEST(!special.is_eol("\n"));
}

BOOST_FIXTURE_TEST_CASE(stopping_ends_a_receive, SocketFixture)
{
    WSTransport transport(url);
    transport.start();
    auto receiving = std::async(std::launch::async, [&] { return transport.receive(); });
    std::this_thread::sleep_for(10ms);
    transport.stop();
    BOOST_CHECK_THROW(receiving.get(), SessionClosed);
}

BOOST_FIXTURE_TEST_CASE(the_server_closes, SocketFixture)
{
    WSTransport transport(url);
    transport.start();
    auto receiving = std::async(std::launch::async, [&] { return transport.receive(); });
    wait_until([&] { return broker.broker.connections() == 1; });
    broker.broker.faults().close_connections();
    BOOST_CHECK_THROW(receiving.get(), ConnectionLost);
    BOOST_TEST(!transport.is_connected());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened)
{
    BOOST_CHECK_THROW(WSTransport("stomp://localhost"), std::invalid_argument);
    BOOST_CHECK_THROW(WSTransport("nonsense"), std::invalid_argument);
    BOOST_CHECK_THROW(WSTransport("ws://localhost", true, "no-such-encoding"), std::invalid_argument);
    WSTransport nobody("ws://127.0.0.1:" + std::to_string(free_port()));
    BOOST_CHECK_THROW(nobody.start(), ConnectError);
    SocketFixture fixture;
    auto elsewhere = fixture.url.substr(0, fixture.url.rfind('/')) + "/elsewhere";
    WSTransport missing(elsewhere);
    try {
        missing.start();
        BOOST_ERROR("opened what is not there");
    } catch (ConnectError const& error) {
        BOOST_TEST(error.attempts().back().http_status == 404u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
