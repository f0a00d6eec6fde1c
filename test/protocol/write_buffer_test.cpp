#include "protocol/write_buffer.hpp"
#include <arbalest/protocol/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace write_buffer_tests {

using namespace std::string_view_literals;
using arbalest::ContentLength;
using arbalest::Frame;
using arbalest::StompVersion;
using arbalest::detail::WriteBuffer;

std::string_view text(WriteBuffer const& buffer)
{
    return {buffer.data(), buffer.size()};
}

BOOST_AUTO_TEST_SUITE(write_buffer)

BOOST_AUTO_TEST_CASE(keeps_what_is_appended_however_much_that_is)
{
    WriteBuffer buffer;
    std::string expected;
    BOOST_TEST(buffer.empty());
    buffer.append("");
    BOOST_TEST(buffer.empty());
    for (std::size_t size = 1; size < 3000; size = size * 3 / 2 + 1) {
        std::string const piece(size, static_cast<char>('a' + size % 26));
        buffer.append(piece);
        expected += piece;
        BOOST_TEST(text(buffer) == expected);
    }
    buffer.clear();
    BOOST_TEST(buffer.empty());
    buffer.append("again");
    BOOST_TEST(text(buffer) == "again");
}

BOOST_AUTO_TEST_CASE(of_an_open_room_only_what_is_closed_stays)
{
    WriteBuffer buffer;
    buffer.append("before ");
    auto* const room = buffer.open(1000);
    std::string_view("here and there").copy(room, 14);
    BOOST_TEST(text(buffer) == "before ");
    buffer.close(room + 4);
    BOOST_TEST(text(buffer) == "before here");
    buffer.close(buffer.open(5));
    BOOST_TEST(text(buffer) == "before here");
}

BOOST_AUTO_TEST_CASE(what_was_reserved_is_there_without_another_allocation)
{
    WriteBuffer buffer;
    buffer.append("x");
    buffer.reserve(500);
    auto const* const data = buffer.data();
    buffer.append(std::string(500, 'y'));
    BOOST_TEST(static_cast<void const*>(buffer.data()) == static_cast<void const*>(data));
}

BOOST_AUTO_TEST_CASE(swaps_and_leaves_nothing_behind)
{
    WriteBuffer one;
    WriteBuffer other;
    one.append("one");
    std::swap(one, other);
    BOOST_TEST(one.empty());
    BOOST_TEST(text(other) == "one");
    one.append("two");
    WriteBuffer const moved(std::move(one));
    BOOST_TEST(text(moved) == "two");
    BOOST_TEST(one.empty()); // NOLINT(bugprone-use-after-move): that is the question
    one.append("three");
    BOOST_TEST(text(one) == "three");
}

BOOST_AUTO_TEST_CASE(frames_are_encoded_as_into_a_string)
{
    for (auto const command : {"SEND"sv, "SUBSCRIBE"sv, "CONNECT"sv, "NACK"sv, "bad command"sv, "ODD"sv}) {
        for (auto const value : {"plain"sv, "with:colon"sv, "two\nlines"sv, "back\\slash"sv, "a NUL\0"sv, ""sv}) {
            for (std::size_t const body : {0U, 1U, 16U, 100U, 511U, 513U, 5000U}) {
                for (auto const version : {StompVersion::v1_0, StompVersion::v1_1, StompVersion::v1_2}) {
                    Frame frame(command);
                    frame.add_header("destination", "/queue/a");
                    frame.add_header("name", value);
                    frame.set_body(std::string(body, 'b'));
                    std::string expected = "before";
                    WriteBuffer buffer;
                    buffer.append("before");
                    bool throws = false;
                    try {
                        arbalest::encode(frame, version, expected, ContentLength::automatic);
                    } catch (arbalest::InvalidFrame const&) {
                        throws = true;
                    }
                    if (throws) {
                        BOOST_CHECK_THROW(arbalest::detail::encode(frame, version, buffer, ContentLength::automatic),
                                          arbalest::InvalidFrame);
                    } else {
                        arbalest::detail::encode(frame, version, buffer, ContentLength::automatic);
                    }
                    BOOST_TEST(text(buffer) == expected);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(gives_back_what_is_too_much)
{
    WriteBuffer buffer;
    buffer.append(std::string(1000, 'x'));
    buffer.clear(1000);
    BOOST_TEST(buffer.capacity() == 1000U);
    buffer.append(std::string(1001, 'x'));
    auto const grown = buffer.capacity();
    buffer.clear();
    BOOST_TEST(buffer.capacity() == grown);
    buffer.clear(1000);
    BOOST_TEST(buffer.capacity() == 0U);
    BOOST_TEST(buffer.empty());
    buffer.append("again");
    BOOST_TEST(std::string_view(buffer.data(), buffer.size()) == "again");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace write_buffer_tests
