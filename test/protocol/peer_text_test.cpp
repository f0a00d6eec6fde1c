#include "protocol/peer_text.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

// What peers say, in messages to people.
using arbalest::detail::peer_text;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(peer_texts)

BOOST_AUTO_TEST_CASE(what_is_printable_stays_as_it_is)
{
    BOOST_TEST(peer_text("") == "");
    BOOST_TEST(peer_text("Access refused for user 'x'") == "Access refused for user 'x'");
    BOOST_TEST(peer_text("accès refusé, отказано, 拒否, 🚫") == "accès refusé, отказано, 拒否, 🚫");
}

BOOST_AUTO_TEST_CASE(control_characters_are_escaped)
{
    BOOST_TEST(peer_text("no\r\n2026-01-01 INFO all is well") == "no\\r\\n2026-01-01 INFO all is well");
    BOOST_TEST(peer_text("\t\0\x1b[2J\x7f"s) == "\\t\\x00\\x1b[2J\\x7f");
    BOOST_TEST(peer_text("\xc2\x85") == "\\xc2\\x85");          // NEL, a line end
    BOOST_TEST(peer_text("\xe2\x80\xa8") == "\\xe2\\x80\\xa8"); // LINE SEPARATOR
    BOOST_TEST(peer_text("\xe2\x80\xae") == "\\xe2\\x80\\xae"); // RIGHT-TO-LEFT OVERRIDE
}

BOOST_AUTO_TEST_CASE(what_is_not_utf8_is_escaped)
{
    BOOST_TEST(peer_text("a\xff"
                         "b") == "a\\xffb");
    BOOST_TEST(peer_text("\xc0\xaf") == "\\xc0\\xaf"); // overlong
    BOOST_TEST(peer_text("\xe2\x82") == "\\xe2\\x82"); // cut short
}

BOOST_AUTO_TEST_CASE(long_texts_are_cut)
{
    BOOST_TEST(peer_text(std::string(200, 'x')) == std::string(200, 'x'));
    BOOST_TEST(peer_text(std::string(201, 'x')) == std::string(200, 'x') + "…");
    BOOST_TEST(peer_text("abcdef", 3) == "abc…");
    // Not inside a character.
    BOOST_TEST(peer_text("ab€cd", 3) == "ab…");
    BOOST_TEST(peer_text("ab€cd", 4) == "ab…");
    BOOST_TEST(peer_text("ab€cd", 5) == "ab€…");
}

BOOST_AUTO_TEST_SUITE_END()
