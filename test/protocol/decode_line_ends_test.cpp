#include "wire_vector.hpp"

#include <boost/test/unit_test.hpp>

// Line ends inside of frames, which differ by version, and between them, where they are heart-beats.
namespace decode_line_ends_tests {

using wire::unknown;
using wire::v1_0;
using wire::v1_1;
using wire::v1_2;
using wire::Vector;

BOOST_AUTO_TEST_SUITE(decode_line_ends)

BOOST_AUTO_TEST_CASE(carriage_returns_in_1_2_and_before_the_version_is_known)
{
    wire::check_all({
        Vector("MESSAGE\r\n\r\n^@").in({unknown, v1_2}).gives("MESSAGE"),
        Vector("MESSAGE\r\nfoo:bar\r\n\r\nbody^@").in({unknown, v1_2}).gives("MESSAGE", {{"foo", "bar"}}, "body"),
        Vector("CONNECTED\r\nversion:1.2\r\n\r\n^@").in({unknown, v1_2}).gives("CONNECTED", {{"version", "1.2"}}),
        // Each line for itself.
        Vector("MESSAGE\r\na:1\nb:2\r\n\n^@").in({unknown, v1_2}).gives("MESSAGE", {{"a", "1"}, {"b", "2"}}),
        Vector("MESSAGE\na:1\r\nb:2\n\r\n^@").in({unknown, v1_2}).gives("MESSAGE", {{"a", "1"}, {"b", "2"}}),
        Vector("MESSAGE\r\nfoo:\r\n\r\n^@").in({unknown, v1_2}).gives("MESSAGE", {{"foo", ""}}),
        Vector("MESSAGE\r\ncontent-length:2\r\n\r\n\r\n^@")
            .in({unknown, v1_2})
            .gives("MESSAGE", {{"content-length", "2"}}, "\r\n"),
        // One carriage return belongs to the line end; any other is a byte like others.
        Vector("MESSAGE\nfoo:bar\r\r\n\n^@").in({unknown, v1_2}).gives("MESSAGE", {{"foo", "bar\r"}}),
        Vector("MESSAGE\nfoo:b\rar\n\n^@").in({unknown, v1_2}).gives("MESSAGE", {{"foo", "b\rar"}}),
        Vector("MESSAGE\nfoo:\rbar\r\n\r\n\r^@").in({unknown, v1_2}).gives("MESSAGE", {{"foo", "\rbar"}}, "\r"),
        Vector("MESSAGE<!>\r\r\n\n^@").in({unknown, v1_2}).fails("no STOMP command"),
        Vector("MESS<!>\rAGE\n\n^@").in({unknown, v1_2}).fails("no STOMP command"),
        Vector("MESSAGE\nfoo:bar\r\n<!>\r\r\n^@").in({unknown, v1_2}).fails("without a colon"),
        Vector("<!>MESSAGE\r").in({unknown, v1_2}).wants_more(),
        Vector("<!>MESSAGE\nfoo:bar\r").in({unknown, v1_2}).wants_more(),
    });
}

BOOST_AUTO_TEST_CASE(carriage_returns_in_1_0_and_1_1)
{
    wire::check_all({
        // There a carriage return is a byte like others.
        Vector("MESSAGE\nfoo:bar\r\n\n^@").in({v1_0, v1_1}).gives("MESSAGE", {{"foo", "bar\r"}}),
        Vector("MESSAGE\nfoo\r:b\rar\n\n^@").in({v1_0, v1_1}).gives("MESSAGE", {{"foo\r", "b\rar"}}),
        Vector("MESSAGE\nfoo:\r\n\n\r\n^@").in({v1_0, v1_1}).gives("MESSAGE", {{"foo", "\r"}}, "\r\n"),
        Vector("MESSAGE<!>\r\n\r\n^@").in({v1_0, v1_1}).fails("no STOMP command"),
        Vector("MESSAGE\nfoo:bar\n<!>\r\n^@").in({v1_1}).fails("without a colon"),
        Vector("MESSAGE\n<!>\r\n^@").in({v1_0}).fails("without a colon"),
        Vector("MESSAGE\ncontent-length:<!>2\r\n\nab^@").in({v1_0, v1_1}).fails("content-length"),
        Vector("CONNECTED<!>\r\nversion:1.1\r\n\r\n^@").in({v1_0, v1_1}).fails("no STOMP command"),
    });
}

// ActiveMQ has no escape for a line feed in 1.0, and writes it as it is.
BOOST_AUTO_TEST_CASE(raw_line_feeds_in_values_of_1_0)
{
    wire::check_all({
        Vector("MESSAGE\nfoo:one\ntwo\n\n^@").in({v1_0}).gives("MESSAGE", {{"foo", "one\ntwo"}}),
        Vector("MESSAGE\nfoo:one\ntwo\nthree\nbar:x\n\n^@")
            .in({v1_0})
            .gives("MESSAGE", {{"foo", "one\ntwo\nthree"}, {"bar", "x"}}),
        Vector("MESSAGE\na:1\nfoo:\ntwo\n\nbody^@").in({v1_0}).gives("MESSAGE", {{"a", "1"}, {"foo", "\ntwo"}}, "body"),
        Vector("MESSAGE\nfoo:one\r\n\r\n\n^@").in({v1_0}).gives("MESSAGE", {{"foo", "one\r\n\r"}}),
        Vector("MESSAGE\nfoo:one\n<!>:two\n\n^@").in({v1_0}).fails("without a name"),
        Vector("MESSAGE\nfoo:one\ntw<!>^@o\n\n^@").in({v1_0}).fails("NUL in a header"),
        Vector("MESSAGE\ncontent-length:<!>1\n2\n\n^@").in({v1_0}).fails("content-length"),
    });
}

BOOST_AUTO_TEST_CASE(between_frames)
{
    wire::check_all({
        // Before the first frame each is a heart-beat.
        Vector("\n").heart_beats(1),
        Vector("\n\n\n").heart_beats(3),
        Vector("\r\n\r\n").heart_beats(2),
        Vector("\n\r\n\n").heart_beats(3),
        Vector("\nCONNECTED\nversion:1.2\n\n^@").gives("CONNECTED", {{"version", "1.2"}}).heart_beats(1),
        Vector("\r\n\nERROR\n\n^@").gives("ERROR").heart_beats(2),
        // The one directly behind a frame ends the frame.
        Vector("A\n\n^@\n").gives("A").heart_beats(0),
        Vector("A\n\n^@\r\n").gives("A").heart_beats(0),
        Vector("A\n\n^@\n\n").gives("A").heart_beats(1),
        Vector("A\n\n^@\r\n\r\n\n").gives("A").heart_beats(2),
        Vector("A\n\n^@\nB\n\n^@\nC\n\n^@\n").gives("A").gives("B").gives("C").heart_beats(0),
        Vector("A\n\n^@\n\nB\n\n^@\n\n\nC\n\n^@").gives("A").gives("B").gives("C").heart_beats(3),
        Vector("A\n\n^@\n\n\n\n\nB\n\n^@").gives("A").gives("B").heart_beats(4),
        // Unless the peer was seen to end its frames without.
        Vector("A\n\n^@B\n\n^@\nC\n\n^@\n\n").gives("A").gives("B").gives("C").heart_beats(3),
        Vector("\nA\n\n^@B\n\n^@\r\n").gives("A").gives("B").heart_beats(2),
        // Line ends behind a body of given length are no part of it.
        Vector("A\ncontent-length:1\n\n\n^@\n\n").gives("A", {{"content-length", "1"}}, "\n").heart_beats(1),
        Vector("<!>\r").wants_more(),
        Vector("\n\n<!>\r").heart_beats(2).wants_more(),
        Vector("A\n\n^@<!>\r").gives("A").wants_more(),
        Vector("<!>\rMESSAGE\n\n^@").fails("carriage return without a line feed"),
        Vector("\n<!>\r\r\n").heart_beats(1).fails("carriage return without a line feed"),
        Vector("A\n\n^@\n\n<!>\r^@").gives("A").heart_beats(1).fails("carriage return without a line feed"),
        Vector("\n\n<!> \n").heart_beats(2).fails("no STOMP command"),
    });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace decode_line_ends_tests
