#include "protocol/simd_head.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

// Runs all tests of this program without SIMD parsing when the environment variable ARBALEST_TEST_NO_SIMD is set.
namespace without_simd_tests {

struct ParserChoice
{
    ParserChoice() noexcept
    {
        if (std::getenv("ARBALEST_TEST_NO_SIMD"))
            arbalest::detail::SimdHead::is_enabled = false;
    }
};

BOOST_TEST_GLOBAL_FIXTURE(ParserChoice);

} // namespace without_simd_tests
