#include "wire_vector.hpp"
#include <arbalest/protocol/frame_decoder.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

// What STOMP 1.0 has otherwise: its specification's own examples have a space behind the colon.
BOOST_AUTO_TEST_SUITE(decode_first_version)

using arbalest::FrameDecoder;
using wire::Vector;

BOOST_AUTO_TEST_CASE(leading_spaces_of_values)
{
    wire::check_all({
        Vector("MESSAGE\ndestination: /queue/a\nmessage-id:  1 \nx: \ny:z\n\nhello^@\n")
            .in({wire::v1_0})
            .gives("MESSAGE", {{"destination", "/queue/a"}, {"message-id", "1 "}, {"x", ""}, {"y", "z"}}, "hello"),
        Vector("RECEIPT\nreceipt-id: r-1\n\n^@\nRECEIPT\nreceipt-id:r-2\n\n^@\n")
            .in({wire::v1_0})
            .gives("RECEIPT", {{"receipt-id", "r-1"}})
            .gives("RECEIPT", {{"receipt-id", "r-2"}}),
        // The same structure twice, once with the space and once without.
        Vector("MESSAGE\ndestination: /queue/aaaaaaaaaaaaaaa\nx: "
               "1\n\n^@MESSAGE\ndestination:_/queue/aaaaaaaaaaaaaaa\nx:_1\n\n^@")
            .in({wire::v1_0})
            .gives("MESSAGE", {{"destination", "/queue/aaaaaaaaaaaaaaa"}, {"x", "1"}})
            .gives("MESSAGE", {{"destination", "_/queue/aaaaaaaaaaaaaaa"}, {"x", "_1"}}),
        Vector("MESSAGE\ndestination: /queue/a\n\n^@")
            .in({wire::unknown, wire::v1_1, wire::v1_2})
            .gives("MESSAGE", {{"destination", " /queue/a"}}),
    });
}

BOOST_AUTO_TEST_CASE(content_length_with_blanks)
{
    wire::check_all({
        Vector("SEND\ncontent-length: 5\n\na^@b^@c^@")
            .in({wire::v1_0})
            .gives("SEND", {{"content-length", "5"}}, "a^@b^@c"),
        Vector("MESSAGE\ncontent-length: 5 \n\na^@b^@c^@")
            .in({wire::v1_0})
            .gives("MESSAGE", {{"content-length", "5 "}}, "a^@b^@c"),
        Vector("MESSAGE\ncontent-length: <!>\n\nhello^@").in({wire::v1_0}).fails("no number"),
    });
}

// Whoever says nothing of versions speaks 1.0.
BOOST_AUTO_TEST_CASE(the_handshake)
{
    wire::check_all({
        Vector("CONNECTED\nsession: 7\n\n^@\n").in({wire::unknown}).gives("CONNECTED", {{"session", "7"}}),
        Vector("CONNECTED\nversion:1.1\nsession: 7\n\n^@\n")
            .in({wire::unknown})
            .gives("CONNECTED", {{"version", "1.1"}, {"session", " 7"}}),
        Vector("CONNECT\nlogin: guest\npasscode: secret\n\n^@\n")
            .in({wire::unknown})
            .gives("CONNECT", {{"login", "guest"}, {"passcode", "secret"}}),
        Vector("CONNECT\naccept-version:1.0,1.1\npasscode: secret\n\n^@\n")
            .in({wire::unknown})
            .gives("CONNECT", {{"accept-version", "1.0,1.1"}, {"passcode", " secret"}}),
    });
}

// Some brokers count its NUL.
BOOST_AUTO_TEST_CASE(an_error_whose_content_length_is_one_too_many)
{
    wire::check_all({
        Vector("ERROR\nmessage:no\ncontent-length:4\n\nabc^@\n")
            .gives("ERROR", {{"message", "no"}, {"content-length", "4"}}, "abc"),
        Vector("ERROR\ncontent-length:1\n\n^@\n\nERROR\n\n^@")
            .heart_beats(1)
            .gives("ERROR", {{"content-length", "1"}})
            .gives("ERROR"),
        Vector("ERROR\ncontent-length:4\n\nabcd<!>x^@").fails("no NUL"),
        Vector("MESSAGE\ncontent-length:4\n\nabc^@<!>\n").fails("no NUL"),
    });
}

BOOST_AUTO_TEST_CASE(an_error_that_the_end_of_the_connection_cuts)
{
    auto const left = [](std::string_view text) {
        FrameDecoder decoder;
        decoder.feed(wire::bytes(text));
        while (decoder.next()) {
        }
        return decoder.take_unfinished_error();
    };
    for (std::string const head : {"ERROR\nmessage:no\n\n", "ERROR\nmessage:no\ncontent-length:4\n\n"}) {
        for (auto const* const body : {"", "a", "abc"}) {
            auto const error = left(head + body);
            BOOST_REQUIRE(error);
            BOOST_TEST(error->header("message").value_or("") == "no");
            BOOST_TEST(error->body() == body);
        }
    }
    BOOST_TEST(left("ERROR\ncontent-length:4\n\nabc^@").value().body() == "abc");
    BOOST_TEST(left("RECEIPT\nreceipt-id:1\n\n^@\nERROR\n\nabc").value().body() == "abc");
    for (auto const* const other : {"", "\n", "ERROR\nmessage:no\n", "MESSAGE\n\nabc", "ERROR\n\nabc^@", "ERR"})
        BOOST_TEST(!left(other));
}

BOOST_AUTO_TEST_SUITE_END()
