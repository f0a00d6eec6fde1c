#include "wire_vector.hpp"

#include <boost/test/unit_test.hpp>

// Each limit: what just fits, and what is over it by one. No more than that may have to come before it is refused.
namespace decode_limits_tests {

using wire::unknown;
using wire::v1_0;
using wire::v1_2;
using wire::Vector;

BOOST_AUTO_TEST_SUITE(decode_limits)

BOOST_AUTO_TEST_CASE(line)
{
    wire::check_all({
        Vector("MESSAGE\n\n^@").limit_line(7).gives("MESSAGE"),
        Vector("MESSAGE<!>S\n\n^@").limit_line(7).fails("line over the limit"),
        Vector("MESSAGE<!>S").limit_line(7).fails("line over the limit"),
        Vector("<!>MESSAGE").limit_line(7).wants_more(),
        Vector("MESSAGE\nabc:efg\n\n^@").limit_line(7).gives("MESSAGE", {{"abc", "efg"}}),
        Vector("MESSAGE\nabc:efg<!>h\n\n^@").limit_line(7).fails("line over the limit"),
        Vector("MESSAGE\nabc:efg<!>h").limit_line(7).fails("line over the limit"),
        Vector("MESSAGE\nabcdefg<!>h:\n\n^@").limit_line(7).fails("line over the limit"),
        Vector("MESSAGE\na:b\nabc:efg<!>h\n\n^@").limit_line(7).fails("line over the limit"),
        Vector("<!>MESSAGE\nabc:efg").limit_line(7).wants_more(),
        // The line end does not count, however it is made.
        Vector("MESSAGE\r\nabc:efg\r\n\r\n^@").in({unknown, v1_2}).limit_line(7).gives("MESSAGE", {{"abc", "efg"}}),
        Vector("MESSAGE\r\nabc:efg<!>h\r\n\r\n^@").in({unknown, v1_2}).limit_line(7).fails("line over the limit"),
        Vector("MESSAGE\r\nabc:efg<!>\r\r\n\r\n^@").in({unknown, v1_2}).limit_line(7).fails("line over the limit"),
        Vector("MESSAGE<!>\r\r\n\r\n^@").in({unknown, v1_2}).limit_line(7).fails("line over the limit"),
        Vector("<!>MESSAGE\r\nabc:efg\r").in({unknown, v1_2}).limit_line(7).wants_more(),
        // What stands first counts first.
        Vector("MESSAGE\nabc:e<!>^@ghijk\n\n^@").limit_line(7).fails("NUL in a header"),
        Vector("MESSAGE\nabc:efg<!>^@\n\n^@").limit_line(7).fails("line over the limit"),
        Vector("MES<!> AGE-AND-MORE\n\n^@").limit_line(7).fails("no STOMP command"),
        Vector("MESSAGE<!> AND MORE\n\n^@").limit_line(7).fails("line over the limit"),
        // Escapes count as they are written, and a body is no line.
        Vector("MESSAGE\na:b\\ncd\n\n^@").in({v1_2}).limit_line(7).gives("MESSAGE", {{"a", "b\ncd"}}),
        Vector("MESSAGE\na:b\\ncd<!>e\n\n^@").in({v1_2}).limit_line(7).fails("line over the limit"),
        Vector("MESSAGE\n\n12345678901^@").limit_line(7).gives("MESSAGE", {}, "12345678901"),
        // A header that goes on in further lines is one line.
        Vector("MESSAGE\na:b\ncde\n\n^@").in({v1_0}).limit_line(7).gives("MESSAGE", {{"a", "b\ncde"}}),
        Vector("MESSAGE\na:b\ncde<!>f\n\n^@").in({v1_0}).limit_line(7).fails("line over the limit"),
        Vector("MESSAGE\na:b\nc\nd<!>\ne\n\n^@").in({v1_0}).limit_line(7).fails("line over the limit"),
    });
}

BOOST_AUTO_TEST_CASE(number_of_headers)
{
    wire::check_all({
        Vector("M\na:1\nb:2\nc:3\n\n^@").limit_headers(3).gives("M", {{"a", "1"}, {"b", "2"}, {"c", "3"}}),
        Vector("M\na:1\nb:2\nc:3\n<!>d:4\n\n^@").limit_headers(3).fails("more headers"),
        Vector("M\na:1\na:1\na:1\n<!>a:1\n\n^@").limit_headers(3).fails("more headers"),
        Vector("M\n\n^@").limit_headers(0).gives("M"),
        Vector("M\n<!>a:1\n\n^@").limit_headers(0).fails("more headers"),
        // For each frame anew.
        Vector("M\na:1\nb:2\n\n^@M\na:1\nb:2\n\n^@")
            .limit_headers(2)
            .gives("M", {{"a", "1"}, {"b", "2"}})
            .gives("M", {{"a", "1"}, {"b", "2"}}),
        Vector("M\na:1\n\n^@M\na:1\n<!>b:2\n\n^@").limit_headers(1).gives("M", {{"a", "1"}}).fails("more headers"),
    });
}

BOOST_AUTO_TEST_CASE(body)
{
    wire::check_all({
        Vector("M\n\n12345^@").limit_body(5).gives("M", {}, "12345"),
        Vector("M\n\n<!>123456^@").limit_body(5).fails("body over the size limit"),
        Vector("M\n\n<!>123456").limit_body(5).fails("body over the size limit"),
        Vector("<!>M\n\n12345").limit_body(5).wants_more(),
        Vector("M\n\n^@").limit_body(0).gives("M"),
        Vector("M\n\n<!>1^@").limit_body(0).fails("body over the size limit"),
        Vector("M\ncontent-length:5\n\n12345^@").limit_body(5).gives("M", {{"content-length", "5"}}, "12345"),
        Vector("M\ncontent-length:<!>6\n\n123456^@").limit_body(5).fails("body over the size limit"),
        // Before any of it has come.
        Vector("M\ncontent-length:<!>6\n\n").limit_body(5).fails("body over the size limit"),
        Vector("M\n\n1234^@M\n\n<!>123456^@").limit_body(5).gives("M", {}, "1234").fails("body over the size limit"),
    });
}

BOOST_AUTO_TEST_CASE(frame)
{
    wire::check_all({
        // The head has 7 bytes; with the closing NUL that leaves the rest for the body.
        Vector("M\na:b\n\n12^@").limit_frame(10).gives("M", {{"a", "b"}}, "12"),
        Vector("M\na:b\n\n<!>123^@").limit_frame(10).fails("frame over the size limit"),
        Vector("M\na:b\n\n<!>123").limit_frame(10).fails("frame over the size limit"),
        Vector("<!>M\na:b\n\n12").limit_frame(10).wants_more(),
        Vector("M\ncontent-length:2\n\n12^@").limit_frame(23).gives("M", {{"content-length", "2"}}, "12"),
        Vector("M\ncontent-length:<!>3\n\n123^@").limit_frame(23).fails("frame over the size limit"),
        Vector("M\ncontent-length:<!>3\n\n").limit_frame(23).fails("frame over the size limit"),
        Vector("M\na:b\n\n^@").limit_frame(8).gives("M", {{"a", "b"}}),
        Vector("M\na:b\n\n<!>^@").limit_frame(7).fails("frame over the size limit"),
        Vector("M\na:b\n\n<!>").limit_frame(7).fails("frame over the size limit"),
        Vector("M\na:b\n\n<!>^@").limit_frame(6).fails("frame over the size limit"),
        // Within a line of the head.
        Vector("M\na:bcd<!>e\n\n^@").limit_frame(7).fails("frame over the size limit"),
        Vector("M\na:bcd<!>e").limit_frame(7).fails("frame over the size limit"),
        Vector("M\na:b\nc<!>:d\n\n^@").limit_frame(7).fails("frame over the size limit"),
        Vector("M\nabcde<!>fgh").limit_frame(7).limit_line(7).fails("frame over the size limit"),
        Vector("MMMMM<!>MM\n\n^@").limit_frame(5).fails("frame over the size limit"),
        Vector("M\na:b\nc:d\n\n<!>^@").limit_frame(10).fails("frame over the size limit"),
        // Where a body is over both limits, the tighter one is named.
        Vector("M\na:b\n\n<!>1234567^@").limit_frame(10).limit_body(5).fails("frame over the size limit"),
        Vector("M\na:b\n\n<!>1234567^@").limit_frame(14).limit_body(3).fails("body over the size limit"),
        Vector("M\na:b\n\n<!>123^@").limit_frame(10).limit_body(2).fails("body over the size limit"),
        Vector("M\ncontent-length:<!>7\n\n").limit_frame(23).limit_body(5).fails("frame over the size limit"),
        // Heart-beats are no part of it.
        Vector("\n\n\n\n\n\nM\n\n1^@\n\n\n\n\nM\n\n2^@")
            .limit_frame(5)
            .gives("M", {}, "1")
            .gives("M", {}, "2")
            .heart_beats(10),
    });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace decode_limits_tests
