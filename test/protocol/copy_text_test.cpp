#include "protocol/copy_text.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <numeric>
#include <string>

namespace copy_text_tests {

using arbalest::detail::copy_text;

std::string alphabet(std::size_t size)
{
    std::string text(size, '\0');
    std::iota(text.begin(), text.end(), ' ');
    return text;
}

BOOST_AUTO_TEST_SUITE(copying_text)

BOOST_AUTO_TEST_CASE(every_size)
{
    auto const text = alphabet(90);
    for (std::size_t size = 0; size <= 80; ++size) {
        std::string to(90, '-');
        copy_text(to.data() + 3, text.data() + 5, size);
        BOOST_TEST(to == std::string(3, '-') + text.substr(5, size) + std::string(90 - 3 - size, '-'));
    }
    copy_text(nullptr, nullptr, 0);
}

BOOST_AUTO_TEST_CASE(in_pieces_of_every_size)
{
    using arbalest::detail::copy_in_pieces;
    using arbalest::detail::piece;
    auto const text = alphabet(90);
    for (std::size_t size = 0; size <= 80; ++size) {
        // Of a size that does not allow to read any byte behind it.
        std::string const from(text.substr(5, size));
        std::string to(120, '-');
        copy_in_pieces(to.data() + 3, from.data(), size);
        auto const touched = (size + piece - 1) / piece * piece;
        BOOST_TEST(to.substr(0, 3 + size) == "---" + from);
        BOOST_TEST(to.substr(3 + touched) == std::string(120 - 3 - touched, '-'));
    }
    copy_in_pieces(nullptr, nullptr, 0);
}

BOOST_AUTO_TEST_CASE(source_and_target_may_overlap)
{
    for (std::size_t size = 0; size <= 70; ++size) {
        for (std::size_t from = 0; from <= 20; ++from) {
            auto changed = alphabet(90);
            auto const expected = changed.substr(from, size);
            copy_text(changed.data() + 10, changed.data() + from, size);
            BOOST_TEST(changed.substr(10, size) == expected);
            BOOST_TEST(changed.substr(0, 10) == alphabet(10));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace copy_text_tests
