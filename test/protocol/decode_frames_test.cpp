#include "wire_vector.hpp"

#include <boost/test/unit_test.hpp>

// What is the same in every version: the shape of a frame, headers as they come, line ends between frames.
namespace decode_frames_tests {

using wire::Vector;

BOOST_AUTO_TEST_SUITE(decode_frames)

BOOST_AUTO_TEST_CASE(shape)
{
    wire::check_all({
        Vector(""),
        Vector("RECEIPT\n\n^@").gives("RECEIPT"),
        Vector("RECEIPT\nreceipt-id:77\n\n^@").gives("RECEIPT", {{"receipt-id", "77"}}),
        Vector("MESSAGE\ndestination:/queue/a\nmessage-id:1\n\nhello^@")
            .gives("MESSAGE", {{"destination", "/queue/a"}, {"message-id", "1"}}, "hello"),
        Vector("ERROR\nmessage:no\n\nline one\nline two\n^@")
            .gives("ERROR", {{"message", "no"}}, "line one\nline two\n"),
        // A body may begin with what looks like another blank line, and look like a frame.
        Vector("MESSAGE\n\n\n^@").gives("MESSAGE", {}, "\n"),
        Vector("MESSAGE\n\nSEND\nfoo:bar\n\n^@").gives("MESSAGE", {}, "SEND\nfoo:bar\n\n"),
        // Commands are taken as they come: what to do with an unknown one, the session decides.
        Vector("SEND\ndestination:/queue/a\n\nx^@").gives("SEND", {{"destination", "/queue/a"}}, "x"),
        Vector("message\n\n^@").gives("message"),
        Vector("X\n\n^@").gives("X"),
        Vector("X-TRA_1.0!~\n\n^@").gives("X-TRA_1.0!~"),
        // Frames that should have no body are read all the same: brokers do send such.
        Vector("RECEIPT\nreceipt-id:1\n\nunasked^@").gives("RECEIPT", {{"receipt-id", "1"}}, "unasked"),
        Vector("CONNECTED\nversion:1.2\n\nwelcome^@").gives("CONNECTED", {{"version", "1.2"}}, "welcome"),
        // Back to back.
        Vector("A\n\n1^@B\n\n2^@C\n\n3^@").gives("A", {}, "1").gives("B", {}, "2").gives("C", {}, "3"),
    });
}

BOOST_AUTO_TEST_CASE(unfinished)
{
    wire::check_all({
        Vector("<!>M").wants_more(),
        Vector("<!>MESSAGE").wants_more(),
        Vector("<!>MESSAGE\n").wants_more(),
        Vector("<!>MESSAGE\nfoo").wants_more(),
        Vector("<!>MESSAGE\nfoo:bar").wants_more(),
        Vector("<!>MESSAGE\nfoo:bar\n").wants_more(),
        Vector("<!>MESSAGE\nfoo:bar\n\n").wants_more(),
        Vector("<!>MESSAGE\nfoo:bar\n\nbody").wants_more(),
        Vector("<!>MESSAGE\ncontent-length:4\n\nbody").wants_more(),
        Vector("<!>MESSAGE\ncontent-length:4\n\n^@^@^@").wants_more(),
        Vector("A\n\n^@<!>B").gives("A").wants_more(),
        Vector("A\n\n^@\n<!>B\n").gives("A").wants_more(),
    });
}

BOOST_AUTO_TEST_CASE(headers_as_they_come)
{
    wire::check_all({
        // Nothing is trimmed, but in 1.0 (see decode_first_version_test.cpp).
        Vector("MESSAGE\nfoo: bar \n\n^@")
            .in({wire::unknown, wire::v1_1, wire::v1_2})
            .gives("MESSAGE", {{"foo", " bar "}}),
        Vector("MESSAGE\n foo : \tbar\t\n\n^@")
            .in({wire::unknown, wire::v1_1, wire::v1_2})
            .gives("MESSAGE", {{" foo ", " \tbar\t"}}),
        Vector("MESSAGE\nfoo:   \n\n^@").in({wire::unknown, wire::v1_1, wire::v1_2}).gives("MESSAGE", {{"foo", "   "}}),
        Vector("MESSAGE\n : \n\n^@").in({wire::unknown, wire::v1_1, wire::v1_2}).gives("MESSAGE", {{" ", " "}}),
        // An empty value is a value.
        Vector("MESSAGE\nfoo:\n\n^@").gives("MESSAGE", {{"foo", ""}}),
        Vector("MESSAGE\nfoo:\nbar:\n\n^@").gives("MESSAGE", {{"foo", ""}, {"bar", ""}}),
        // Brokers write raw colons into values: the first one divides.
        Vector("MESSAGE\nack:T_a:b@@session:1\n\n^@").gives("MESSAGE", {{"ack", "T_a:b@@session:1"}}),
        Vector("ERROR\nmessage:Invalid Protocol version[9.9]: 1.0\n\n^@")
            .gives("ERROR", {{"message", "Invalid Protocol version[9.9]: 1.0"}}),
        Vector("MESSAGE\nfoo::\n\n^@").gives("MESSAGE", {{"foo", ":"}}),
        Vector("MESSAGE\nurl:http://[::1]:80/\n\n^@").gives("MESSAGE", {{"url", "http://[::1]:80/"}}),
        // Repeated ones are all kept, in their order.
        Vector("MESSAGE\nfoo:World\nfoo:Hello\n\n^@").gives("MESSAGE", {{"foo", "World"}, {"foo", "Hello"}}),
        Vector("MESSAGE\na:1\nb:2\na:3\nA:4\na:1\n\n^@")
            .gives("MESSAGE", {{"a", "1"}, {"b", "2"}, {"a", "3"}, {"A", "4"}, {"a", "1"}}),
        // Any other byte goes through, UTF-8 or not.
        Vector("MESSAGE\nst\xc3\xa4"
               "dte:\xe2\x82\xac \xf0\x9f\x90\xb0\n\n\xc3\xbc^@")
            .gives("MESSAGE",
                   {{"st\xc3\xa4"
                     "dte",
                     "\xe2\x82\xac \xf0\x9f\x90\xb0"}},
                   "\xc3\xbc"),
        Vector("MESSAGE\n\xff\xfe:\x80\x01\x7f\n\n\xff^@").gives("MESSAGE", {{"\xff\xfe", "\x80\x01\x7f"}}, "\xff"),
        Vector("MESSAGE\n\xef\xbb\xbf"
               "foo:bar\n\n^@")
            .gives("MESSAGE", {{"\xef\xbb\xbf"
                                "foo",
                                "bar"}}),
    });
}

BOOST_AUTO_TEST_CASE(malformed_headers)
{
    wire::check_all({
        Vector("MESSAGE\n<!>foo\n\n^@").in({wire::unknown, wire::v1_1, wire::v1_2}).fails("without a colon"),
        // In 1.0 this needs a header that it could be the second line of.
        Vector("MESSAGE\n<!>foo\n\n^@").in({wire::v1_0}).fails("without a colon"),
        Vector("MESSAGE\na:b\n<!>foo\nc:d\n\n^@").in({wire::unknown, wire::v1_1, wire::v1_2}).fails("without a colon"),
        Vector("MESSAGE\na:b\n<!> \n\n^@").in({wire::unknown, wire::v1_1, wire::v1_2}).fails("without a colon"),
        Vector("MESSAGE\n<!>:bar\n\n^@").fails("without a name"),
        Vector("MESSAGE\n<!>:\n\n^@").fails("without a name"),
        Vector("MESSAGE\na:b\n<!>:c:d\n\n^@").fails("without a name"),
        Vector("MESSAGE\nfoo:ba<!>^@r\n\n^@").fails("NUL in a header"),
        Vector("MESSAGE\nfo<!>^@o:bar\n\n^@").fails("NUL in a header"),
        Vector("MESSAGE\n<!>^@foo:bar\n\n^@").fails("NUL in a header"),
        Vector("MESSAGE\nfoo:bar<!>^@\n\n^@").fails("NUL in a header"),
        // A frame without its blank line.
        Vector("MESSAGE\n<!>^@").fails("NUL in a header"),
        Vector("MESSAGE\nfoo:bar\n<!>^@RECEIPT\n\n^@").fails("NUL in a header"),
        Vector("MESSAGE\nfoo:bar<!>^@").fails("NUL in a header"),
        // What was whole before is still delivered.
        Vector("A\n\n^@B\n<!>:x\n\n^@").gives("A").fails("without a name"),
        Vector("\n\nA\n\n^@\n\nB\n<!>:x\n\n^@").gives("A").heart_beats(3).fails("without a name"),
    });
}

BOOST_AUTO_TEST_CASE(no_command)
{
    wire::check_all({
        Vector("<!>^@").fails("no STOMP command"),
        Vector("MESSAGE<!>^@").fails("no STOMP command"),
        Vector("A\n\n^@<!>^@").gives("A").fails("no STOMP command"),
        Vector("<!> MESSAGE\n\n^@").fails("no STOMP command"),
        Vector("MESSAGE<!> \n\n^@").fails("no STOMP command"),
        Vector("MESS<!>\tAGE\n\n^@").fails("no STOMP command"),
        Vector("MESSAGE<!>:foo\n\n^@").fails("no STOMP command"),
        Vector("<!>:\n\n^@").fails("no STOMP command"),
        Vector("M<!>\xc3\x84SSAGE\n\n^@").fails("no STOMP command"),
        Vector("MESSAGE<!>\x7f\n\n^@").fails("no STOMP command"),
        Vector("<!>\xef\xbb\xbfMESSAGE\n\n^@").fails("no STOMP command"),
        Vector("<!>\xff\xff\xff\xff").fails("no STOMP command"),
        // Other protocols on the same port.
        Vector("HTTP/1.1<!> 400 Bad Request\r\nContent-Length: 0\r\n\r\n").fails("no STOMP command"),
        Vector("GET<!> / HTTP/1.1\r\nHost: a\r\n\r\n").fails("no STOMP command"),
        Vector("<!>\x15\x03\x03^@\x02\x02\x28").fails("no STOMP command"),
        Vector("<!>\x16\x03\x01^@\x80").fails("no STOMP command"),
        Vector("SSH-2.0-OpenSSH_9.2p1<!> Debian\r\n").fails("no STOMP command"),
        Vector("AMQP<!>^@\x01\x01\x01").fails("no STOMP command"),
        Vector("{\"error\"<!>:1}").fails("no STOMP command"),
        Vector("<html><!> \n").fails("no STOMP command"),
    });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace decode_frames_tests
