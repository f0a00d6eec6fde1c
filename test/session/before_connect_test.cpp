#include "support/raw_peer.hpp"
#include <arbalest/testing/scripted_transport.hpp>

// What a program may change before each attempt to connect.
BOOST_FIXTURE_TEST_SUITE(before_connect, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

BrokerConfig remembering()
{
    BrokerConfig config;
    config.frame_log = 10;
    return config;
}

} // namespace

BOOST_AUTO_TEST_CASE(it_may_change_credentials_and_headers)
{
    EmbeddedBroker remembers(context.get_executor(), remembering());
    remembers.listen();
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.login = "configured";
        config.connect_headers.emplace_back("tenant", "one");
        int calls = 0;
        config.before_connect = [&](ConnectParameters& parameters) -> asio::awaitable<void> {
            ++calls;
            BOOST_TEST(parameters.login == "configured");
            BOOST_TEST(parameters.host == "/");
            BOOST_TEST(parameters.attempt == 1u);
            BOOST_TEST(parameters.url == remembers.url());
            co_await pause(1ms); // as if it asked somebody for a token
            parameters.login = "bearer " + std::to_string(calls);
            parameters.passcode = "fresh token";
            parameters.host = "/orders";
            parameters.connect_headers.emplace_back("call", std::to_string(calls));
        };
        StompClient const client(config);
        for (int i = 1; i <= 2; ++i) {
            auto session = co_await client.connect(remembers.url());
            co_await session.disconnect();
        }
        BOOST_TEST(calls == 2);
        std::vector<Frame> connects;
        for (auto const& frame : remembers.received_frames()) {
            if (frame.frame.command() == "CONNECT")
                connects.push_back(frame.frame);
        }
        BOOST_REQUIRE(connects.size() == 2u);
        for (std::size_t i = 0; i < 2; ++i) {
            BOOST_TEST((connects[i].header("login") == "bearer " + std::to_string(i + 1)));
            BOOST_TEST(connects[i].has_header("passcode"));
            BOOST_TEST((connects[i].header("host") == "/orders"));
            BOOST_TEST((connects[i].header("tenant") == "one"));
            BOOST_TEST((connects[i].header("call") == std::to_string(i + 1)));
        }
    });
}

BOOST_AUTO_TEST_CASE(it_is_called_before_every_attempt)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        std::vector<std::string> seen;
        config.before_connect = [&](ConnectParameters& parameters) -> asio::awaitable<void> {
            seen.push_back(std::to_string(parameters.attempt) + " " + parameters.url);
            co_return;
        };
        std::vector<std::string> urls;
        urls.push_back("stomp://127.0.0.1:1");
        urls.push_back(broker.url());
        StompClient const client(config);
        auto session = co_await client.connect(urls);
        BOOST_REQUIRE(seen.size() == 2u);
        BOOST_TEST(seen[0] == "1 stomp://127.0.0.1:1");
        BOOST_TEST(seen[1] == "2 " + broker.url());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(it_changes_the_headers_of_a_web_sockets_handshake)
{
    broker.listen(Listen::websocket);
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.websocket.headers.emplace_back("X-Configured", "yes");
        config.before_connect = [](ConnectParameters& parameters) -> asio::awaitable<void> {
            parameters.websocket_headers.emplace_back("Authorization", "Bearer 123");
            co_return;
        };
        StompClient const client(config);
        auto session = co_await client.connect(broker.url(Listen::websocket));
        auto const handshake = broker.last_handshake();
        BOOST_REQUIRE(handshake.has_value());
        BOOST_TEST((handshake->header("X-Configured") == "yes"));
        BOOST_TEST((handshake->header("Authorization") == "Bearer 123"));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_it_throws_fails_the_attempt)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.before_connect = [](ConnectParameters&) -> asio::awaitable<void> {
            throw std::runtime_error("no token today");
            co_return;
        };
        StompClient const client(config);
        auto const failure = co_await failure_of(client.connect(broker.url()));
        BOOST_REQUIRE(is<ConnectError>(failure));
        try {
            failure.raise();
        } catch (ConnectError const& error) {
            BOOST_TEST((error.phase() == ConnectPhase::prepare));
            BOOST_TEST(error.attempts().back().message == "no token today");
            BOOST_TEST(std::string(error.what()).find("no token today") != std::string::npos);
        }
        BOOST_TEST(broker.connections() == 0u);
    });
}

BOOST_AUTO_TEST_CASE(it_is_bounded_and_cancelled_with_the_attempt)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.connect_timeout = 30ms;
        config.before_connect = [](ConnectParameters&) -> asio::awaitable<void> { co_await pause(20s); };
        StompClient const client(config);
        auto const failure = co_await failure_of(client.connect(broker.url()));
        BOOST_REQUIRE(is<ConnectError>(failure));
        try {
            failure.raise();
        } catch (ConnectError const& error) {
            BOOST_TEST((error.phase() == ConnectPhase::prepare));
            BOOST_TEST((error.cause() == errc::timeout));
        }
        config.connect_timeout = 0ms;
        StompClient const patient(config);
        auto const executor = co_await asio::this_coro::executor;
        auto const connecting = start(executor, patient.connect(broker.url()));
        co_await others_go_on();
        connecting->cancel();
        co_await finished(connecting);
        BOOST_TEST(is_aborted(connecting->failure));
    });
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(it_is_called_for_a_stream_of_ones_own_as_well)
{
    run([this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        auto const executor = co_await asio::this_coro::executor;
        asio::ip::tcp::socket socket(executor);
        co_await socket.async_connect(peer.endpoint(), asio::use_awaitable);
        StompConfig config;
        config.before_connect = [](ConnectParameters& parameters) -> asio::awaitable<void> {
            parameters.login = "from the hook";
            co_return;
        };
        auto const opening = start(executor, StompSession::over(std::move(socket), config));
        co_await peer.accept();
        auto const connect = co_await peer.receive("CONNECT");
        BOOST_TEST((connect.header("login") == "from the hook"));
        co_await peer.send(frame_bytes("CONNECTED\nversion:1.2"));
        co_await finished(opening);
        BOOST_TEST(opening->value.value().is_open());
    });
}

BOOST_AUTO_TEST_SUITE_END()

// A WebSocket's subprotocol and CONNECTED must name the same version of STOMP.
BOOST_FIXTURE_TEST_SUITE(subprotocol, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

BOOST_AUTO_TEST_CASE(another_version_than_the_subprotocols_fails_the_connect)
{
    broker.listen(Listen::websocket);
    for (bool const checks : {true, false}) {
        run([&]() -> asio::awaitable<void> {
            StompConfig config;
            config.websocket.subprotocols.assign(1, "v11.stomp");
            config.websocket.check_subprotocol = checks;
            StompClient const client(config);
            auto const connecting = start(context.get_executor(), client.connect(broker.url(Listen::websocket)));
            co_await finished(connecting);
            BOOST_TEST(is<ConnectError>(connecting->failure) == checks, connecting->failure.what());
            if (!checks) {
                auto session = connecting->value.value();
                BOOST_TEST(session.version() == StompVersion::v1_2);
                co_await session.disconnect();
            }
        });
    }
}

BOOST_AUTO_TEST_CASE(versions_that_are_not_accepted_are_not_offered)
{
    broker.listen(Listen::websocket);
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.accept_versions.assign(1, StompVersion::v1_1);
        config.websocket.subprotocols.push_back("of-another-kind");
        StompClient const client(config);
        auto session = co_await client.connect(broker.url(Listen::websocket));
        BOOST_TEST(session.version() == StompVersion::v1_1);
        auto const handshake = broker.last_handshake();
        BOOST_TEST((handshake.value().header("Sec-WebSocket-Protocol") == "v11.stomp, of-another-kind"));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(the_same_version_is_content)
{
    broker.listen(Listen::websocket);
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.websocket.subprotocols.assign(1, "v11.stomp");
        config.accept_versions.assign(1, StompVersion::v1_1);
        StompClient const client(config);
        auto session = co_await client.connect(broker.url(Listen::websocket));
        BOOST_TEST(session.version() == StompVersion::v1_1);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
