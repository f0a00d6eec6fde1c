#include "classic/text_codec.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

BOOST_AUTO_TEST_SUITE(text_codec)

using arbalest::classic::detail::replace_ill_formed;
using arbalest::classic::detail::TextCodec;
using namespace std::string_literals;

BOOST_AUTO_TEST_CASE(utf8_is_left_as_it_is)
{
    for (auto const& text : {""s, "plain"s, "gr\xc3\xb6\xc3\x9f\x65r"s, "\xe2\x82\xac"s, "\xf0\x9f\x8f\xb9"s, "a\0b"s,
                             "\xed\x9f\xbf"s, "\xee\x80\x80"s, "\xf4\x8f\xbf\xbf"s})
        BOOST_TEST(!replace_ill_formed(text).has_value());
}

// The counts are those of Python's decode(errors="replace").
BOOST_AUTO_TEST_CASE(what_is_not_utf8_is_replaced_part_by_part)
{
    auto const r = "\xef\xbf\xbd"s;
    BOOST_TEST(replace_ill_formed("a\xff"
                                  "b")
                   .value() == "a" + r + "b");
    BOOST_TEST(replace_ill_formed("\xc3").value() == r);
    BOOST_TEST(replace_ill_formed("\xe2\x82").value() == r);
    BOOST_TEST(replace_ill_formed("\xe2\x82z").value() == r + "z");
    BOOST_TEST(replace_ill_formed("\xc0\xaf").value() == r + r);
    BOOST_TEST(replace_ill_formed("\xed\xa0\x80").value() == r + r + r);
    BOOST_TEST(replace_ill_formed("\xf4\x90\x80\x80").value() == r + r + r + r);
    BOOST_TEST(replace_ill_formed("\xf0\x9f\x8f").value() == r);
    BOOST_TEST(replace_ill_formed("\xe0\x80\x80").value() == r + r + r);
    BOOST_TEST(replace_ill_formed("\x80\xc3\xa4").value() == r + "\xc3\xa4");
}

BOOST_AUTO_TEST_CASE(other_encodings)
{
    TextCodec const latin("latin-1");
    BOOST_TEST(latin.decode("gr\xf6\xdf").value() == "gr\xc3\xb6\xc3\x9f");
    BOOST_TEST(latin.encode("gr\xc3\xb6\xc3\x9f").value() == "gr\xf6\xdf");
    BOOST_TEST(latin.encode("5 \xe2\x82\xac").value() == "5 ?");
    BOOST_TEST(latin.encode("\xff!").value() == "?!");
    TextCodec const ascii("us-ascii");
    BOOST_TEST(ascii.decode("a\xf6").value() == "a\xef\xbf\xbd");
    BOOST_TEST(ascii.encode(std::string(10'000, 'x') + "\xc3\xb6").value() == std::string(10'000, 'x') + "?");
    TextCodec const utf8("UTF_8");
    BOOST_TEST(!utf8.encode("\xff").has_value());
    BOOST_TEST(!utf8.decode("\xc3\xb6").has_value());
    BOOST_TEST(utf8.decode("\xff").value() == "\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(unknown_encodings_are_refused)
{
    for (auto const& name : {"no-such-encoding"s, ""s, "utf-16//IGNORE"s, "latin-1\0x"s, "iso-8859-1\0x"s})
        BOOST_CHECK_THROW(TextCodec{name}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
