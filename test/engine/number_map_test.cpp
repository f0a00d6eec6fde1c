#include "../protocol/allocations.hpp"
#include "engine/number_map.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>

namespace number_map_tests {

using Map = arbalest::detail::NumberMap<int>;

void check_same(Map const& map, std::map<std::uint64_t, int> const& expected, std::uint64_t last)
{
    BOOST_REQUIRE_EQUAL(map.size(), expected.size());
    BOOST_REQUIRE_EQUAL(map.empty(), expected.empty());
    for (auto const& [number, value] : expected) {
        auto const* const found = map.find(number);
        BOOST_REQUIRE(found);
        BOOST_REQUIRE_EQUAL(*found, value);
    }
    for (std::uint64_t number = last > 200 ? last - 200 : 1; number <= last + 2; ++number)
        BOOST_REQUIRE_EQUAL(map.contains(number), expected.contains(number));
}

BOOST_AUTO_TEST_SUITE(numbers_in_places)

BOOST_AUTO_TEST_CASE(nothing_in_it)
{
    Map map;
    BOOST_TEST(map.empty());
    BOOST_TEST(!map.find(1));
    BOOST_TEST(!map.erase(1));
}

// Most are gone soon, some stay on for long, so that later ones find their places taken.
BOOST_AUTO_TEST_CASE(like_a_map)
{
    std::mt19937 random(7);
    for (unsigned const window : {1u, 5u, 50u, 1000u}) {
        Map map;
        std::map<std::uint64_t, int> expected;
        std::uint64_t last = 0;
        for (int step = 0; step < 20'000; ++step) {
            if (expected.size() < window || random() % 2 == 0) {
                ++last;
                map.insert(last, step);
                expected.emplace(last, step);
            } else {
                // The oldest as a rule, any now and then, and the very oldest hardly ever.
                auto const at = random() % 4 == 0 ? random() % expected.size() : std::min<std::size_t>(3, window - 1);
                auto const gone = std::next(expected.begin(), static_cast<long>(std::min(at, expected.size() - 1)));
                auto const number = gone->first;
                BOOST_REQUIRE(map.erase(number));
                BOOST_REQUIRE(!map.erase(number));
                expected.erase(gone);
            }
            if (step % 500 == 0)
                check_same(map, expected, last);
            if (auto* const value = map.find(last); value && step % 7 == 0)
                expected[last] = *value = -step;
        }
        while (!expected.empty()) {
            BOOST_REQUIRE(map.erase(expected.begin()->first));
            expected.erase(expected.begin());
        }
        BOOST_TEST(map.empty());
        map.insert(last + 1, 1);
        BOOST_TEST(map.contains(last + 1));
    }
}

// One that never goes does not make the others' places grow.
BOOST_AUTO_TEST_CASE(beside_one_that_stays)
{
    Map map;
    map.insert(1, 1);
    for (std::uint64_t number = 2; number < 100'000; ++number) {
        map.insert(number, 2);
        BOOST_REQUIRE(map.contains(1));
        BOOST_REQUIRE(map.erase(number));
    }
    BOOST_TEST(map.size() == 1u);
}

// What many have needed is given back when few are left, wherever these stand.
BOOST_AUTO_TEST_CASE(memory_of_a_burst_is_given_back)
{
    std::mt19937 random(3);
    for (std::uint64_t const left : {0u, 1u, 100u}) {
        Map map;
        std::map<std::uint64_t, int> expected;
        constexpr std::uint64_t count = 300'000;
        auto const before = allocations::bytes_in_use();
        for (std::uint64_t number = 1; number <= count; ++number)
            map.insert(number, static_cast<int>(number));
        auto const at_most = allocations::bytes_in_use();
        while (expected.size() < left) {
            auto const number = 1 + random() % count;
            expected.emplace(number, static_cast<int>(number));
        }
        for (std::uint64_t number = 1; number <= count; ++number) {
            if (!expected.contains(number))
                BOOST_REQUIRE(map.erase(number));
        }
        check_same(map, expected, count);
        BOOST_TEST(allocations::bytes_in_use() - before <= (at_most - before) / 20);
        for (std::uint64_t number = count + 1; number < count + 1000; ++number) {
            map.insert(number, 1);
            BOOST_REQUIRE(map.contains(number));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace number_map_tests
