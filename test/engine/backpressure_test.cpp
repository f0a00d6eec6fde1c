#include "engine/backpressure.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>

BOOST_AUTO_TEST_SUITE(reading)

namespace {

using arbalest::detail::ReadingCounts;
using arbalest::detail::should_read;

ReadingCounts suspended_counts()
{
    ReadingCounts counts;
    counts.full_buffers = 1;
    counts.is_established = true;
    return counts;
}

} // namespace

BOOST_AUTO_TEST_CASE(it_stops_for_a_full_buffer_that_nobody_is_hurt_by)
{
    BOOST_TEST(!should_read(suspended_counts()));
    auto more = suspended_counts();
    more.full_buffers = 1000;
    BOOST_TEST(!should_read(more));
}

BOOST_AUTO_TEST_CASE(each_of_the_others_makes_it_go_on)
{
    std::function<void(ReadingCounts&)> const reasons[] = {
        [](ReadingCounts& counts) { counts.full_buffers = 0; },
        [](ReadingCounts& counts) { counts.receipts = 1; },
        [](ReadingCounts& counts) { counts.operations = 1; },
        [](ReadingCounts& counts) { counts.is_established = false; },
        [](ReadingCounts& counts) { counts.writing_has_failed = true; },
    };
    for (auto const& reason : reasons) {
        auto counts = suspended_counts();
        reason(counts);
        BOOST_TEST(should_read(counts));
    }
}

BOOST_AUTO_TEST_SUITE_END()
