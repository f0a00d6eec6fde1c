#include "conversation_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <set>
#include <vector>

// One subject each: the handshake, routing, receipts, errors, timers, the end.
namespace conversation_tests {

using namespace conversation_tests;
using arbalest::errc;
using arbalest::ErrorFrameReceived;
using arbalest::MalformedFrame;
using arbalest::MissingHeartBeat;
using arbalest::Outcome;

constexpr auto v1_0 = StompVersion::v1_0;
constexpr auto v1_1 = StompVersion::v1_1;
constexpr auto v1_2 = StompVersion::v1_2;

Conversation::Options beating(HeartBeat const& heart_beat)
{
    Conversation::Options options;
    options.heart_beat = heart_beat;
    return options;
}

BOOST_AUTO_TEST_SUITE(conversation)

BOOST_AUTO_TEST_CASE(version_that_the_broker_chooses)
{
    struct Row
    {
        std::vector<StompVersion> offered;
        std::optional<std::string_view> answer;
        std::optional<StompVersion> expected;
    };
    for (auto const& [offered, answer, expected] : std::vector<Row>{
             {{v1_2, v1_1, v1_0}, "1.2", v1_2},
             {{v1_2, v1_1, v1_0}, "1.1", v1_1},
             {{v1_2, v1_1, v1_0}, "1.0", v1_0},
             {{v1_2, v1_1, v1_0}, std::nullopt, v1_0},
             {{v1_2}, "1.2", v1_2},
             // Not offered.
             {{v1_2}, "1.1", std::nullopt},
             {{v1_2}, std::nullopt, std::nullopt},
             {{v1_2, v1_0}, "1.1", std::nullopt},
             {{v1_1, v1_0}, "1.2", std::nullopt},
             // No version at all.
             {{v1_2, v1_1, v1_0}, "", std::nullopt},
             {{v1_2, v1_1, v1_0}, "1.3", std::nullopt},
             {{v1_2, v1_1, v1_0}, "2.0", std::nullopt},
             {{v1_2, v1_1, v1_0}, " 1.2", std::nullopt},
             {{v1_2, v1_1, v1_0}, "1.2,1.1", std::nullopt},
         }) {
        BOOST_TEST_CONTEXT("version:" << answer.value_or("absent"))
        {
            Conversation::Options options;
            options.accept_versions = offered;
            Talk talk(State::connecting, options);
            Frame frame("CONNECTED");
            if (answer)
                frame.add_header("version", *answer);
            auto const event = talk.receive(frame);
            BOOST_TEST(event.kind == (expected ? Kind::connected : Kind::failed));
            BOOST_TEST(talk.conversation.state() == (expected ? State::connected : State::closed));
            BOOST_TEST(talk.conversation.is_open() == expected.has_value());
            if (expected) {
                BOOST_TEST(talk.conversation.version() == *expected);
                BOOST_TEST(!event.cause);
            } else {
                auto const failure = std::dynamic_pointer_cast<MalformedFrame>(event.cause);
                BOOST_REQUIRE(failure);
                BOOST_TEST(failure->offset() == end_of_frame);
                BOOST_TEST(failure->reason().find("not offered") != std::string::npos);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_connected_tells)
{
    Talk talk(State::connecting, beating(HeartBeat(5s, 10s)));
    BOOST_TEST(talk.receive(make("CONNECTED", {{"version", "1.1"},
                                               {"version", "1.2"},
                                               {"server", "RabbitMQ/3.10.8"},
                                               {"session", "session-1"},
                                               {"heart-beat", "20000,30000"}}))
                   .kind == Kind::connected);
    BOOST_TEST(talk.conversation.version() == v1_1);
    BOOST_TEST(talk.conversation.server() == "RabbitMQ/3.10.8");
    BOOST_TEST(talk.conversation.session_id() == "session-1");
    BOOST_TEST((talk.conversation.negotiated_heart_beat() == HeartBeat(30s, 20s)));

    Talk silent(State::connecting, beating(HeartBeat(5s, 10s)));
    BOOST_TEST(silent.receive(make("CONNECTED")).kind == Kind::connected);
    BOOST_TEST(silent.conversation.server() == "");
    BOOST_TEST(silent.conversation.session_id() == "");
    BOOST_TEST((silent.conversation.negotiated_heart_beat() == HeartBeat()));
    BOOST_TEST((silent.conversation.next_deadline() == never));
}

BOOST_AUTO_TEST_CASE(malformed_heart_beat_header)
{
    for (auto const* const value : {"", "10000", "-1,0", "0,0,0", "x,y"}) {
        Talk talk(State::connecting, beating(HeartBeat(5s, 10s)));
        auto const event = talk.receive(make("CONNECTED", {{"version", "1.2"}, {"heart-beat", value}}));
        BOOST_TEST(event.kind == Kind::failed);
        BOOST_REQUIRE(event.cause);
        BOOST_TEST((event.cause->code() == errc::malformed_frame));
        BOOST_TEST(talk.conversation.state() == State::closed);
    }
}

BOOST_AUTO_TEST_CASE(error_instead_of_connected)
{
    for (bool const fatal : {true, false}) {
        Conversation::Options options;
        options.error_frames_are_fatal = fatal;
        Talk talk(State::connecting, options);
        auto const event = talk.receive(make("ERROR", {{"message", "Bad CONNECT"}}, "Access refused"));
        BOOST_TEST(event.kind == Kind::failed);
        BOOST_TEST(talk.conversation.state() == State::closed);
        auto const cause = std::dynamic_pointer_cast<ErrorFrameReceived>(event.cause);
        BOOST_REQUIRE(cause);
        BOOST_TEST(cause->message() == "Bad CONNECT");
        BOOST_TEST(cause->frame().body() == "Access refused");
    }
}

BOOST_AUTO_TEST_CASE(messages_go_by_subscription)
{
    for (auto const version : {v1_0, v1_1, v1_2}) {
        Talk talk(State::connected, {}, version);
        auto const to_a = talk.receive(make("MESSAGE", {{"subscription", "sub-a"}, {"destination", "/queue/b"}}));
        BOOST_TEST(to_a.kind == Kind::message);
        BOOST_TEST(to_a.token == talk.a());
        // The first of a repeated header.
        BOOST_TEST(talk.receive(make("MESSAGE", {{"subscription", "sub-b"}, {"subscription", "sub-a"}})).token ==
                   talk.b());
        // RabbitMQ's replies name a subscription that nobody made.
        for (auto const* const id : {"/temp-queue/foo", "", "sub", "sub-a ", "SUB-A"}) {
            auto const event = talk.receive(make("MESSAGE", {{"subscription", id}, {"destination", "/queue/a"}}));
            BOOST_TEST(event.kind == Kind::unhandled_message);
            BOOST_TEST(event.token == nullptr);
        }
        BOOST_TEST(talk.conversation.is_open());
    }
}

BOOST_AUTO_TEST_CASE(messages_without_subscription)
{
    auto const message = make("MESSAGE", {{"destination", "/queue/b"}, {"message-id", "1"}});
    Talk old(State::connected, {}, v1_0);
    BOOST_TEST(old.receive(message).kind == Kind::message);
    BOOST_TEST(old.receive(message).token == old.b());
    BOOST_TEST(old.receive(make("MESSAGE", {{"destination", "/queue/c"}})).kind == Kind::unhandled_message);
    BOOST_TEST(old.receive(make("MESSAGE")).kind == Kind::unhandled_message);
    for (auto const version : {v1_1, v1_2}) {
        Talk talk(State::connected, {}, version);
        BOOST_TEST(talk.receive(message).kind == Kind::unhandled_message);
    }
}

BOOST_AUTO_TEST_CASE(subscriptions)
{
    Talk talk(State::connected);
    auto& conversation = talk.conversation;
    BOOST_TEST(conversation.subscription_count() == 2u);
    BOOST_TEST(conversation.find_subscription("sub-a") == talk.a());
    BOOST_TEST(conversation.find_subscription("sub-b") == talk.b());
    BOOST_TEST(conversation.find_subscription("sub-c") == nullptr);
    BOOST_TEST(!conversation.add_subscription("sub-a", "/queue/c", talk.mine()));
    BOOST_TEST(talk.receive(make("MESSAGE", {{"subscription", "sub-a"}})).token == talk.a());
    // Somebody else's, or nobody's.
    conversation.remove_subscription("sub-a", talk.b());
    conversation.remove_subscription("never was", talk.a());
    BOOST_TEST(conversation.subscription_count() == 2u);
    conversation.remove_subscription("sub-a", talk.a());
    conversation.remove_subscription("sub-a", talk.a());
    BOOST_TEST(conversation.subscription_count() == 1u);
    BOOST_TEST(conversation.find_subscription("sub-a") == nullptr);
    BOOST_TEST(talk.receive(make("MESSAGE", {{"subscription", "sub-a"}})).kind == Kind::unhandled_message);
    BOOST_TEST(conversation.add_subscription("sub-a", "/queue/c", talk.mine()));
    BOOST_TEST(talk.receive(make("MESSAGE", {{"subscription", "sub-a"}})).token == talk.mine());
}

BOOST_AUTO_TEST_CASE(subscriptions_that_come_and_go_between_messages)
{
    Talk talk(State::connected);
    auto& conversation = talk.conversation;
    auto const for_a = make("MESSAGE", {{"subscription", "sub-a"}});
    for (int i = 0; i < 1000; ++i) {
        auto const id = "one of many, number " + std::to_string(i);
        BOOST_TEST(talk.receive(for_a).token == talk.a());
        BOOST_TEST(conversation.add_subscription(id, "/queue/c", talk.mine()));
        BOOST_TEST(talk.receive(for_a).token == talk.a());
        BOOST_TEST(talk.receive(make("MESSAGE", {{"subscription", id}})).token == talk.mine());
        if (i % 3 == 0) {
            conversation.remove_subscription(id, talk.mine());
            BOOST_TEST(talk.receive(make("MESSAGE", {{"subscription", id}})).kind == Kind::unhandled_message);
        }
        BOOST_TEST(talk.receive(make("MESSAGE", {{"subscription", "sub-b"}})).token == talk.b());
    }
}

BOOST_AUTO_TEST_CASE(generated_subscription_ids)
{
    Talk talk(State::connected);
    auto& conversation = talk.conversation;
    for (int i = 1; i < 20; i += 3)
        conversation.add_subscription("sub-" + std::to_string(i), "/queue/taken", talk.mine());
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        auto const id = conversation.next_subscription_id();
        BOOST_TEST(seen.insert(id).second);
        BOOST_TEST(conversation.add_subscription(id, "/queue/x", talk.a()));
        for (char const c : id)
            BOOST_TEST(((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'));
    }
}

BOOST_AUTO_TEST_CASE(receipts_come_once)
{
    Talk talk(State::connected);
    auto const first = talk.receive(make("RECEIPT", {{"receipt-id", "mine"}}));
    BOOST_TEST(first.kind == Kind::receipt);
    BOOST_TEST(first.token == talk.mine());
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", "mine"}})).kind == Kind::unhandled_receipt);
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", "r-17"}})).kind == Kind::unhandled_receipt);
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt", "mine"}})).kind == Kind::unhandled_receipt);
    BOOST_TEST(talk.conversation.is_open());
}

// Brokers copy SEND's receipt header into the MESSAGE.
BOOST_AUTO_TEST_CASE(a_receipt_header_in_a_message_means_nothing)
{
    Talk talk(State::connected);
    talk.receive(make("MESSAGE", {{"subscription", "sub-a"}, {"receipt", "mine"}, {"receipt-id", "mine"}}));
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", "mine"}})).token == talk.mine());
}

BOOST_AUTO_TEST_CASE(errors_of_an_open_session)
{
    for (bool const fatal : {true, false}) {
        for (bool const names_an_operation : {true, false}) {
            Conversation::Options options;
            options.error_frames_are_fatal = fatal;
            Talk talk(State::connected, options);
            auto const frame =
                names_an_operation ? make("ERROR", {{"receipt-id", "mine"}}) : make("ERROR", {{"message", "no"}});
            auto const event = talk.receive(frame);
            BOOST_TEST(event.kind == (fatal ? Kind::failed : Kind::error));
            BOOST_TEST(event.token == (names_an_operation ? talk.mine() : nullptr));
            BOOST_TEST(talk.conversation.state() == (fatal ? State::closed : State::connected));
            auto const cause = std::dynamic_pointer_cast<ErrorFrameReceived>(event.cause);
            BOOST_REQUIRE(cause);
            BOOST_TEST((cause->frame() == frame));
            // The one that it names is answered by it: it does not wait any longer.
            BOOST_TEST(talk.conversation.receipts().empty() == names_an_operation);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_error_naming_a_receipt_that_nobody_awaits)
{
    Conversation::Options options;
    options.error_frames_are_fatal = false;
    Talk talk(State::connected, options);
    auto const event = talk.receive(make("ERROR", {{"receipt-id", "stranger"}}));
    BOOST_TEST(event.kind == Kind::error);
    BOOST_TEST(event.token == nullptr);
    BOOST_TEST(talk.conversation.receipts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(disconnect)
{
    Talk talk(State::connected);
    talk.conversation.drain(start);
    BOOST_TEST(talk.conversation.state() == State::draining);
    BOOST_TEST(!talk.conversation.is_open());
    auto const frame = talk.conversation.disconnect();
    BOOST_TEST(frame.command() == "DISCONNECT");
    BOOST_TEST(frame.headers().size() == 1u);
    auto const id = frame.header("receipt").value();
    BOOST_TEST(!id.empty());
    BOOST_TEST(talk.conversation.state() == State::disconnecting);
    // Others' receipts still count.
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", "mine"}})).token == talk.mine());
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", id}})).kind == Kind::disconnected);
    BOOST_TEST(talk.conversation.state() == State::closed);
    BOOST_TEST((talk.conversation.next_deadline() == never));
}

// No generated id is given out twice, the one of DISCONNECT included.
BOOST_AUTO_TEST_CASE(the_receipt_of_disconnect_is_nobody_elses)
{
    Talk talk(State::connected);
    char waiter = 0;
    auto const number = talk.conversation.receipts().next_number();
    talk.conversation.receipts().expect(number, &waiter, never);
    BOOST_TEST(talk.conversation.receipts().expect("r-4", &waiter, never).has_value());
    talk.conversation.drain(start);
    auto const id = std::string(talk.conversation.disconnect().header("receipt").value());
    BOOST_TEST(id != Receipts::GeneratedId(number).view());
    BOOST_TEST(id != "r-4");
    BOOST_TEST(id != "mine");
    BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", "r-4"}})).kind == Kind::receipt);
}

BOOST_AUTO_TEST_CASE(draining_comes_from_an_open_session_only)
{
    for (auto const state : {State::idle, State::connecting, State::disconnecting, State::closed}) {
        Talk talk(state);
        talk.conversation.drain(start);
        BOOST_TEST(talk.conversation.state() == state);
    }
    // Asking twice does not move the limit.
    Talk talk(State::draining);
    auto const deadline = talk.conversation.next_deadline();
    talk.conversation.drain(start + 1s);
    BOOST_TEST((talk.conversation.next_deadline() == deadline));
}

BOOST_AUTO_TEST_CASE(an_error_about_a_subscription_that_was_ended_is_not_fatal)
{
    auto const talk_to = [](std::string_view server, std::string_view body) {
        Talk talk(State::idle);
        talk.conversation.start();
        talk.receive(make("CONNECTED", {{"version", "1.2"}, {"server", server}}));
        talk.conversation.add_subscription("sub-1", "/queue/a", talk.a());
        talk.conversation.add_subscription("sub-2", "/queue/b", talk.b());
        talk.conversation.remove_subscription("sub-1", talk.a());
        auto const event = talk.receive(make("ERROR", {{"message", "Subscription not found"}}, body));
        BOOST_TEST(talk.conversation.is_open() == (event.kind == Kind::error));
        return event.kind;
    };
    BOOST_TEST(talk_to("RabbitMQ/3.10.8", "There is no current subscription with tag 'T_sub-1'.") == Kind::error);
    BOOST_TEST(talk_to("RabbitMQ/3.10.8", "There is no current subscription with tag 'T_sub-2'.") == Kind::failed);
    BOOST_TEST(talk_to("RabbitMQ/3.10.8", "There is no current subscription with tag 'T_sub-11'.") == Kind::failed);
    BOOST_TEST(talk_to("Other/1", "There is no current subscription with tag 'T_sub-1'.") == Kind::failed);
}

BOOST_AUTO_TEST_CASE(another_connection_begins_anew_with_the_same_subscriptions_and_receipts)
{
    for (auto const state : {State::idle, State::connecting, State::connected, State::draining, State::disconnecting}) {
        BOOST_TEST_CONTEXT(state)
        {
            Talk talk(state, beating(HeartBeat(1000ms, 1000ms)));
            auto const subscriptions = talk.conversation.subscription_count();
            auto const receipts = talk.conversation.receipts().size();
            talk.conversation.reset();
            BOOST_TEST(talk.conversation.state() == State::idle);
            BOOST_TEST((talk.conversation.next_deadline() == never));
            BOOST_TEST(talk.conversation.poll(much_later).kind == Kind::none);
            BOOST_TEST((talk.conversation.negotiated_heart_beat() == HeartBeat()));
            // What still comes from the old connection is nobody's business.
            BOOST_TEST(talk.receive(make("ERROR")).kind == Kind::none);

            talk.conversation.start();
            BOOST_TEST(talk.receive(make("CONNECTED", {{"version", "1.1"}, {"server", "other"}})).kind ==
                       Kind::connected);
            BOOST_TEST(talk.conversation.version() == v1_1);
            BOOST_TEST(talk.conversation.server() == "other");
            BOOST_TEST((talk.conversation.negotiated_heart_beat() == HeartBeat())); // none was offered this time
            BOOST_TEST(talk.conversation.subscription_count() == subscriptions);
            BOOST_TEST(talk.conversation.receipts().size() == receipts);
            if (subscriptions != 0)
                BOOST_TEST(talk.receive(make("MESSAGE", {{"subscription", "sub-a"}})).token == talk.a());
            if (receipts != 0)
                BOOST_TEST(talk.receive(make("RECEIPT", {{"receipt-id", "mine"}})).kind == Kind::receipt);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace conversation_tests
