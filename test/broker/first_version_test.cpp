#include "raw_client.hpp"
#include "support/session_tools.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

// What old clients and old brokers need: the line feed behind a frame, spaces in the headers of STOMP 1.0, and ERROR
// frames that are not as they should be.
BOOST_AUTO_TEST_SUITE(first_version)

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_literals;
using arbalest::broker::test::Fixture;

namespace {

asio::awaitable<void> send_for_receipt(StompSession session)
{
    OutgoingMessage message("/queue/b");
    message.body("x").with_receipt();
    co_await session.send(std::move(message));
}

} // namespace

BOOST_AUTO_TEST_CASE(every_frame_of_the_broker_ends_with_a_line_feed)
{
    for (auto const* const version : {"1.0", "1.1", "1.2"}) {
        Fixture it;
        auto client = it.socket();
        client.send_frame("CONNECT;heart-beat:0,0;accept-version:"s + version);
        client.send_frame("SUBSCRIBE;id:1;destination:/queue/q;receipt:1");
        client.send_frame("SEND;destination:/queue/q", "hello");
        client.send_frame("HELLO");
        client.end();
        auto const bytes = client.received();
        for (auto nul = bytes.find('\0'); nul != bytes.npos; nul = bytes.find('\0', nul + 1))
            BOOST_TEST(bytes.substr(nul, 2) == "\0\n"s);
        BOOST_TEST(bytes.ends_with("\0\n"s));
        for (auto const* const command : {"CONNECTED\n", "\nRECEIPT\n", "\nMESSAGE\n", "\nERROR\n"})
            BOOST_TEST(bytes.find(command) != bytes.npos);
    }
}

BOOST_AUTO_TEST_CASE(a_client_of_1_0_with_spaces)
{
    BrokerConfig config;
    config.credentials = {{"guest", "secret"}};
    config.frame_log = 10;
    Fixture it(config);
    auto client = it.socket();
    client.send_frame("CONNECT;login: guest;passcode: secret");
    client.frame("CONNECTED");
    client.send_frame("SUBSCRIBE;destination: /queue/q;ack: client;receipt: r-1");
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value_or("") == "r-1");
    client.send_frame("SEND;destination: /queue/q;content-length: 3", "a\0b"s);
    auto const message = client.frame("MESSAGE");
    BOOST_TEST(message.body() == "a\0b"s);
    BOOST_TEST(message.header("destination").value_or("") == "/queue/q");
    client.send_frame("ACK;receipt: r-2;message-id: " + std::string(message.header("message-id").value()));
    BOOST_TEST(client.frame("RECEIPT").header("receipt-id").value_or("") == "r-2");
    BOOST_TEST(it.broker.stats("/queue/q").acknowledged == 1u);

    // Who offers versions knows better.
    auto newer = it.socket();
    newer.send_frame("CONNECT;accept-version:1.2;login: guest;passcode: secret");
    newer.frame("ERROR");
}

namespace {

BrokerConfig only_1_0()
{
    BrokerConfig config;
    config.versions = {StompVersion::v1_0};
    config.frame_log = 10;
    return config;
}

class OldBroker : public EmbeddedFixture
{
public:
    OldBroker() : EmbeddedFixture(only_1_0()) {}

    /// A header of the last frame with that command that the broker has received.
    std::string received(std::string_view command, std::string_view header) const
    {
        std::string value;
        for (auto const& received : broker.received_frames()) {
            if (received.frame.command() == command)
                value = received.frame.header(header).value_or("");
        }
        return value;
    }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_broker_of_1_0_with_spaces, OldBroker)
{
    run([&]() -> asio::awaitable<void> {
        broker.faults().answer_connect("CONNECTED\nsession: s-1\n\n\0\n"s);
        auto session = co_await connect();
        BOOST_TEST(session.version() == StompVersion::v1_0);
        auto inbox = co_await session.subscribe("/queue/a");
        co_await until([&] { return !received("SUBSCRIBE", "id").empty(); });
        auto const id = received("SUBSCRIBE", "id");
        broker.faults().send_raw("MESSAGE\nsubscription: " + id +
                                 "\nmessage-id: 1\ndestination: /queue/a\ncontent-length: 5\n\na\0b\0c\0\n"s);
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "a\0b\0c"s);
        BOOST_TEST(message.header("destination").value_or("") == "/queue/a");

        broker.faults().drop_receipts(1);
        auto const sending = start(context.get_executor(), send_for_receipt(session));
        co_await until([&] { return !received("SEND", "receipt").empty(); });
        broker.faults().send_raw("RECEIPT\nreceipt-id: " + received("SEND", "receipt") + "\n\n\0\n"s);
        co_await finished(sending);
        BOOST_TEST(!sending->failure);
        co_await session.disconnect();
    });
}

BOOST_FIXTURE_TEST_CASE(an_empty_value_is_refused_in_1_0, OldBroker)
{
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        OutgoingMessage empty("/queue/a");
        empty.header("x", "");
        auto const failure = co_await failure_of(session.send(std::move(empty)));
        BOOST_TEST(is<InvalidFrame>(failure));
        co_await send_for_receipt(session);
        co_await session.disconnect();
    });
}

// Stampy's server writes `null`.
BOOST_FIXTURE_TEST_CASE(a_receipt_with_a_body, EmbeddedFixture)
{
    broker.set_frame_log(10);
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect();
        broker.faults().drop_receipts(1);
        auto const sending = start(context.get_executor(), send_for_receipt(session));
        std::string receipt;
        co_await until([&] {
            for (auto const& received : broker.received_frames()) {
                if (received.frame.command() == "SEND")
                    receipt = received.frame.header("receipt").value_or("");
            }
            return !receipt.empty();
        });
        broker.faults().send_raw("RECEIPT\nreceipt-id:" + receipt + "\n\nnull\0\n"s);
        co_await finished(sending);
        BOOST_TEST(!sending->failure);
        co_await session.disconnect();
    });
}

namespace {

constexpr char const* reason = "the broker is full";

std::vector<std::string> odd_errors()
{
    auto const head = "ERROR\nmessage:"s + reason + "\n";
    return {
        head + "content-length:6\n\nqueue\0\n"s, // the NUL is counted
        head + "content-length:6\n\nqueue\0"s,   // and the connection ends there
        head + "\nqueue",                        // there is none
        head + "content-length:5\n\nqueue",
        head + "content-length:5\n\nque",
        head + "\n",
    };
}

} // namespace

BOOST_AUTO_TEST_CASE(odd_errors_instead_of_connected)
{
    for (auto const& error : odd_errors()) {
        BOOST_TEST_CONTEXT(error)
        {
            EmbeddedFixture it;
            it.run([&]() -> asio::awaitable<void> {
                it.broker.faults().answer_connect(error);
                it.broker.faults().cut_outgoing(1, Faults::all);
                auto const failure = co_await failure_of(it.connect());
                BOOST_REQUIRE(is<ConnectError>(failure));
                BOOST_TEST(failure.what().find(reason) != std::string::npos, failure.what());
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(odd_errors_that_end_a_session)
{
    for (bool const is_fatal : {true, false}) {
        for (auto const& error : odd_errors()) {
            BOOST_TEST_CONTEXT(error)
            {
                EmbeddedFixture it;
                auto const log = std::make_shared<FrameLog>();
                it.run([&]() -> asio::awaitable<void> {
                    StompConfig config;
                    config.error_frames_are_fatal = is_fatal;
                    config.observer = log;
                    auto session = co_await it.connect(config);
                    auto const before = session.stats().bytes_received;
                    it.broker.faults().send_raw(error);
                    co_await until([&] { return session.stats().bytes_received == before + error.size(); });
                    it.broker.faults().close_connections();
                    auto const cause = co_await session.closed();
                    if (is_fatal)
                        BOOST_TEST(is<ErrorFrameReceived>(cause));
                    BOOST_REQUIRE(log->received.back().command() == "ERROR");
                    BOOST_TEST(log->received.back().header("message").value_or("") == reason);
                });
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
