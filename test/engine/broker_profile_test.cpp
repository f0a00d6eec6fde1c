#include "engine/broker_profile.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace broker_profile_tests {

using arbalest::Frame;
using arbalest::detail::BrokerKind;
using arbalest::detail::BrokerProfile;

constexpr std::string_view rabbitmq = "RabbitMQ/3.10.8";
constexpr std::string_view activemq = "ActiveMQ/5.18.3";
constexpr std::string_view artemis = "ActiveMQ-Artemis/2.40.0 ActiveMQ Artemis Messaging Engine";
constexpr std::string_view apollo = "apache-apollo/1.7.1";

using Headers = std::vector<std::pair<std::string, std::string>>;

Frame frame_of(std::string_view command, Headers const& headers)
{
    Frame frame(command);
    for (auto const& [name, value] : headers)
        frame.add_header(name, value);
    return frame;
}

std::string header_lines(Frame const& frame)
{
    std::string text;
    for (auto const [name, value] : frame.headers())
        text += (text.empty() ? "" : " ") + std::string(name) + ':' + std::string(value);
    return text;
}

std::string with_prefetch(std::string_view server, Headers const& headers)
{
    auto frame = frame_of("SUBSCRIBE", headers);
    BrokerProfile(server).add_prefetch(frame, 1000, 4096);
    return header_lines(frame);
}

std::vector<std::string> deletion(std::string_view server, Headers const& unsubscribe, Headers const& subscribe)
{
    std::vector<std::string> result;
    for (auto const& frame :
         BrokerProfile(server).deletion(frame_of("UNSUBSCRIBE", unsubscribe), frame_of("SUBSCRIBE", subscribe))) {
        BOOST_TEST(frame.command() == "UNSUBSCRIBE");
        result.push_back(header_lines(frame));
    }
    return result;
}

using Lines = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(broker_profile)

BOOST_AUTO_TEST_CASE(brokers_are_known_by_their_server_header)
{
    BOOST_CHECK(BrokerProfile(rabbitmq).kind() == BrokerKind::rabbitmq);
    BOOST_CHECK(BrokerProfile(activemq).kind() == BrokerKind::activemq);
    BOOST_CHECK(BrokerProfile(artemis).kind() == BrokerKind::artemis);
    BOOST_CHECK(BrokerProfile(apollo).kind() == BrokerKind::apollo);
    for (std::string_view const other : {"", "HornetQ/2.4.9.Final", "stompserver", "arbalest-broker/0.1"})
        BOOST_CHECK(BrokerProfile(other).kind() == BrokerKind::unknown);
    BOOST_CHECK(BrokerProfile().kind() == BrokerKind::unknown);
    BOOST_CHECK(BrokerProfile(rabbitmq).locks_unsettled());
    BOOST_CHECK(!BrokerProfile(activemq).locks_unsettled());
}

BOOST_AUTO_TEST_CASE(each_is_told_in_its_own_way_how_much_it_may_deliver)
{
    BOOST_TEST(with_prefetch(rabbitmq, {}) == "prefetch-count:1000");
    BOOST_TEST(with_prefetch(activemq, {}) == "activemq.prefetchSize:1000");
    BOOST_TEST(with_prefetch(artemis, {}) == "consumer-window-size:4096");
    BOOST_TEST(with_prefetch(apollo, {}) == "credit:1000,0");
    BOOST_TEST(with_prefetch("", {}) == "prefetch-count:1000 activemq.prefetchSize:1000");
}

BOOST_AUTO_TEST_CASE(what_the_user_says_about_it_stays)
{
    BOOST_TEST(with_prefetch(rabbitmq, {{"prefetch-count", "7"}}) == "prefetch-count:7");
    BOOST_TEST(with_prefetch(activemq, {{"activemq.prefetchSize", "7"}}) == "activemq.prefetchSize:7");
    BOOST_TEST(with_prefetch(artemis, {{"consumer-window-size", "7"}}) == "consumer-window-size:7");
    BOOST_TEST(with_prefetch(artemis, {{"activemq.prefetchSize", "7"}}) == "activemq.prefetchSize:7");
    BOOST_TEST(with_prefetch(apollo, {{"credit", "7"}}) == "credit:7");
    BOOST_TEST(with_prefetch("", {{"prefetch-count", "7"}}) == "prefetch-count:7 activemq.prefetchSize:1000");
    // What is meant for another broker says nothing to this one.
    BOOST_TEST(with_prefetch(rabbitmq, {{"activemq.prefetchSize", "7"}}) ==
               "activemq.prefetchSize:7 prefetch-count:1000");
}

BOOST_AUTO_TEST_CASE(a_durable_subscription_is_deleted_by_repeating_its_headers)
{
    Headers const subscribe{{"id", "s"},         {"destination", "/topic/t"}, {"ack", "client"},
                            {"durable", "true"}, {"auto-delete", "false"},    {"receipt", "r"}};
    for (auto const server : {rabbitmq, activemq, artemis, apollo, std::string_view("other")}) {
        BOOST_TEST(deletion(server, {{"id", "s"}}, subscribe) == Lines{"id:s durable:true auto-delete:false"},
                   boost::test_tools::per_element());
    }
    BOOST_TEST(deletion(artemis, {{"id", "s"}}, {{"id", "s"}, {"activemq.subscriptionName", "n"}}) ==
                   Lines{"id:s activemq.subscriptionName:n"},
               boost::test_tools::per_element());
    // The user has the last word.
    BOOST_TEST(deletion(rabbitmq, {{"id", "s"}, {"durable", "false"}}, subscribe) ==
                   Lines{"id:s durable:false auto-delete:false"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(activemq_ends_it_first_and_then_deletes_it)
{
    Headers const subscribe{
        {"id", "s"}, {"destination", "/topic/t"}, {"ack", "client"}, {"activemq.subscriptionName", "n"}, {"more", "x"}};
    BOOST_TEST(deletion(activemq, {{"id", "s"}, {"receipt", "r"}}, subscribe) ==
                   (Lines{"id:s", "id:s receipt:r activemq.subscriptionName:n"}),
               boost::test_tools::per_element());
    BOOST_TEST(deletion(activemq, {{"id", "s"}, {"destination", "/topic/t"}}, subscribe) ==
                   (Lines{"id:s destination:/topic/t", "id:s destination:/topic/t activemq.subscriptionName:n"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rabbitmq_tells_of_a_message_whose_subscription_has_ended)
{
    auto error = frame_of("ERROR", {{"message", "Subscription not found"}});
    error.set_body("There is no current subscription with tag 'T_sub-1'.");
    BOOST_TEST(BrokerProfile(rabbitmq).tells_of_end(error, "sub-1"));
    BOOST_TEST(!BrokerProfile(rabbitmq).tells_of_end(error, "sub"));
    BOOST_TEST(!BrokerProfile(activemq).tells_of_end(error, "sub-1"));
    error.set_header("message", "Processing error");
    BOOST_TEST(!BrokerProfile(rabbitmq).tells_of_end(error, "sub-1"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace broker_profile_tests
