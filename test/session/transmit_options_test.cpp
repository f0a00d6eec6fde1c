#include "session/transmit_options.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>

namespace {

using namespace std::chrono_literals;
using arbalest::detail::TransmitOptions;
using std::chrono::milliseconds;

BOOST_AUTO_TEST_SUITE(transmit_options)

BOOST_AUTO_TEST_CASE(a_timeout_is_kept_as_it_was_given)
{
    TransmitOptions options;
    BOOST_TEST(!options.timeout().has_value());
    for (auto const limit : {0ms, 1ms, -1ms, 60'000ms, milliseconds(std::chrono::years(1000))}) {
        options.set_timeout(limit);
        BOOST_TEST((options.timeout() == limit));
    }
    options.set_timeout(std::nullopt);
    BOOST_TEST(!options.timeout().has_value());
}

BOOST_AUTO_TEST_CASE(a_timeout_without_end_stays_one)
{
    TransmitOptions options;
    options.with_receipt = true;
    for (auto const limit : {milliseconds::max(), milliseconds::min()}) {
        options.set_timeout(limit);
        BOOST_REQUIRE(options.timeout().has_value());
        BOOST_TEST((*options.timeout() > 0ms) == (limit > 0ms));
        BOOST_TEST((std::chrono::abs(*options.timeout()) > std::chrono::years(1'000'000)));
    }
    // And its neighbours are as they were. Checked without their values, for no bit has a reference.
    BOOST_CHECK(options.with_receipt);
    BOOST_CHECK(!options.raw);
    BOOST_CHECK(!options.defer_deadline);
    BOOST_CHECK(!options.deletes_durable);
    BOOST_TEST(!options.effects);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
