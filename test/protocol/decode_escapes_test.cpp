#include "wire_vector.hpp"

#include <boost/test/unit_test.hpp>

// Value encoding: by version, and never in the frames that come before one was agreed on.
namespace decode_escapes_tests {

using wire::unknown;
using wire::v1_0;
using wire::v1_1;
using wire::v1_2;
using wire::Vector;

BOOST_AUTO_TEST_SUITE(decode_escapes)

BOOST_AUTO_TEST_CASE(defined)
{
    wire::check_all({
        Vector("MESSAGE\nfoo:a\\nb\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "a\nb"}}),
        Vector("MESSAGE\nfoo:a\\cb\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "a:b"}}),
        Vector("MESSAGE\nfoo:a\\\\b\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "a\\b"}}),
        Vector("MESSAGE\nfoo:a\\rb\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "a\rb"}}),
        Vector("MESSAGE\nfoo:\\c\\n\\\\\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", ":\n\\"}}),
        Vector("MESSAGE\nfoo:\\r\\n\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "\r\n"}}),
        // Names are escaped too.
        Vector("MESSAGE\nf\\coo:bar\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"f:oo", "bar"}}),
        Vector("MESSAGE\n\\n\\\\:\\c\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"\n\\", ":"}}),
        Vector("MESSAGE\nf\\roo:bar\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"f\roo", "bar"}}),
        // Raw and escaped colons mixed.
        Vector("MESSAGE\na\\cb:c:d\\ce\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"a:b", "c:d:e"}}),
        // Other frames as well, and with CRLF.
        Vector("ERROR\nmessage:a\\cb\n\n^@").in({unknown, v1_1, v1_2}).gives("ERROR", {{"message", "a:b"}}),
        Vector("RECEIPT\nreceipt-id:\\c\n\n^@").in({unknown, v1_1, v1_2}).gives("RECEIPT", {{"receipt-id", ":"}}),
        Vector("MESSAGE\r\nfoo:\\n\r\n\r\n^@").in({unknown, v1_2}).gives("MESSAGE", {{"foo", "\n"}}),
        // All of many headers, repeated ones included.
        Vector("MESSAGE\na:\\c\nb:x\na:\\n\nc:\\\\\n\n^@")
            .in({unknown, v1_1, v1_2})
            .gives("MESSAGE", {{"a", ":"}, {"b", "x"}, {"a", "\n"}, {"c", "\\"}}),
    });
}

BOOST_AUTO_TEST_CASE(one_pass_from_left_to_right)
{
    wire::check_all({
        Vector("MESSAGE\nfoo:a\\\\nb\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "a\\nb"}}),
        Vector("MESSAGE\nfoo:\\\\\\n\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "\\\n"}}),
        Vector("MESSAGE\nfoo:\\\\\\\\n\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "\\\\n"}}),
        Vector("MESSAGE\nfoo:\\\\c\\c\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "\\c:"}}),
        // Letters that are escapes only behind a backslash.
        Vector("MESSAGE\nncr:ncr\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"ncr", "ncr"}}),
        // A backslash before an escape that the version does not know is no matter once it is escaped itself.
        Vector("MESSAGE\nfoo:\\\\t\\\\r\n\n^@").in({unknown, v1_1, v1_2}).gives("MESSAGE", {{"foo", "\\t\\r"}}),
    });
}

BOOST_AUTO_TEST_CASE(undefined)
{
    wire::check_all({
        Vector("MESSAGE\nfoo:a<!>\\tb\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nf<!>\\too:b\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nfoo:a<!>\\Nb\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nfoo:a<!>\\Cb\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nfoo:a<!>\\:b\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nfoo:a<!>\\0b\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nfoo:a<!>\\ nb\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        // At the end there is nothing left to be escaped, least of all the line end.
        Vector("MESSAGE\nfoo:a<!>\\\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nfoo:\\\\<!>\\\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nf<!>\\:a\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\nfoo:a<!>\\\r\n\r\n^@").in({v1_2}).fails("undefined escape"),
        // The first one is named.
        Vector("MESSAGE\na:\\n\nb:\\c<!>\\x\nc:\\y\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("MESSAGE\na:<!>\\x\nb:\\y\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        // Known before the body has come.
        Vector("MESSAGE\ncontent-length:1000000\na:<!>\\x\n\n").in({v1_1, v1_2}).fails("undefined escape"),
        // A body may say what it likes.
        Vector("MESSAGE\n\n\\t\\x\\^@").gives("MESSAGE", {}, "\\t\\x\\"),
        Vector("MESSAGE\na:\\n\n\n\\n^@").in({v1_1, v1_2}).gives("MESSAGE", {{"a", "\n"}}, "\\n"),
    });
}

// Before the version is known, an ERROR is still worth reading.
BOOST_AUTO_TEST_CASE(undefined_before_the_version_is_known)
{
    wire::check_all({
        Vector("ERROR\nmessage:C:\\temp\\x\n\n^@").in({unknown}).gives("ERROR", {{"message", "C:\\temp\\x"}}),
        Vector("ERROR\nmessage:a\\\n\n^@").in({unknown}).gives("ERROR", {{"message", "a\\"}}),
        Vector("ERROR\nmessage:a\\\r\n\r\n^@").in({unknown}).gives("ERROR", {{"message", "a\\"}}),
        Vector("ERROR\nme\\ssage:\\c\\q\\n\n\n^@").in({unknown}).gives("ERROR", {{"me\\ssage", ":\\q\n"}}),
    });
}

BOOST_AUTO_TEST_CASE(none_in_1_0)
{
    wire::check_all({
        Vector("MESSAGE\nfoo:a\\nb\\cc\\\\d\\re\n\n^@").in({v1_0}).gives("MESSAGE", {{"foo", "a\\nb\\cc\\\\d\\re"}}),
        Vector("MESSAGE\nf\\coo:C:\\temp\\\n\n^@").in({v1_0}).gives("MESSAGE", {{"f\\coo", "C:\\temp\\"}}),
        Vector("ERROR\nmessage:a\\t\n\n^@").in({v1_0}).gives("ERROR", {{"message", "a\\t"}}),
    });
}

BOOST_AUTO_TEST_CASE(none_in_handshake_frames)
{
    wire::check_all({
        Vector("CONNECTED\nsession:a\\cb\\\\n\\t\\\n\n^@").gives("CONNECTED", {{"session", "a\\cb\\\\n\\t\\"}}),
        Vector("CONNECTED\nse\\nssion:x\n\n^@").gives("CONNECTED", {{"se\\nssion", "x"}}),
        Vector("CONNECT\npasscode:\\c:\\n\n\n^@").gives("CONNECT", {{"passcode", "\\c:\\n"}}),
        Vector("STOMP\npasscode:\\r\\x\n\n^@").gives("STOMP", {{"passcode", "\\r\\x"}}),
        // Only these, by their whole names.
        Vector("CONNECTED2\na:\\c\n\n^@").in({unknown, v1_1, v1_2}).gives("CONNECTED2", {{"a", ":"}}),
        Vector("CONNECTE\na:<!>\\t\n\n^@").in({v1_1, v1_2}).fails("undefined escape"),
        Vector("connected\na:\\c\n\n^@").in({unknown, v1_1, v1_2}).gives("connected", {{"a", ":"}}),
        // The frame behind is not literal any more.
        Vector("CONNECTED\na:\\c\n\n^@\nMESSAGE\na:\\c\n\n^@")
            .in({unknown, v1_1, v1_2})
            .gives("CONNECTED", {{"a", "\\c"}})
            .gives("MESSAGE", {{"a", ":"}}),
    });
}

// The frames behind CONNECTED may have come in the same piece: they follow the version that it names.
BOOST_AUTO_TEST_CASE(from_the_next_frame_on)
{
    wire::check_all({
        Vector("CONNECTED\r\nversion:1.2\r\n\r\n^@\r\nMESSAGE\r\na:\\r\r\n\r\n^@")
            .in({unknown})
            .negotiating()
            .gives("CONNECTED", {{"version", "1.2"}})
            .gives("MESSAGE", {{"a", "\r"}}),
        Vector("CONNECTED\nversion:1.1\n\n^@\nMESSAGE\na:<!>\\t\n\n^@")
            .in({unknown})
            .negotiating()
            .gives("CONNECTED", {{"version", "1.1"}})
            .fails("undefined escape"),
        Vector("CONNECTED\nversion:1.1\n\n^@MESSAGE\na:\\c\r\n\n^@")
            .in({unknown})
            .negotiating()
            .gives("CONNECTED", {{"version", "1.1"}})
            .gives("MESSAGE", {{"a", ":\r"}}),
        Vector("CONNECTED\nsession:1\n\n^@MESSAGE\na:\\c\r\nb\n\n^@")
            .in({unknown})
            .negotiating()
            .gives("CONNECTED", {{"session", "1"}})
            .gives("MESSAGE", {{"a", "\\c\r\nb"}}),
    });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace decode_escapes_tests
