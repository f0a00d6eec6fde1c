#include "wire_vector.hpp"

#include <boost/test/unit_test.hpp>

// content-length and the end of the body, the same in every version.
namespace decode_content_length_tests {

using wire::Vector;

BOOST_AUTO_TEST_SUITE(decode_content_length)

BOOST_AUTO_TEST_CASE(counts_octets)
{
    wire::check_all({
        Vector("MESSAGE\ncontent-length:5\n\nhello^@").gives("MESSAGE", {{"content-length", "5"}}, "hello"),
        Vector("MESSAGE\ncontent-length:0\n\n^@").gives("MESSAGE", {{"content-length", "0"}}),
        Vector("RECEIPT\nreceipt-id:1\ncontent-length:0\n\n^@")
            .gives("RECEIPT", {{"receipt-id", "1"}, {"content-length", "0"}}),
        // NULs inside, in front, at the end, and nothing but.
        Vector("MESSAGE\ncontent-length:5\n\na^@b^@c^@").gives("MESSAGE", {{"content-length", "5"}}, "a^@b^@c"),
        Vector("MESSAGE\ncontent-length:3\n\n^@^@a^@").gives("MESSAGE", {{"content-length", "3"}}, "^@^@a"),
        Vector("MESSAGE\ncontent-length:3\n\na^@\n^@\n").gives("MESSAGE", {{"content-length", "3"}}, "a^@\n"),
        Vector("MESSAGE\ncontent-length:1\n\n^@^@").gives("MESSAGE", {{"content-length", "1"}}, "^@"),
        // A whole frame inside.
        Vector("MESSAGE\ncontent-length:10\n\nX\na:b\n\n1^@\n^@Y\n\n^@")
            .gives("MESSAGE", {{"content-length", "10"}}, "X\na:b\n\n1^@\n")
            .gives("Y"),
        // Octets, not characters.
        Vector("MESSAGE\ncontent-length:4\n\n\xf0\x9f\x90\xb0^@")
            .gives("MESSAGE", {{"content-length", "4"}}, "\xf0\x9f\x90\xb0"),
        Vector("MESSAGE\ncontent-length:0005\n\nhello^@").gives("MESSAGE", {{"content-length", "0005"}}, "hello"),
        Vector("MESSAGE\ncontent-length:00000000000000000000000000001\n\nx^@")
            .gives("MESSAGE", {{"content-length", "00000000000000000000000000001"}}, "x"),
        // In any frame, and known by its exact name only.
        Vector("CONNECTED\ncontent-length:1\n\n^@^@").gives("CONNECTED", {{"content-length", "1"}}, "^@"),
        Vector("ERROR\ncontent-length:1\n\n^@^@").gives("ERROR", {{"content-length", "1"}}, "^@"),
        Vector("MESSAGE\nContent-Length:99\n\nhello^@").gives("MESSAGE", {{"Content-Length", "99"}}, "hello"),
        Vector("MESSAGE\ncontent-length :99\n\nhello^@").gives("MESSAGE", {{"content-length ", "99"}}, "hello"),
        Vector("MESSAGE\nx-content-length:x\n\nhello^@").gives("MESSAGE", {{"x-content-length", "x"}}, "hello"),
        Vector("MESSAGE\ncontent-type:5\n\nhello^@").gives("MESSAGE", {{"content-type", "5"}}, "hello"),
    });
}

BOOST_AUTO_TEST_CASE(of_repeated_ones_the_first_counts)
{
    wire::check_all({
        Vector("MESSAGE\ncontent-length:2\ncontent-length:5\n\na^@^@")
            .gives("MESSAGE", {{"content-length", "2"}, {"content-length", "5"}}, "a^@"),
        Vector("MESSAGE\na:b\ncontent-length:2\ncontent-length:none\n\na^@^@")
            .gives("MESSAGE", {{"a", "b"}, {"content-length", "2"}, {"content-length", "none"}}, "a^@"),
        Vector("MESSAGE\ncontent-length:<!>none\ncontent-length:2\n\na^@^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:1\ncontent-length:2\n\na<!>b^@").fails("no NUL"),
    });
}

BOOST_AUTO_TEST_CASE(no_number)
{
    wire::check_all({
        Vector("MESSAGE\ncontent-length:<!>\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>-1\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>-0\n\n^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>-\n\n^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>+5\n\nhello^@").fails("no number"),
        // In 1.0 these are taken (see decode_first_version_test.cpp).
        Vector("MESSAGE\ncontent-length:<!> 5\n\nhello^@")
            .in({wire::unknown, wire::v1_1, wire::v1_2})
            .fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>5 \n\nhello^@")
            .in({wire::unknown, wire::v1_1, wire::v1_2})
            .fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>5x\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>x\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>0x5\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>5.0\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>5,5\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>1e3\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>5:5\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>\xd9\xa5\n\nhello^@").fails("no number"),
        Vector("MESSAGE\ncontent-length:<!>\\c\n\nhello^@").fails("no number"),
    });
}

BOOST_AUTO_TEST_CASE(too_large)
{
    wire::check_all({
        // 2^63 - 1, 2^63, 2^64 - 1: numbers, but beyond the limit.
        Vector("MESSAGE\ncontent-length:<!>9223372036854775807\n\nx^@").fails("body over the size limit"),
        Vector("MESSAGE\ncontent-length:<!>9223372036854775808\n\nx^@").fails("body over the size limit"),
        Vector("MESSAGE\ncontent-length:<!>18446744073709551615\n\nx^@").fails("body over the size limit"),
        // 2^64 and more: none that could be counted in. A wrapped sum of head and length must not pass either.
        Vector("MESSAGE\ncontent-length:<!>18446744073709551616\n\nx^@").fails("beyond all numbers"),
        Vector("MESSAGE\ncontent-length:<!>18446744073709551617\n\nx^@").fails("beyond all numbers"),
        Vector("MESSAGE\ncontent-length:<!>99999999999999999999999999999999\n\nx^@").fails("beyond all numbers"),
        Vector("MESSAGE\ncontent-length:<!>18446744073709551580\n\nx^@")
            .limit_body(static_cast<std::size_t>(-1))
            .fails("frame over the size limit"),
        Vector("MESSAGE\ncontent-length:<!>18446744073709551615\n\nx^@")
            .limit_body(static_cast<std::size_t>(-1))
            .limit_frame(static_cast<std::size_t>(-1))
            .fails("frame over the size limit"),
    });
}

BOOST_AUTO_TEST_CASE(without_the_closing_nul)
{
    wire::check_all({
        Vector("MESSAGE\ncontent-length:5\n\nhello<!>!^@").fails("no NUL"),
        Vector("MESSAGE\ncontent-length:4\n\nhell<!>o^@").fails("no NUL"),
        Vector("MESSAGE\ncontent-length:0\n\n<!>x^@").fails("no NUL"),
        Vector("MESSAGE\ncontent-length:5\n\nhello<!>\n^@").fails("no NUL"),
        // Too long: the bytes of the next frame are taken for the body, until that does not come out.
        Vector("<!>MESSAGE\ncontent-length:6\n\nhello^@").wants_more(),
        Vector("MESSAGE\ncontent-length:6\n\nhello^@<!>RECEIPT\n\n^@").fails("no NUL"),
        Vector("A\n\n^@MESSAGE\ncontent-length:3\n\nabc<!>d^@").gives("A").fails("no NUL"),
    });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace decode_content_length_tests
