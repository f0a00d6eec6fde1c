#include "support/certificates.hpp"
#include "transport_fixture.hpp"
#include "websocket_peer.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <optional>

// Connects that are cancelled or timed out, and io_contexts that end in the middle of everything.
namespace arbalest::test {

inline char const* const schemes[] = {"stomp+tls", "ws", "wss", "sockjs+http", "sockjs+https"};

class EndFixture
{
public:
    EndFixture()
    {
        CertificateRequest request;
        request.ip_addresses.push_back("127.0.0.1");
        certificate = authority.issue(request);
    }

    TestAuthority authority;
    IssuedCertificate certificate;
};

/// A client, and a server that does what the test says.
class Scene : public TransportFixture
{
public:
    Scene(EndFixture const& files, std::string_view scheme) : silent(context)
    {
        bool const tls = scheme.find("tls") != scheme.npos || scheme == "wss" || scheme == "sockjs+https";
        if (tls)
            server.emplace(context, files.certificate);
        else
            server.emplace(context);
        options.tls.ca_file = files.authority.ca_file();
        options.tls.use_system_trust_store = false;
        options.websocket.ping_interval = 1ms;
    }

    asio::awaitable<void> connect_and_keep(std::string url) { transport = co_await connect(std::move(url)); }

    TcpPeer silent;
    std::optional<WebSocketPeer> server;
    std::unique_ptr<Transport> transport;
};

} // namespace arbalest::test

using namespace arbalest;
using namespace arbalest::test;

BOOST_FIXTURE_TEST_SUITE(connect_end, EndFixture)

BOOST_DATA_TEST_CASE_F(EndFixture, a_cancelled_handshake_leaves_no_socket, boost::unit_test::data::make(schemes),
                       scheme)
{
    Scene scene(*this, scheme);
    auto const files = open_files();
    scene.run([&]() -> asio::awaitable<void> {
        auto const accepting = start(scene.context.get_executor(), scene.silent.accept());
        auto const connecting = start(scene.context.get_executor(), scene.connect_and_keep(scene.silent.at(scheme)));
        co_await finished(accepting);
        co_await others_go_on();
        BOOST_TEST(!connecting->done);
        connecting->cancel();
        co_await finished(connecting);
        BOOST_TEST(is_aborted(connecting->failure), connecting->failure.what());
        co_await scene.silent.wait_for_end();
        // The phase is told, for the timeout's message.
        BOOST_REQUIRE(!scene.attempts.empty());
        BOOST_TEST(scene.attempts.back().code == asio::error::operation_aborted);
        bool const tls =
            scene.server && (scheme == std::string_view("wss") || contains(scheme, "tls") || contains(scheme, "https"));
        BOOST_TEST((scene.attempts.back().phase == (tls ? ConnectPhase::tls : ConnectPhase::http)));
        scene.silent.socket.close();
    });
    BOOST_TEST(scene.run_dry());
    BOOST_TEST(open_files() == files);
}

BOOST_DATA_TEST_CASE_F(EndFixture, a_connect_can_be_cancelled_at_every_point, boost::unit_test::data::make(schemes),
                       scheme)
{
    Scene scene(*this, scheme);
    auto const files = open_files();
    int connected = 0;
    int aborted = 0;
    scene.run([&]() -> asio::awaitable<void> {
        for (int rounds = 0; rounds < 60; ++rounds) {
            auto const accepting = start(scene.context.get_executor(), scene.server->accept());
            auto const connecting =
                start(scene.context.get_executor(), scene.connect_and_keep(scene.server->at(scheme, "/ws")));
            co_await others_go_on(rounds);
            connecting->cancel();
            co_await finished(connecting);
            if (connecting->failure) {
                BOOST_TEST(is_aborted(connecting->failure), connecting->failure.what());
                ++aborted;
            } else {
                ++connected;
                scene.transport.reset();
            }
            accepting->cancel();
            scene.server->cut();
            co_await finished(accepting);
        }
    });
    BOOST_TEST(aborted > 0);
    BOOST_TEST_MESSAGE(connected << " were connected before");
    BOOST_TEST(scene.run_dry());
    BOOST_TEST(open_files() == files);
}

BOOST_AUTO_TEST_CASE(a_cancelled_tunnel_leaves_no_socket)
{
    Scene scene(*this, "stomp");
    scene.options.proxy = scene.silent.at("http");
    scene.run([&]() -> asio::awaitable<void> {
        auto const accepting = start(scene.context.get_executor(), scene.silent.accept());
        auto const connecting = start(scene.context.get_executor(), scene.connect_and_keep("stomp://broker.test"));
        co_await finished(accepting);
        co_await others_go_on();
        connecting->cancel();
        co_await finished(connecting);
        BOOST_TEST(is_aborted(connecting->failure), connecting->failure.what());
        co_await scene.silent.wait_for_end();
    });
    BOOST_TEST(scene.run_dry());
}

BOOST_AUTO_TEST_CASE(a_timeout_tells_how_far_it_came)
{
    Scene scene(*this, "wss");
    StompConfig config;
    config.connect_timeout = 500ms;
    config.tls = scene.options.tls; // to read the certificates of the system takes time
    scene.run([&]() -> asio::awaitable<void> {
        StompClient const client(config);
        std::vector<ConnectAttempt> attempts;
        try {
            co_await client.connect(scene.silent.at("wss", "/ws?token=s3cret"));
        } catch (ConnectError const& error) {
            attempts = error.attempts();
        }
        BOOST_REQUIRE(attempts.size() == 1u);
        BOOST_TEST((attempts[0].phase == ConnectPhase::tls));
        BOOST_TEST((attempts[0].code == errc::timeout));
        BOOST_TEST(attempts[0].url == scene.silent.at("wss", "/ws"));
        BOOST_TEST(attempts[0].endpoint == "127.0.0.1:" + std::to_string(scene.silent.port()));
    });
    BOOST_TEST(scene.run_dry());
}

BOOST_DATA_TEST_CASE_F(EndFixture, an_io_context_may_end_while_connecting, boost::unit_test::data::make(schemes),
                       scheme)
{
    for (int rounds = 0; rounds < 40; ++rounds) {
        Scene scene(*this, scheme);
        scene.run([&]() -> asio::awaitable<void> {
            start(scene.context.get_executor(), scene.server->accept());
            start(scene.context.get_executor(), scene.connect_and_keep(scene.server->at(scheme, "/ws")));
            co_await others_go_on(rounds);
        });
        scene.transport.reset();
    }
}

BOOST_DATA_TEST_CASE_F(EndFixture, an_io_context_may_end_under_a_session, boost::unit_test::data::make(schemes), scheme)
{
    bool const sockjs = contains(scheme, "sockjs");
    std::string const connected =
        sockjs ? R"(a["CONNECTED\nversion:1.2\n\n\u0000"])" : std::string("CONNECTED\nversion:1.2\n\n\0", 24);
    if (contains(scheme, "stomp"))
        return; // the WebSocket server does not speak that
    for (int rounds = 0; rounds < 20; ++rounds) {
        StompSession session;
        Scene scene(*this, scheme);
        scene.run([&]() -> asio::awaitable<void> {
            StompConfig config;
            config.tls = scene.options.tls;
            config.websocket.ping_interval = 1ms;
            StompClient const client(config);
            auto const accepting = start(scene.context.get_executor(), scene.server->accept());
            auto const opening = start(scene.context.get_executor(), client.connect(scene.server->at(scheme, "/ws")));
            co_await finished(accepting);
            if (sockjs)
                co_await scene.server->send("o");
            co_await scene.server->receive();
            co_await scene.server->send(connected);
            co_await finished(opening);
            BOOST_REQUIRE(opening->value.has_value());
            session = *opening->value;
            opening->value.reset();
            // Reading, writing and pinging, perhaps closing.
            std::string const much(3'000'000, 'x');
            for (int i = 0; i < 3; ++i)
                start(scene.context.get_executor(), session.send("/queue/q", much));
            co_await others_go_on(rounds);
            if (rounds % 2 == 1)
                session.start_disconnect();
            if (rounds % 4 == 3)
                session = StompSession();
            co_await pause(std::chrono::milliseconds(rounds % 5));
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
