#include "transport_fixture.hpp"
#include "websocket_peer.hpp"

#include <set>
#include <string>
#include <vector>

// What StompClient::connect() makes of URLs beyond the transport.
namespace {

using namespace arbalest;
using namespace arbalest::test;

class UrlsFixture : public TransportFixture
{
public:
    UrlsFixture() : server(context) {}

    /// Connects to the WebSocket server as guest; returns the CONNECT frame that comes there.
    std::string connect_frame(StompConfig config)
    {
        std::string frame;
        run([&, this]() -> asio::awaitable<void> {
            auto const accepting = start(context.get_executor(), server.accept());
            StompClient const client(config);
            auto const url = "ws://guest:s3cret@127.0.0.1:" + std::to_string(server.port()) + "/vhost?x=y";
            auto const connecting = start(context.get_executor(), client.connect(url));
            co_await finished(accepting);
            auto const message = co_await server.receive();
            frame = message.bytes;
            connecting->cancel();
            co_await finished(connecting);
        });
        return frame;
    }

    WebSocketPeer server;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(connect_urls, UrlsFixture)

BOOST_AUTO_TEST_CASE(credentials_of_a_websocket_are_for_http_and_stomp)
{
    auto const frame = connect_frame(StompConfig());
    BOOST_TEST(server.field("Authorization") == "Basic Z3Vlc3Q6czNjcmV0");
    BOOST_TEST(contains(frame, "\nlogin:guest\n"), frame);
    BOOST_TEST(contains(frame, "\npasscode:s3cret\n"), frame);
    BOOST_TEST(contains(frame, "\nhost:/\n"), frame);
}

BOOST_AUTO_TEST_CASE(credentials_of_a_websocket_are_for_http_alone_where_stomp_has_others)
{
    StompConfig config;
    config.login = "admin";
    config.passcode = "other";
    auto const frame = connect_frame(config);
    BOOST_TEST(server.field("Authorization") == "Basic Z3Vlc3Q6czNjcmV0");
    BOOST_TEST(contains(frame, "\nlogin:admin\n"), frame);
    BOOST_TEST(contains(frame, "\npasscode:other\n"), frame);
    BOOST_TEST(!contains(frame, "s3cret"), frame);
}

BOOST_AUTO_TEST_CASE(several_are_shuffled_on_request)
{
    std::vector<std::string> const urls{"stomp://host:0", "mqtt://host"}; // neither can be used
    for (bool const shuffle : {false, true}) {
        std::set<std::string> first;
        run([&]() -> asio::awaitable<void> {
            StompConfig config;
            config.shuffle_urls = shuffle;
            StompClient const client(config);
            for (int i = 0; i < 100; ++i) {
                try {
                    co_await client.connect(urls);
                } catch (ConnectError const& error) {
                    BOOST_REQUIRE(error.attempts().size() == 2u);
                    first.insert(error.attempts()[0].message);
                }
            }
        });
        BOOST_TEST(first.size() == (shuffle ? 2u : 1u));
    }
}

BOOST_AUTO_TEST_SUITE_END()
