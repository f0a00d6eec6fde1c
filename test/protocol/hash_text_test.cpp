#include "protocol/hash_text.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace hash_text_tests {

using arbalest::detail::hash_text;

BOOST_AUTO_TEST_SUITE(hashing_text)

BOOST_AUTO_TEST_CASE(ids_that_are_counted_up_have_hashes_of_their_own)
{
    std::unordered_set<std::size_t> hashes;
    std::size_t ids = 0;
    for (std::string const prefix : {"", "sub-", "a-longer-prefix-", "one-that-no-piece-has-room-for-"}) {
        for (int number = 0; number < 10'000; ++number) {
            hashes.insert(hash_text(prefix + std::to_string(number)));
            ++ids;
        }
    }
    BOOST_TEST(hashes.size() + 2 >= ids); // two may collide by chance
}

BOOST_AUTO_TEST_CASE(the_bytes_count_and_not_where_they_are)
{
    std::string const text = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        std::string const elsewhere = text.substr(0, size); // nothing behind it
        BOOST_TEST(hash_text(elsewhere) == hash_text(std::string_view(text).substr(0, size)));
        if (size != 0)
            BOOST_TEST(hash_text(elsewhere) != hash_text(std::string_view(text).substr(0, size - 1)));
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace hash_text_tests
