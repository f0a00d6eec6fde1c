#include <arbalest/protocol/stomp_version.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

namespace stomp_version_tests {

using arbalest::accept_version_value;
using arbalest::negotiate_version;
using arbalest::parse_stomp_version;
using arbalest::StompVersion;

constexpr auto v1_0 = StompVersion::v1_0;
constexpr auto v1_1 = StompVersion::v1_1;
constexpr auto v1_2 = StompVersion::v1_2;

BOOST_AUTO_TEST_SUITE(stomp_version)

BOOST_AUTO_TEST_CASE(text)
{
    for (auto const version : {v1_0, v1_1, v1_2}) {
        BOOST_TEST((parse_stomp_version(to_string(version)) == version));
        std::ostringstream out;
        out << version;
        BOOST_TEST(out.str() == to_string(version));
    }
    BOOST_TEST(to_string(v1_0) == "1.0");
    BOOST_TEST(to_string(v1_1) == "1.1");
    BOOST_TEST(to_string(v1_2) == "1.2");
    for (std::string_view const other : {"", "1", "1.", "1.3", "2.0", "0.9", "1.20", "1.2.0", " 1.2", "1.2 ", "1,2",
                                         "01.2", "1.2\n", "v1.2", "1.0,1.1"})
        BOOST_TEST(!parse_stomp_version(other), "'" << other << "' was accepted");
}

BOOST_AUTO_TEST_CASE(later_versions_compare_greater)
{
    BOOST_TEST((v1_0 < v1_1));
    BOOST_TEST((v1_1 < v1_2));
}

BOOST_AUTO_TEST_CASE(accept_version)
{
    BOOST_TEST(accept_version_value(std::vector{v1_2, v1_1, v1_0}) == "1.2,1.1,1.0");
    BOOST_TEST(accept_version_value(std::vector{v1_0, v1_2}) == "1.0,1.2");
    BOOST_TEST(accept_version_value(std::vector{v1_1}) == "1.1");
    BOOST_TEST(accept_version_value({}) == "");
}

BOOST_AUTO_TEST_CASE(negotiates)
{
    struct Row
    {
        std::optional<std::string_view> accept_version;
        std::vector<StompVersion> supported;
        std::optional<StompVersion> expected;
    };
    std::vector const all{v1_0, v1_1, v1_2};
    for (auto const& [accept_version, supported, expected] : std::vector<Row>{
             {"1.2", all, v1_2},
             {"1.0,1.1,1.2", all, v1_2},
             {"1.2,1.1,1.0", all, v1_2},
             {"1.1,1.0", all, v1_1},
             {"1.0", all, v1_0},
             // Without the header it is a 1.0 client.
             {std::nullopt, all, v1_0},
             {std::nullopt, {v1_1, v1_2}, std::nullopt},
             // The highest that both know.
             {"1.0,1.1,1.2", {v1_0, v1_1}, v1_1},
             {"1.0,1.2", {v1_1}, std::nullopt},
             {"1.0,1.2", {v1_2, v1_0}, v1_2},
             {"1.2", {v1_0, v1_1}, std::nullopt},
             {"1.0,1.1,1.2", {}, std::nullopt},
             // Ones that nobody knows yet are no matter.
             {"1.3,2.0,1.1", all, v1_1},
             {"9.9", all, std::nullopt},
             {"1.2.1,1.1", all, v1_1},
             // Spaces, doublets, empty items.
             {"1.0, 1.2", all, v1_2},
             {" 1.0 ,  1.1  ", all, v1_1},
             {"1.1,1.1,1.1", all, v1_1},
             {",1.1,,", all, v1_1},
             {"", all, std::nullopt},
             {" ", all, std::nullopt},
             {",", all, std::nullopt},
             {"1.0;1.2", all, std::nullopt},
             {"1. 2", all, std::nullopt},
         }) {
        BOOST_TEST_CONTEXT("accept-version:" << accept_version.value_or("absent"))
        {
            BOOST_TEST((negotiate_version(accept_version, supported) == expected));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace stomp_version_tests
