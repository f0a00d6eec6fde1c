#include "conversation_fixture.hpp"

#include <boost/test/unit_test.hpp>

// Heart-beats and the version are negotiated from the CONNECT that went out.
BOOST_AUTO_TEST_SUITE(conversation_offer)

namespace {

using namespace conversation_tests;

Conversation::Options offering()
{
    Conversation::Options options;
    options.heart_beat = HeartBeat(10s, 10s);
    return options;
}

// With a broker that offers and wants a beat every second.
Event connect(Conversation& conversation, Frame const& frame, std::string_view version = "1.2")
{
    BOOST_REQUIRE(conversation.start(frame));
    return conversation.receive(make("CONNECTED", {{"version", version}, {"heart-beat", "1000,1000"}}), start,
                                end_of_frame);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_heart_beat_that_was_sent_holds)
{
    Conversation conversation(offering());
    connect(conversation, make("CONNECT", {{"accept-version", "1.2"}, {"heart-beat", "2000,3000"}}));
    BOOST_TEST((conversation.negotiated_heart_beat() == HeartBeat(2s, 3s)));
}

BOOST_AUTO_TEST_CASE(without_one_there_are_none)
{
    Conversation conversation(offering());
    connect(conversation, make("CONNECT", {{"accept-version", "1.2"}}));
    BOOST_TEST((conversation.negotiated_heart_beat() == HeartBeat()));
}

BOOST_AUTO_TEST_CASE(what_is_no_heart_beat_is_refused)
{
    for (auto const text : {"", "1000", "a,b", "-1,0", "1,2,3", " 1,2"}) {
        Conversation conversation(offering());
        BOOST_TEST(!conversation.start(make("CONNECT", {{"heart-beat", text}})));
        BOOST_TEST(conversation.state() == State::idle);
    }
}

BOOST_AUTO_TEST_CASE(the_versions_that_were_sent_hold)
{
    struct Row
    {
        std::string_view sent;
        std::string_view answer;
        bool is_accepted;
    };
    for (auto const& [sent, answer, is_accepted] :
         {Row{"1.1", "1.1", true}, Row{"1.1", "1.2", false}, Row{"1.0, 1.2", "1.2", true}, Row{"2.0", "1.2", false}}) {
        Conversation conversation(offering());
        auto const event = connect(conversation, make("CONNECT", {{"accept-version", sent}}), answer);
        BOOST_TEST((event.kind == Kind::connected) == is_accepted);
    }
    Conversation conversation(offering());
    BOOST_TEST(connect(conversation, make("CONNECT"), "1.1").kind == Kind::failed);
    Conversation plain(offering());
    BOOST_TEST(connect(plain, make("CONNECT"), "1.0").kind == Kind::connected);
}

BOOST_AUTO_TEST_SUITE_END()
