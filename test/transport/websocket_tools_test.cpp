#include "protocol/utf8.hpp"
#include <arbalest/transport/impl/websocket_tools.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(websocket_tools)

using namespace arbalest;
using namespace arbalest::detail;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_CASE(knows_utf8)
{
    std::string_view const good[] = {""sv,
                                     "ascii"sv,
                                     "a longer text than eight bytes\0and a NUL"sv,
                                     "\xc2\x80"sv,
                                     "\xdf\xbf"sv,
                                     "\xe0\xa0\x80"sv,
                                     "\xed\x9f\xbf"sv,
                                     "\xee\x80\x80"sv,
                                     "\xef\xbf\xbf"sv,
                                     "\xf0\x90\x80\x80"sv,
                                     "\xf4\x8f\xbf\xbf"sv,
                                     "1234567\xc3\xbc"sv};
    std::string_view const bad[] = {"\x80"sv,
                                    "\xbf"sv,
                                    "\xc0\x80"sv,         // overlong
                                    "\xc1\xbf"sv,         // overlong
                                    "\xe0\x9f\xbf"sv,     // overlong
                                    "\xf0\x8f\xbf\xbf"sv, // overlong
                                    "\xed\xa0\x80"sv,     // a surrogate
                                    "\xf4\x90\x80\x80"sv, // beyond Unicode
                                    "\xf5\x80\x80\x80"sv,
                                    "\xff"sv,
                                    "\xc3"sv,
                                    "\xe2\x82"sv,
                                    "\xf0\x9f\x98"sv,
                                    "\xc3x"sv,
                                    "\xe2x\x82"sv,
                                    "\xe2\x82x"sv,
                                    "12345678\xc3"sv,
                                    "12345678123456\xff\x38"sv};
    for (auto const bytes : good) {
        BOOST_TEST(is_utf8(bytes), bytes);
        BOOST_TEST(!is_sent_as_binary(bytes, WebSocketPayload::automatic));
        BOOST_TEST(is_sent_as_binary(bytes, WebSocketPayload::binary));
    }
    for (auto const bytes : bad) {
        BOOST_TEST(!is_utf8(bytes), bytes);
        BOOST_TEST(is_sent_as_binary(bytes, WebSocketPayload::automatic));
        BOOST_TEST(!is_sent_as_binary(bytes, WebSocketPayload::text));
    }
}

BOOST_AUTO_TEST_CASE(cuts_between_characters)
{
    BOOST_TEST(next_part("12345", 0, false) == 5u);
    BOOST_TEST(next_part("12345", 5, false) == 5u);
    BOOST_TEST(next_part("12345", 4, false) == 4u);
    BOOST_TEST(next_part("123\xc3\xbc", 4, false) == 3u);
    BOOST_TEST(next_part("123\xc3\xbc", 4, true) == 4u);
    BOOST_TEST(next_part("1\xf0\x9f\x98\x80z", 4, false) == 1u);
    BOOST_TEST(next_part("1\xf0\x9f\x98\x80z", 5, false) == 5u);
    BOOST_TEST(next_part("\xf0\x9f\x98\x80z", 2, false) == 2u); // less than a character
    BOOST_TEST(next_part("1\x80\x80\x80\x80\x80\x80", 6, false) == 6u);
}

BOOST_AUTO_TEST_CASE(tells_what_a_close_means)
{
    BOOST_TEST(close_code(CloseReason::normal) == 1000);
    BOOST_TEST(close_code(CloseReason::error) == 3001);
    BOOST_TEST(close_code(CloseReason::missing_heart_beat) == 3002);
    auto const thrown = [](std::uint16_t code) {
        try {
            throw_peer_closed(code, "why");
        } catch (boost::system::system_error const& error) {
            return error.code();
        }
    };
    BOOST_TEST(thrown(0) == boost::asio::error::eof);
    BOOST_TEST(thrown(1000) == boost::asio::error::eof);
    BOOST_TEST(thrown(1001).value() == 1001);
    BOOST_TEST(thrown(1001).message() == "the peer closed with code 1001 (going away)");
    BOOST_TEST(thrown(4000).message() == "the peer closed with code 4000");
}

BOOST_AUTO_TEST_CASE(finds_missing_nuls)
{
    NulAppender nul;
    auto const lacks = [&](std::initializer_list<std::string_view> pieces) {
        for (auto const piece : pieces)
            nul.take(piece);
        return nul.ends_without();
    };
    BOOST_TEST(lacks({"MESSAGE\n\nbody"sv}));
    BOOST_TEST(!lacks({"MESSAGE\n\nbody\0"sv}));
    BOOST_TEST(!lacks({"MESSAGE\n\nbody\0\r\n"sv}));
    BOOST_TEST(lacks({"A\n\n\0B\n\n"sv}));
    BOOST_TEST(lacks({"A\n\n\0"sv, "B"sv, "\n\n"sv}));
    BOOST_TEST(!lacks({"A\n\n"sv, ""sv, "\0"sv}));
    BOOST_TEST(!lacks({"\n"sv}));
    BOOST_TEST(!lacks({"\r\n"sv, "\n"sv}));
    BOOST_TEST(!lacks({}));
}

BOOST_AUTO_TEST_SUITE_END()
