#include "support/raw_peer.hpp"

// Sessions that cannot be opened, and what the ConnectError says.
BOOST_AUTO_TEST_SUITE(connect_errors)

using namespace arbalest;
using namespace arbalest::test;

namespace {

class WithCredentials : public EmbeddedFixture
{
public:
    WithCredentials() : EmbeddedFixture(config()) {}

    static BrokerConfig config()
    {
        BrokerConfig config;
        config.credentials["guest"] = "right";
        config.virtual_hosts.push_back("/");
        return config;
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(broker.port()); }
};

// Connects, which must fail. The error's text never shows a passcode.
asio::awaitable<ConnectError> error_of(std::string url, StompConfig config = StompConfig())
{
    StompClient const client(std::move(config));
    auto const failure = co_await failure_of(client.connect(url));
    BOOST_REQUIRE(is<ConnectError>(failure));
    BOOST_TEST((failure.code() == errc::connect_failed));
    BOOST_TEST(failure.outcome() == Outcome::not_sent);
    BOOST_TEST(failure.what().find("secret") == std::string::npos, failure.what());
    try {
        failure.raise();
    } catch (ConnectError const& error) {
        for (auto const& attempt : error.attempts())
            BOOST_TEST((attempt.url + attempt.message + attempt.hint).find("secret") == std::string::npos);
        co_return error;
    }
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_refused_login, WithCredentials)
{
    run([this]() -> asio::awaitable<void> {
        auto const error = co_await error_of("stomp://guest:secret@" + address());
        BOOST_REQUIRE(error.attempts().size() == 1u);
        BOOST_TEST((error.phase() == ConnectPhase::stomp));
        BOOST_TEST((error.cause() == errc::error_frame_received));
        BOOST_REQUIRE(error.error_frame() != nullptr);
        BOOST_TEST(error.error_frame()->command() == "ERROR");
        BOOST_TEST(error.attempts()[0].endpoint == address());
        co_await until([&] { return broker.connections() == 0; });
        // And with the right one it works, in the URL or the configuration.
        StompConfig config;
        config.login = "guest";
        config.passcode = "right";
        StompClient const client(config);
        auto session = co_await client.connect("stomp://" + address());
        co_await session.disconnect();
        auto other = co_await StompClient().connect("stomp://guest:right@" + address());
        co_await other.disconnect();
    });
}

BOOST_FIXTURE_TEST_CASE(a_virtual_host_that_is_not_there, WithCredentials)
{
    run([this]() -> asio::awaitable<void> {
        auto const error = co_await error_of("stomp://guest:right@" + address() + "/nowhere");
        BOOST_TEST((error.phase() == ConnectPhase::stomp));
        BOOST_REQUIRE(error.error_frame() != nullptr);
        BOOST_TEST(!error.attempts()[0].hint.empty());
        co_await until([&] { return broker.connections() == 0; });
    });
}

BOOST_FIXTURE_TEST_CASE(nobody_listens, ContextFixture)
{
    run([]() -> asio::awaitable<void> {
        auto const error = co_await error_of("stomp://user:secret@127.0.0.1:1");
        BOOST_TEST((error.phase() == ConnectPhase::tcp));
        BOOST_TEST((error.cause() == asio::error::connection_refused));
        BOOST_TEST(error.attempts()[0].endpoint == "127.0.0.1:1");
        BOOST_TEST(error.error_frame() == nullptr);
    });
    BOOST_TEST(run_dry());
}

BOOST_FIXTURE_TEST_CASE(a_name_that_does_not_resolve, ContextFixture)
{
    run([]() -> asio::awaitable<void> {
        auto const error = co_await error_of("stomp://user:secret@no-such-host.invalid:61613");
        BOOST_TEST((error.phase() == ConnectPhase::resolve));
    });
}

BOOST_FIXTURE_TEST_CASE(urls_that_cannot_be_used, ContextFixture)
{
    run([]() -> asio::awaitable<void> {
        std::vector<std::string> const urls{"",
                                            "stomp://",
                                            "http://user:secret@localhost",
                                            "user:secret@localhost:1",
                                            "stomp://user:secret@localhost:99999",
                                            "stomp://user:secret@[::1"};
        for (auto const& url : urls) {
            BOOST_TEST_CONTEXT(url)
            {
                auto const error = co_await error_of(url);
                BOOST_TEST((error.phase() == ConnectPhase::url));
            }
        }
        StompClient const client;
        std::vector<std::string> none;
        auto const failure = co_await failure_of(client.connect(none));
        BOOST_TEST(is<ConnectError>(failure), failure.what());
    });
}

BOOST_FIXTURE_TEST_CASE(every_url_is_tried_and_told, EmbeddedFixture)
{
    run([this]() -> asio::awaitable<void> {
        broker.faults().refuse_login();
        std::vector<std::string> urls;
        urls.push_back("stomp://127.0.0.1:1");
        urls.push_back("nonsense");
        urls.push_back("stomp://user:secret@127.0.0.1:" + std::to_string(broker.port()));
        StompClient const client;
        auto const failure = co_await failure_of(client.connect(urls));
        BOOST_REQUIRE(is<ConnectError>(failure));
        BOOST_TEST(failure.what().find("secret") == std::string::npos, failure.what());
        try {
            failure.raise();
        } catch (ConnectError const& error) {
            BOOST_REQUIRE(error.attempts().size() == 3u);
            BOOST_TEST((error.attempts()[0].phase == ConnectPhase::tcp));
            BOOST_TEST((error.attempts()[1].phase == ConnectPhase::url));
            BOOST_TEST((error.attempts()[2].phase == ConnectPhase::stomp));
            BOOST_TEST((error.phase() == ConnectPhase::stomp));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(peers_that_speak_something_else, ContextFixture)
{
    std::vector<std::string> const answers{
        "HTTP/1.1 400 Bad Request\r\nServer: something\r\nContent-Length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
        frame_bytes("MESSAGE\nmessage-id:1\ndestination:/queue/a\nsubscription:1"),
        frame_bytes("CONNECTED\nversion:9.9"),
        frame_bytes("CONNECTED\nversion:1.2\nheart-beat:often"),
        std::string("\x15\x03\x01\x00\x02\x02\x46\0\0", 9),
    };
    for (auto const& answer : answers) {
        BOOST_TEST_CONTEXT(answer)
        {
            run([&]() -> asio::awaitable<void> {
                RawPeer peer(context);
                auto const executor = co_await asio::this_coro::executor;
                StompClient const client;
                auto const connecting = start(executor, client.connect(peer.url()));
                co_await peer.accept();
                co_await peer.receive();
                co_await peer.send(answer);
                co_await peer.wait_for_end(); // the client closes
                co_await finished(connecting);
                BOOST_TEST(is<ConnectError>(connecting->failure), connecting->failure.what());
            });
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_closes_before_connected, ContextFixture)
{
    for (bool const reset : {false, true}) {
        run([&]() -> asio::awaitable<void> {
            RawPeer peer(context);
            auto const executor = co_await asio::this_coro::executor;
            StompClient const client;
            auto const connecting = start(executor, client.connect(peer.url()));
            co_await peer.accept();
            co_await peer.receive();
            if (reset)
                peer.reset();
            else
                peer.close();
            co_await finished(connecting);
            BOOST_REQUIRE(is<ConnectError>(connecting->failure));
            try {
                connecting->failure.raise();
            } catch (ConnectError const& error) {
                BOOST_TEST((error.phase() == ConnectPhase::stomp));
                BOOST_TEST((error.cause() == errc::connection_lost));
            }
        });
    }
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_says_nothing_is_given_up_in_time, EmbeddedFixture)
{
    run([this]() -> asio::awaitable<void> {
        broker.faults().ignore_connect();
        StompConfig config;
        config.connect_timeout = 300ms;
        auto const error = co_await error_of("stomp://user:secret@127.0.0.1:" + std::to_string(broker.port()), config);
        BOOST_TEST((error.phase() == ConnectPhase::stomp));
        BOOST_TEST((error.cause() == errc::timeout));
        co_await until([&] { return broker.connections() == 0; });
        // The time is for each URL: the next one has its own.
        broker.faults().clear();
        RawPeer silent(context);
        std::vector<std::string> urls;
        urls.push_back(silent.url());
        urls.push_back(broker.url());
        config.connect_timeout = 500ms;
        StompClient const client(config);
        auto session = co_await client.connect(urls);
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

BOOST_FIXTURE_TEST_CASE(connect_headers_that_cannot_be_sent, EmbeddedFixture)
{
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.connect_headers.emplace_back("x-lines", "one\ntwo");
        auto const failure = co_await failure_of(connect(config));
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        co_await until([&] { return broker.connections() == 0; });
    });
}

BOOST_AUTO_TEST_SUITE_END()
