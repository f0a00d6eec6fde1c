#include "protocol/client_frames.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace client_frames_tests {

using namespace std::chrono_literals;
using arbalest::AckMode;
using arbalest::Frame;
using arbalest::HeartBeat;
using arbalest::StompVersion;
using namespace arbalest::detail;

constexpr auto v1_0 = StompVersion::v1_0;
constexpr auto v1_1 = StompVersion::v1_1;
constexpr auto v1_2 = StompVersion::v1_2;

// "COMMAND name:value name:value"
std::string shown(Frame const& frame)
{
    std::string text(frame.command());
    for (auto const [name, value] : frame.headers())
        text += ' ' + std::string(name) + ':' + std::string(value);
    BOOST_TEST(frame.body() == "");
    return text;
}

BOOST_AUTO_TEST_SUITE(client_frames)

BOOST_AUTO_TEST_CASE(connect)
{
    std::vector const versions{v1_2, v1_1, v1_0};
    ConnectRequest request;
    request.accept_versions = versions;
    request.host = "/";
    BOOST_TEST(shown(connect_frame(request)) == "CONNECT accept-version:1.2,1.1,1.0 host:/");
    request.stomp_command = true;
    BOOST_TEST(connect_frame(request).command() == "STOMP");
    request.stomp_command = false;
    request.login = "guest";
    request.passcode = "se:cret";
    request.client_id = "me";
    request.heart_beat = HeartBeat(10s, 0s);
    BOOST_TEST(shown(connect_frame(request)) ==
               "CONNECT accept-version:1.2,1.1,1.0 host:/ login:guest passcode:se:cret "
               "client-id:me heart-beat:10000,0");
    // What the user gives goes before.
    HeaderPairs const headers{{"host", "other"}, {"x", "1"}, {"login", ""}};
    request.headers = &headers;
    BOOST_TEST(shown(connect_frame(request)) == "CONNECT accept-version:1.2,1.1,1.0 host:other login: passcode:se:cret "
                                                "client-id:me heart-beat:10000,0 x:1");
}

BOOST_AUTO_TEST_CASE(subscribe)
{
    BOOST_TEST(shown(subscribe_frame("sub-1", "/queue/a", AckMode::automatic)) ==
               "SUBSCRIBE id:sub-1 destination:/queue/a ack:auto");
    BOOST_TEST(shown(subscribe_frame("s", "/q", AckMode::client)) == "SUBSCRIBE id:s destination:/q ack:client");
    BOOST_TEST(shown(subscribe_frame("s", "/q", AckMode::client_individual)) ==
               "SUBSCRIBE id:s destination:/q ack:client-individual");
}

BOOST_AUTO_TEST_CASE(unsubscribe)
{
    BOOST_TEST(shown(unsubscribe_frame("sub-1", "/queue/a", v1_2)) == "UNSUBSCRIBE id:sub-1");
    BOOST_TEST(shown(unsubscribe_frame("sub-1", "/queue/a", v1_1)) == "UNSUBSCRIBE id:sub-1");
    BOOST_TEST(shown(unsubscribe_frame("sub-1", "/queue/a", v1_0)) == "UNSUBSCRIBE id:sub-1 destination:/queue/a");
}

BOOST_AUTO_TEST_CASE(acknowledge_by_version)
{
    Frame message("MESSAGE");
    message.add_header("subscription", "sub-1").add_header("message-id", "7").add_header("ack", "T_7");
    BOOST_TEST(shown(ack_frame("ACK", message, v1_2).value()) == "ACK id:T_7");
    BOOST_TEST(shown(ack_frame("NACK", message, v1_2).value()) == "NACK id:T_7");
    BOOST_TEST(shown(ack_frame("ACK", message, v1_1).value()) == "ACK message-id:7 subscription:sub-1");
    BOOST_TEST(shown(ack_frame("ACK", message, v1_0).value()) == "ACK message-id:7");
}

BOOST_AUTO_TEST_CASE(messages_that_cannot_be_acknowledged)
{
    auto const without = [](std::string_view name) {
        Frame message("MESSAGE");
        message.add_header("subscription", "sub-1").add_header("message-id", "7").add_header("ack", "T_7");
        message.remove_header(name);
        return message;
    };
    BOOST_TEST(!ack_frame("ACK", without("ack"), v1_2));
    BOOST_TEST(ack_frame("ACK", without("message-id"), v1_2).has_value());
    BOOST_TEST(ack_frame("ACK", without("ack"), v1_1).has_value());
    BOOST_TEST(!ack_frame("ACK", without("message-id"), v1_1));
    BOOST_TEST(!ack_frame("ACK", without("subscription"), v1_1));
    BOOST_TEST(!ack_frame("ACK", without("message-id"), v1_0));
    BOOST_TEST(ack_frame("ACK", without("subscription"), v1_0).has_value());
}

BOOST_AUTO_TEST_CASE(transactions)
{
    for (auto const* const command : {"BEGIN", "COMMIT", "ABORT"})
        BOOST_TEST(shown(transaction_frame(command, "tx-1")) == std::string(command) + " transaction:tx-1");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace client_frames_tests
