#include "protocol/plain_text.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace plain_text_tests {

using arbalest::detail::is_plain;
using arbalest::detail::plain_size;

constexpr std::string_view plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

BOOST_AUTO_TEST_SUITE(plain_text)

BOOST_AUTO_TEST_CASE(letters_digits_and_hyphens_are_plain)
{
    for (int byte = 0; byte < 256; ++byte)
        BOOST_TEST(is_plain(static_cast<char>(byte)) == (plain.find(static_cast<char>(byte)) != plain.npos));
}

BOOST_AUTO_TEST_CASE(every_byte_at_every_place)
{
    for (std::size_t size = 0; size < 40; ++size) {
        BOOST_TEST(plain_size(std::string(size, 'a')) == size);
        for (std::size_t at = 0; at < size; ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'Z');
                text[at] = static_cast<char>(byte);
                BOOST_REQUIRE(plain_size(text) == (is_plain(text[at]) ? size : at));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_read_behind_the_text)
{
    std::string const text(100, 'a');
    for (std::size_t size = 0; size < text.size(); ++size)
        BOOST_TEST(plain_size(std::string_view(text).substr(0, size)) == size);
    BOOST_TEST(plain_size({}) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace plain_text_tests
