#include "protocol/equal_text.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>

namespace equal_text_tests {

using arbalest::detail::equal_text;

BOOST_AUTO_TEST_SUITE(equal_texts)

BOOST_AUTO_TEST_CASE(every_size_and_every_difference)
{
    for (std::size_t size = 0; size <= 40; ++size) {
        std::string const text(size, 'a');
        BOOST_TEST(equal_text(text, std::string(size, 'a')));
        BOOST_TEST(!equal_text(text, text + 'a'));
        for (std::size_t at = 0; at < size; ++at) {
            auto other = text;
            other[at] = at % 2 == 0 ? 'b' : '\0';
            BOOST_TEST(!equal_text(text, other));
            BOOST_TEST(!equal_text(other, text));
        }
    }
    BOOST_TEST(equal_text({}, ""));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace equal_text_tests
