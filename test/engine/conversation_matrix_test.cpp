#include "conversation_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

// Every state with everything that can happen next.
namespace conversation_matrix_tests {

using namespace conversation_tests;
using arbalest::errc;
using arbalest::MissingHeartBeat;

struct Expected
{
    Kind kind;
    State state;
};

// In the order of the columns below.
constexpr State states[] = {State::idle,     State::connecting,    State::connected,
                            State::draining, State::disconnecting, State::closed};

struct Row
{
    std::string name;
    std::function<Event(Talk&)> happens;
    Expected expected[std::size(states)];
};

std::function<Event(Talk&)> comes(Frame const& frame)
{
    return [frame](Talk& talk) { return talk.receive(frame); };
}

constexpr Expected ignored_when_idle{Kind::none, State::idle};
constexpr Expected ignored_when_closed{Kind::none, State::closed};
constexpr Expected failure{Kind::failed, State::closed};
constexpr Expected orderly_end{Kind::disconnected, State::closed};

constexpr Expected stays(Kind kind, State state)
{
    return {kind, state};
}

Row violation_everywhere(Frame const& frame)
{
    return {std::string(frame.command()),
            comes(frame),
            {ignored_when_idle, failure, failure, failure, failure, ignored_when_closed}};
}

// What an open session does, and what only hears the rest while it ends.
Row while_open(std::string name, Frame const& frame, Expected connecting, Kind open)
{
    return {std::move(name),
            comes(frame),
            {ignored_when_idle, connecting, stays(open, State::connected), stays(open, State::draining),
             stays(open, State::disconnecting), ignored_when_closed}};
}

void check(std::vector<Row> const& rows, Conversation::Options const& options)
{
    for (auto const& row : rows) {
        for (std::size_t i = 0; i < std::size(states); ++i) {
            BOOST_TEST_CONTEXT(row.name << " when " << states[i])
            {
                Talk talk(states[i], options);
                BOOST_REQUIRE_EQUAL(talk.conversation.state(), states[i]);
                auto const event = row.happens(talk);
                BOOST_TEST(event.kind == row.expected[i].kind);
                BOOST_TEST(talk.conversation.state() == row.expected[i].state);
                BOOST_TEST(talk.conversation.is_open() == (row.expected[i].state == State::connected));
                // A failure has a cause, an orderly end has none.
                bool const needs_cause = event.kind == Kind::failed || event.kind == Kind::error;
                BOOST_TEST((event.cause != nullptr) == needs_cause);
                if (talk.conversation.state() != State::closed)
                    continue;
                // Whatever comes behind the end changes nothing, and nothing is due any more.
                for (auto const* const command : {"CONNECTED", "MESSAGE", "RECEIPT", "ERROR", "X"})
                    BOOST_TEST(talk.receive(make(command)).kind == Kind::none);
                BOOST_TEST(talk.conversation.connection_ended(nullptr).kind == Kind::none);
                BOOST_TEST(talk.conversation.poll(much_later).kind == Kind::none);
                BOOST_TEST((talk.conversation.next_deadline() == never));
                BOOST_TEST(talk.conversation.state() == State::closed);
            }
        }
    }
}

std::shared_ptr<arbalest::StompError> lost_connection()
{
    return std::make_shared<arbalest::MalformedFrame>("stands for any cause", 0);
}

BOOST_AUTO_TEST_SUITE(conversation_matrix)

BOOST_AUTO_TEST_CASE(frames_of_a_broker)
{
    auto const too_early = failure;
    std::vector<Row> const rows{
        {"CONNECTED",
         comes(make("CONNECTED", {{"version", "1.2"}})),
         {ignored_when_idle, stays(Kind::connected, State::connected), failure, failure, failure, ignored_when_closed}},
        while_open("MESSAGE", make("MESSAGE", {{"subscription", "sub-a"}}), too_early, Kind::message),
        while_open("MESSAGE for nobody", make("MESSAGE", {{"subscription", "x"}}), too_early, Kind::unhandled_message),
        while_open("MESSAGE without headers", make("MESSAGE"), too_early, Kind::unhandled_message),
        while_open("RECEIPT", make("RECEIPT", {{"receipt-id", "mine"}}), too_early, Kind::receipt),
        while_open("RECEIPT for nobody", make("RECEIPT", {{"receipt-id", "x"}}), too_early, Kind::unhandled_receipt),
        while_open("RECEIPT without receipt-id", make("RECEIPT"), too_early, Kind::unhandled_receipt),
        // The id that DISCONNECT has, or would have had.
        {"RECEIPT of DISCONNECT",
         [](Talk& talk) {
             auto const id = talk.disconnect_receipt.empty() ? "r-2" : talk.disconnect_receipt;
             return talk.receive(make("RECEIPT", {{"receipt-id", id}}));
         },
         {ignored_when_idle, failure, stays(Kind::unhandled_receipt, State::connected),
          stays(Kind::unhandled_receipt, State::draining), orderly_end, ignored_when_closed}},
    };
    check(rows, {});
}

BOOST_AUTO_TEST_CASE(error_frames)
{
    for (auto const& frame :
         {make("ERROR"), make("ERROR", {{"receipt-id", "mine"}}), make("ERROR", {{"message", "no"}})}) {
        Conversation::Options options;
        check({violation_everywhere(frame)}, options);
        options.error_frames_are_fatal = false;
        check({while_open("ERROR", frame, failure, Kind::error)}, options);
    }
}

BOOST_AUTO_TEST_CASE(frames_that_no_broker_sends)
{
    std::vector<Row> rows;
    for (auto const* const command : {"SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT",
                                      "DISCONNECT", "CONNECT", "STOMP", "X", "message", "Receipt", "MESSAGES"})
        rows.push_back(violation_everywhere(make(command, {{"receipt-id", "mine"}, {"subscription", "sub-a"}})));
    rows.push_back(violation_everywhere(Frame()));
    check(rows, {});
    for (auto const state : {State::connecting, State::connected}) {
        Talk talk(state);
        auto const event = talk.receive(make("SUBSCRIBE"));
        auto const cause = std::dynamic_pointer_cast<arbalest::MalformedFrame>(event.cause);
        BOOST_REQUIRE(cause);
        BOOST_TEST(cause->offset() == end_of_frame);
        BOOST_TEST(cause->reason().find("SUBSCRIBE") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(end_of_the_connection)
{
    auto const cause = lost_connection();
    check({{"end of the connection",
            [&](Talk& talk) {
                auto event = talk.conversation.connection_ended(cause);
                if (event.kind == Kind::failed)
                    BOOST_TEST(event.cause == cause);
                return event;
            },
            // In place of DISCONNECT's receipt it is an orderly end.
            {failure, failure, failure, failure, orderly_end, ignored_when_closed}}},
          {});
}

BOOST_AUTO_TEST_CASE(local_requests)
{
    auto const nothing = [](auto request) {
        return [request](Talk& talk) {
            request(talk.conversation);
            return Event();
        };
    };
    auto const silently = [](State state) { return Expected{Kind::none, state}; };
    check(
        {
            {"close",
             nothing([](Conversation& conversation) { conversation.close(); }),
             {ignored_when_closed, ignored_when_closed, ignored_when_closed, ignored_when_closed, ignored_when_closed,
              ignored_when_closed}},
            {"drain",
             nothing([](Conversation& conversation) { conversation.drain(start); }),
             {silently(State::idle), silently(State::connecting), silently(State::draining), silently(State::draining),
              silently(State::disconnecting), ignored_when_closed}},
        },
        {});
}

BOOST_AUTO_TEST_CASE(timers)
{
    auto const at = [](TimePoint now) { return [now](Talk& talk) { return talk.conversation.poll(now); }; };
    auto const no_news = [](Kind connected, Kind draining) {
        return std::vector<Expected>{
            ignored_when_idle,           {Kind::none, State::connecting},  {connected, State::connected},
            {draining, State::draining}, {draining, State::disconnecting}, ignored_when_closed};
    };
    auto const row = [](std::string name, std::function<Event(Talk&)> happens, std::vector<Expected> const& expected) {
        Row result{std::move(name), std::move(happens), {}};
        std::copy(expected.begin(), expected.end(), result.expected);
        return result;
    };
    Conversation::Options beating;
    beating.heart_beat = HeartBeat(1s, 1s);
    beating.disconnect_timeout = 5s;
    check(
        {row("nothing due", at(start + 799ms), no_news(Kind::none, Kind::none)),
         row("a heart-beat due", at(start + 800ms), no_news(Kind::send_heart_beat, Kind::send_heart_beat)),
         row("a silent peer", at(start + 3s),
             // While DISCONNECT's receipt is awaited there is nothing left to lose.
             {ignored_when_idle, {Kind::none, State::connecting}, failure, failure, orderly_end, ignored_when_closed})},
        beating);
    Conversation::Options plain;
    plain.disconnect_timeout = 5s;
    check({row("the limit of an orderly end", at(start + 5s),
               {ignored_when_idle,
                {Kind::none, State::connecting},
                {Kind::none, State::connected},
                orderly_end,
                orderly_end,
                ignored_when_closed})},
          plain);
    plain.disconnect_timeout = 60s;
    check({row("a lost receipt", at(start + 10s), no_news(Kind::receipt_lost, Kind::receipt_lost))}, plain);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace conversation_matrix_tests
