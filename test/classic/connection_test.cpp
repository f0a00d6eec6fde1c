#include "recorder.hpp"
#include <arbalest/protocol/frame.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <future>
#include <optional>
#include <typeinfo>

// What a blocking connection sends, and its options.
BOOST_AUTO_TEST_SUITE(connection)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

BrokerConfig remembering()
{
    BrokerConfig config;
    config.frame_log = 100;
    return config;
}

class SendingFixture
{
public:
    SendingFixture() : broker(remembering()) {}

    /// The last frame with this command that came to the broker; waits for it.
    Frame received(std::string_view command)
    {
        std::optional<Frame> found;
        wait_until([&] {
            for (auto const& received : broker.broker.received_frames()) {
                if (received.frame.command() == command)
                    found = received.frame;
            }
            return found.has_value();
        });
        return *found;
    }

    static std::string header(Frame const& frame, std::string_view name)
    {
        return std::string(frame.header(name).value_or("(none)"));
    }

    BrokerThread broker;
};

template <class Kind>
std::unique_ptr<Kind> connected(BrokerThread const& broker)
{
    auto connection = std::make_unique<Kind>(broker.options());
    connection->connect("", "", true);
    return connection;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(frames_of_1_2, SendingFixture)
{
    auto const connection = connected<Connection12>(broker);
    BOOST_TEST(connection->version() == StompVersion::v1_2);
    BOOST_TEST(header(received("CONNECT"), "accept-version") == "1.2");
    BOOST_TEST(header(received("CONNECT"), "host") == "/");
    BOOST_TEST(header(received("CONNECT"), "heart-beat") == "(none)");

    connection->send("body", "/queue/a", "text/plain", {{"persistent", "true"}});
    auto const sent = received("SEND");
    BOOST_TEST(sent.body() == "body");
    BOOST_TEST(header(sent, "destination") == "/queue/a");
    BOOST_TEST(header(sent, "content-type") == "text/plain");
    BOOST_TEST(header(sent, "content-length") == "4");
    BOOST_TEST(header(sent, "persistent") == "true");

    BOOST_TEST(connection->subscribe("/queue/b", "7", "client", {{"x-mine", "x = 1"}}) == "7");
    auto const subscribed = received("SUBSCRIBE");
    BOOST_TEST(header(subscribed, "id") == "7");
    BOOST_TEST(header(subscribed, "ack") == "client");
    BOOST_TEST(header(subscribed, "x-mine") == "x = 1");
    connection->unsubscribe("", "7");
    BOOST_TEST(header(received("UNSUBSCRIBE"), "id") == "7");
    auto const id = connection->subscribe("/queue/c");
    BOOST_TEST(!id.empty());
    connection->unsubscribe("/queue/c");
    wait_until([&] { return header(received("UNSUBSCRIBE"), "id") == id; });
    BOOST_CHECK_THROW(connection->unsubscribe("/queue/c"), InvalidFrame);

    auto const transaction = connection->begin();
    BOOST_TEST(header(received("BEGIN"), "transaction") == transaction);
    connection->commit(transaction);
    BOOST_TEST(header(received("COMMIT"), "transaction") == transaction);
    BOOST_TEST(connection->begin("mine") == "mine");
    connection->abort("mine");
    BOOST_TEST(header(received("ABORT"), "transaction") == "mine");
    connection->disconnect("last", {{"x", "y"}});
    BOOST_TEST(header(received("DISCONNECT"), "receipt") == "last");
    BOOST_TEST(header(received("DISCONNECT"), "x") == "y");
}

BOOST_FIXTURE_TEST_CASE(frames_of_1_1_and_1_0, SendingFixture)
{
    {
        auto const connection = connected<Connection>(broker);
        BOOST_TEST(header(received("CONNECT"), "accept-version") == "1.1");
        connection->disconnect();
    }
    auto const connection = connected<Connection10>(broker);
    wait_until([&] { return header(received("CONNECT"), "accept-version") == "1.0"; });
    BOOST_TEST(header(received("CONNECT"), "host") == "(none)");
    BOOST_TEST(connection->subscribe("/queue/a") == "");
    BOOST_TEST(header(received("SUBSCRIBE"), "id") == "(none)");
    connection->unsubscribe("/queue/a");
    BOOST_TEST(header(received("UNSUBSCRIBE"), "destination") == "/queue/a");
    BOOST_CHECK_THROW(connection->nack("1"), InvalidFrame);
    connection->disconnect();
}

namespace {

/// Acknowledges, or refuses once, what comes.
class Settler : public ConnectionListener
{
public:
    explicit Settler(BaseConnection& connection) : connection_(connection) {}
    void on_message(Frame const& frame) override
    {
        bool const is_new = connection_.version() == StompVersion::v1_2;
        std::string const id(frame.header(is_new ? "ack" : "message-id").value_or(""));
        std::string const subscription(frame.header("subscription").value_or(""));
        if (connection_.version() != StompVersion::v1_0 && !refused_) {
            refused_ = true;
            connection_.nack(id, subscription);
        } else {
            connection_.ack(id, subscription, "", {{"receipt", "acked"}});
        }
    }

private:
    BaseConnection& connection_;
    bool refused_ = false;
};

template <class Kind>
void settle(SendingFixture& fixture)
{
    auto const destination = "/queue/" + std::to_string(__LINE__) + typeid(Kind).name();
    Kind connection(fixture.broker.options());
    auto const recorder = std::make_shared<Recorder>();
    connection.set_listener("recorder", recorder);
    connection.set_listener("settler", std::make_shared<Settler>(connection));
    connection.connect("", "", true);
    connection.subscribe(destination, "1", connection.version() == StompVersion::v1_0 ? "client" : "client-individual");
    connection.send("x", destination);
    recorder->wait_for("receipt acked");
    auto const stats = fixture.broker.broker.stats(destination);
    BOOST_TEST(stats.acknowledged == 1u);
    BOOST_TEST(stats.rejected == (connection.version() == StompVersion::v1_0 ? 0u : 1u));
    connection.disconnect();
}

} // namespace

BOOST_FIXTURE_TEST_CASE(acknowledgements, SendingFixture)
{
    settle<Connection10>(*this);
    settle<Connection11>(*this);
    settle<Connection12>(*this);
}

BOOST_FIXTURE_TEST_CASE(a_transaction_holds_frames_back, SendingFixture)
{
    auto const connection = connected<Connection12>(broker);
    auto const transaction = connection->begin();
    connection->send("x", "/queue/t", "", {{"transaction", transaction}});
    auto const waiter = std::make_shared<WaitingListener>("done");
    connection->set_listener("waiter", waiter);
    connection->send("y", "/queue/other", "", {{"receipt", "done"}});
    BOOST_TEST(waiter->wait_on_receipt(wait_limit));
    BOOST_TEST(broker.broker.queue_depth("/queue/t") == 0u);
    connection->commit(transaction, {{"receipt", "done"}});
    BOOST_TEST(waiter->wait_on_receipt(wait_limit));
    BOOST_TEST(broker.broker.queue_depth("/queue/t") == 1u);
    connection->disconnect();
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_sent, SendingFixture)
{
    Connection12 connection(broker.options());
    BOOST_CHECK_THROW(connection.send("x", "/queue/a"), SessionClosed);
    connection.connect("", "", true);
    BOOST_CHECK_THROW(connection.connect("", "", true), OperationInProgress);
    BOOST_CHECK_THROW(connection.send("x", ""), InvalidFrame);
    BOOST_CHECK_THROW(connection.subscribe("/queue/a", "1", "sometimes"), InvalidFrame);
    BOOST_CHECK_THROW(connection.subscribe(""), InvalidFrame);
    BOOST_CHECK_THROW(connection.unsubscribe(), InvalidFrame);
    BOOST_CHECK_THROW(connection.ack(""), InvalidFrame);
    BOOST_CHECK_THROW(connection.commit(""), InvalidFrame);
    BOOST_CHECK_THROW(connection.send("x", "/queue/a", "", {{"a", std::string("\0", 1)}}), InvalidFrame);
    BOOST_CHECK_THROW(connection.set_listener("none", nullptr), std::invalid_argument);
    BOOST_TEST(!connection.remove_listener("none"));
    BOOST_TEST(!connection.get_listener("none"));
    broker.broker.faults().drop_receipts();
    connection.send("x", "/queue/a", "", {{"receipt", "twice"}});
    BOOST_CHECK_THROW(connection.send("x", "/queue/a", "", {{"receipt", "twice"}}), InvalidFrame);
    BOOST_TEST(connection.is_connected());
    BOOST_TEST(connection.stop());
    BOOST_CHECK_THROW(connection.send("x", "/queue/a"), SessionClosed);
    Connection11 older(broker.options());
    older.connect("", "", true);
    BOOST_CHECK_THROW(older.ack("1"), InvalidFrame); // needs the subscription
}

BOOST_FIXTURE_TEST_CASE(the_listeners_name_can_be_used_again, SendingFixture)
{
    Connection12 connection(broker.options());
    auto const first = std::make_shared<Recorder>();
    auto const second = std::make_shared<Recorder>();
    connection.set_listener("name", first);
    BOOST_TEST((connection.get_listener("name") == first));
    connection.set_listener("name", second);
    BOOST_TEST((connection.get_listener("name") == second));
    connection.connect("", "", true);
    second->wait_for("connected");
    BOOST_TEST(first->trace().empty());
    BOOST_TEST(connection.remove_listener("name"));
    connection.disconnect();
    BOOST_TEST(connection.stop());
    BOOST_TEST(second->trace() == (Trace{"connecting", "send CONNECT", "connected"}));
}

BOOST_AUTO_TEST_CASE(bodies_are_decoded_if_they_are_text)
{
    BrokerThread broker;
    std::string const bytes("\xff\0z", 3);
    auto const received = [&](bool auto_decode, std::string const& encoding, std::string const& body) {
        auto options = broker.options();
        options.auto_decode = auto_decode;
        options.encoding = encoding;
        Connection12 connection(options);
        auto const listener = std::make_shared<TestListener>("", true, [](std::string_view) {});
        connection.set_listener("test", listener);
        connection.connect("", "", true);
        connection.subscribe("/queue/bytes");
        connection.send(body, "/queue/bytes");
        auto const message = listener->wait_for_message(wait_limit);
        connection.disconnect();
        return std::string(message.value_or(Frame()).body());
    };
    BOOST_TEST(received(true, "utf-8", bytes) == std::string("\xef\xbf\xbd\0z", 5));
    BOOST_TEST(received(false, "utf-8", bytes) == bytes);
    BOOST_TEST(received(true, "latin-1", "gr\xc3\xbcn") == "gr\xc3\xbcn");
    BOOST_TEST(received(false, "latin-1", "gr\xc3\xbcn") == "gr\xfcn");
    ConnectionOptions unknown;
    unknown.encoding = "no-such-encoding";
    BOOST_CHECK_THROW(Connection12{unknown}, std::invalid_argument);
}

BOOST_FIXTURE_TEST_CASE(options_of_connect, SendingFixture)
{
    auto options = broker.options();
    options.vhost = "orders";
    options.heartbeats = {5000ms, 6000ms};
    options.auto_content_length = false;
    options.keepalive = true;
    options.bind_host_port = HostAndPort("127.0.0.1", 0);
    Connection11 connection(options);
    connection.connect("user", "secret", true, {{"client-id", "me"}});
    auto const frame = received("CONNECT");
    BOOST_TEST(header(frame, "host") == "orders");
    BOOST_TEST(header(frame, "heart-beat") == "5000,6000");
    BOOST_TEST(header(frame, "login") == "user");
    BOOST_TEST(header(frame, "passcode") == "***");
    BOOST_TEST(header(frame, "client-id") == "me");
    BOOST_TEST(connection.negotiated_heart_beat().send.count() == 10'000);
    connection.send("x", "/queue/a");
    BOOST_TEST(header(received("SEND"), "content-length") == "(none)");
    connection.disconnect();
    BOOST_TEST(connection.negotiated_heart_beat().send.count() == 0);

    options.bind_host_port = HostAndPort("203.0.113.1", 0); // no address of this machine
    options.reconnect_attempts_max = 1;
    Connection11 elsewhere(options);
    BOOST_CHECK_THROW(elsewhere.connect("", "", true), ConnectError);
}

BOOST_FIXTURE_TEST_CASE(on_an_executor_that_is_given, SendingFixture)
{
    asio::thread_pool pool(2);
    {
        Connection12 connection(pool.get_executor(), broker.options());
        auto const recorder = std::make_shared<Recorder>();
        connection.set_listener("recorder", recorder);
        connection.connect("", "", true);
        connection.subscribe("/queue/p");
        connection.send("x", "/queue/p");
        recorder->wait_for("message x");
        connection.disconnect();
        recorder->wait_for("receiver_loop_completed");
    }
    Connection12 left_open(pool.get_executor(), broker.options());
    left_open.connect("", "", true);
}

BOOST_FIXTURE_TEST_CASE(not_on_the_thread_that_does_the_work, SendingFixture)
{
    Connection12 connection(broker.context.get_executor(), broker.options());
    connection.connect("", "", true);
    std::promise<bool> refused;
    asio::post(broker.context, [&] {
        try {
            connection.send("x", "/queue/a");
            refused.set_value(false);
        } catch (OperationInProgress const&) {
            refused.set_value(true);
        }
    });
    BOOST_TEST(refused.get_future().get());
    connection.disconnect();
}

BOOST_FIXTURE_TEST_CASE(many_threads_send, SendingFixture)
{
    Connection12 connection(broker.options());
    auto const stats = std::make_shared<StatsListener>();
    connection.set_listener("stats", stats);
    connection.connect("", "", true);
    connection.subscribe("/queue/many");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i)
                connection.send("x", "/queue/many");
        });
    }
    for (auto& thread : threads)
        thread.join();
    wait_until([&] { return stats->messages.load() == 200; });
    BOOST_TEST(stats->messages_sent.load() == 202u);
    connection.disconnect();
}

BOOST_AUTO_TEST_SUITE_END()
