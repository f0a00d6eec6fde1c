#include "reconnect_tools.hpp"
#include "session/login_refusal.hpp"
#include "support/raw_peer.hpp"

// What a broker refuses: at CONNECT, right behind CONNECTED, and at the SUBSCRIBE of a subscription that was there
// before.
BOOST_FIXTURE_TEST_SUITE(reconnect_refusals, arbalest::test::ReconnectFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

Frame error_saying(std::string_view message, std::string_view body = {})
{
    Frame frame("ERROR");
    frame.add_header("message", message);
    frame.set_body(std::string(body));
    return frame;
}

/// Answers CONNECT with CONNECTED and these bytes, in one write.
asio::awaitable<void> accept_and_add(std::shared_ptr<RawPeer> peer, std::string bytes)
{
    co_await peer->accept();
    co_await peer->receive("CONNECT");
    auto all = frame_bytes("CONNECTED\nversion:1.2\nheart-beat:0,0") + bytes;
    co_await peer->send(std::move(all));
    co_await peer->wait_for_end();
}

} // namespace

BOOST_AUTO_TEST_CASE(only_a_refused_login_is_known_as_one)
{
    using detail::is_login_refusal;
    BOOST_TEST(is_login_refusal(error_saying("Bad CONNECT", "Access refused for user 'guest'\n"))); // RabbitMQ
    BOOST_TEST(is_login_refusal(error_saying("Bad CONNECT", "Virtual host 'x' access denied")));
    BOOST_TEST(is_login_refusal(error_saying("User name [guest] or password is invalid."))); // ActiveMQ
    BOOST_TEST(is_login_refusal(error_saying("java.lang.SecurityException",
                                             "java.lang.SecurityException: User name [] or password is invalid.")));
    BOOST_TEST(is_login_refusal(error_saying("AMQ229031: Unable to validate user from 127.0.0.1.")));
    BOOST_TEST(is_login_refusal(error_saying("Authentication failed."))); // Apollo

    BOOST_TEST(!is_login_refusal(error_saying("Broker: localhost - Client: password-store already connected from "
                                              "tcp://127.0.0.1:49152")));
    BOOST_TEST(!is_login_refusal(error_saying("the broker is not ready")));
    // Nor is it one because of a name in a stack trace.
    BOOST_TEST(!is_login_refusal(error_saying(
        "try later", "javax.jms.JMSException: try later\n\tat org.apache.activemq.security.AuthenticationBroker")));
}

BOOST_AUTO_TEST_CASE(a_temporary_refusal_at_connect_is_tried_again)
{
    run([this]() -> asio::awaitable<void> {
        auto config = reconnecting();
        config.client_id = "a";
        auto session = co_await connect(config);
        auto inbox = co_await session.subscribe("/queue/a");
        broker.faults().answer_connect(
            frame_bytes("ERROR\nmessage:Broker: localhost - Client: a already connected from tcp://127.0.0.1:1"), 2);
        broker.faults().close_connections();
        co_await until_connected(session, 2);
        broker.publish("/queue/a", "x");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "x");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_resubscription_lost_on_two_connections_in_a_row_fails_alone)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto first = co_await session.subscribe("/queue/first");
        auto bad = co_await session.subscribe("/queue/bad");
        auto last = co_await session.subscribe("/queue/last");
        // CONNECT, then the SUBSCRIBE of the first, then that of the second: no ERROR, just the end.
        broker.faults().close_connections();
        broker.faults().cut_incoming(3, Faults::all, 2);
        auto const failure = co_await failure_of(bad.next());
        BOOST_TEST(is<ConnectionLost>(failure), failure.what());
        BOOST_TEST((failure.outcome() == Outcome::unknown));
        co_await until_connected(session, 4);
        for (auto* const subscription : {&first, &last}) {
            broker.publish(subscription->destination(), "x");
            auto const message = co_await subscription->receive();
            BOOST_TEST(message.body() == "x");
        }
        co_await session.disconnect();
    });
}

// Once is not enough, and a confirmation in between starts the count anew.
BOOST_AUTO_TEST_CASE(a_resubscription_lost_now_and_then_goes_on)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto inbox = co_await session.subscribe("/queue/a");
        for (std::uint64_t connections = 3; connections <= 7; connections += 2) {
            broker.faults().close_connections();
            broker.faults().cut_incoming(2, Faults::all, 1);
            co_await until_connected(session, connections);
            broker.publish("/queue/a", "x");
            auto const message = co_await inbox.receive();
            BOOST_TEST(message.body() == "x");
            auto const confirmed = co_await send_confirmed(session, "/queue/b", "y"); // and the SUBSCRIBE before
            BOOST_TEST(confirmed.has_value());
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_follows_connected_in_the_same_read_belongs_to_connecting)
{
    for (auto const& bytes : {frame_bytes("ERROR\nmessage:no"), std::string("garbage\nwithout a colon\n\n\0", 27),
                              frame_bytes("RECEIPT\nreceipt-id:1") + frame_bytes("ERROR\nmessage:no")}) {
        run([this, bytes]() -> asio::awaitable<void> {
            auto const executor = co_await asio::this_coro::executor;
            auto const peer = std::make_shared<RawPeer>(context);
            auto const answering = start(executor, accept_and_add(peer, bytes));
            StompClient const client;
            auto const failure = co_await failure_of(client.connect(peer->url()));
            BOOST_TEST(is<ConnectError>(failure), failure.what());
            co_await finished(answering);
            BOOST_TEST(!answering->failure, answering->failure.what());
            peer->close();

            auto const again = start(executor, accept_and_add(peer, bytes));
            std::vector<std::string> urls{peer->url(), broker.url()};
            auto session = co_await client.connect(urls);
            BOOST_TEST(session.is_open());
            BOOST_TEST(session.stats().connections == 1u);
            co_await finished(again);
            BOOST_TEST(!again->failure, again->failure.what());
            co_await session.disconnect();
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
