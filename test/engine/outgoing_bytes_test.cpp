#include "engine/outgoing_bytes.hpp"
#include <arbalest/protocol/error.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <random>
#include <string>
#include <vector>

// The bytes of a connection that are to be written: their order, where frames end, and what may have left.
BOOST_AUTO_TEST_SUITE(outgoing_bytes)

using namespace arbalest;
using namespace arbalest::detail;

namespace {

constexpr auto keep_all = std::numeric_limits<std::size_t>::max();

std::uint64_t append(OutgoingBytes& bytes, std::string const& body)
{
    Frame frame("SEND");
    frame.set_body(body);
    return bytes.append(frame, StompVersion::v1_2, ContentLength::as_given);
}

// What append() adds for that body.
std::string text_of(std::string const& body)
{
    return "SEND\n\n" + body + std::string(1, '\0');
}

std::string remaining(OutgoingBytes const& bytes)
{
    return {bytes.remaining().data(), bytes.remaining().size()};
}

} // namespace

BOOST_AUTO_TEST_CASE(frames_are_written_in_the_order_in_which_they_were_appended)
{
    OutgoingBytes bytes(false);
    BOOST_TEST(append(bytes, "1") == 0u);
    BOOST_TEST(append(bytes, "22") == text_of("1").size());
    BOOST_TEST(bytes.waiting() == text_of("1").size() + text_of("22").size());
    BOOST_TEST(bytes.remaining().empty());
    bytes.begin_write();
    BOOST_TEST(bytes.waiting() == 0u);
    BOOST_TEST(remaining(bytes) == text_of("1") + text_of("22"));
    // What comes meanwhile belongs to the next write.
    BOOST_TEST(append(bytes, "3") == text_of("1").size() + text_of("22").size());
    bytes.written(3);
    BOOST_TEST(remaining(bytes) == (text_of("1") + text_of("22")).substr(3));
    bytes.written(bytes.remaining().size());
    bytes.end_write(keep_all);
    BOOST_TEST(!bytes.is_drained());
    bytes.begin_write();
    BOOST_TEST(remaining(bytes) == text_of("3"));
    bytes.written(bytes.remaining().size());
    BOOST_TEST(bytes.is_drained());
    BOOST_TEST(bytes.accepted() == bytes.end());
}

BOOST_AUTO_TEST_CASE(a_frame_that_cannot_be_encoded_leaves_nothing_behind)
{
    OutgoingBytes bytes(true);
    append(bytes, "1");
    Frame bad("SEND");
    bad.add_header("", "x");
    BOOST_CHECK_THROW(bytes.append(bad, StompVersion::v1_2, ContentLength::as_given), InvalidFrame);
    append(bytes, "2");
    bytes.begin_write();
    BOOST_TEST(remaining(bytes) == text_of("1") + text_of("2"));
    auto const ends = bytes.remaining_ends();
    BOOST_TEST(std::vector(ends.begin(), ends.end()) == (std::vector{text_of("1").size(), 2 * text_of("1").size()}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ends_count_from_what_is_left)
{
    OutgoingBytes bytes(true);
    append(bytes, "1");
    bytes.append_heart_beat();
    append(bytes, "22");
    auto const first = text_of("1").size();
    auto const all = first + 1 + text_of("22").size();
    bytes.begin_write();
    auto const ends = [&] { return std::vector(bytes.remaining_ends().begin(), bytes.remaining_ends().end()); };
    BOOST_TEST(ends() == (std::vector{first, first + 1, all}), boost::test_tools::per_element());
    bytes.written(2);
    BOOST_TEST(ends() == (std::vector{first - 2, first - 1, all - 2}), boost::test_tools::per_element());
    bytes.written(first - 2);
    BOOST_TEST(ends() == (std::vector{std::size_t{1}, all - first}), boost::test_tools::per_element());
    bytes.written(all - first);
    BOOST_TEST(ends().empty());
}

BOOST_AUTO_TEST_CASE(ends_are_not_kept_where_nobody_wants_them)
{
    OutgoingBytes bytes(false);
    append(bytes, "1");
    bytes.append_heart_beat();
    bytes.begin_write();
    BOOST_TEST(bytes.remaining_ends().empty());
    BOOST_TEST(remaining(bytes) == text_of("1") + "\n");
}

// While the transport has bytes, all of them may have left.
BOOST_AUTO_TEST_CASE(what_may_have_left)
{
    OutgoingBytes bytes(false);
    auto const first = append(bytes, "1");
    auto const second = append(bytes, "2");
    BOOST_TEST(bytes.is_unsent(first));
    bytes.begin_write();
    BOOST_TEST(bytes.is_unsent(first)); // the transport has not got it yet
    auto const third = append(bytes, "3");
    bytes.set_busy(true);
    BOOST_TEST(bytes.is_busy());
    BOOST_TEST(!bytes.is_unsent(first));
    BOOST_TEST(!bytes.is_unsent(second));
    BOOST_TEST(bytes.is_unsent(third));
    bytes.set_busy(false);
    bytes.written(1);
    BOOST_TEST(!bytes.is_unsent(first));
    BOOST_TEST(bytes.is_unsent(second)); // not one byte of it was accepted
}

BOOST_AUTO_TEST_CASE(what_may_have_left_when_the_connection_ends)
{
    for (bool const busy : {false, true}) {
        OutgoingBytes bytes(false);
        auto const first = append(bytes, "1");
        bytes.begin_write();
        auto const second = append(bytes, "2");
        bytes.set_busy(busy);
        bytes.connection_ended();
        // The transport gives up afterwards, and says nothing about its bytes.
        bytes.set_busy(false);
        BOOST_TEST(bytes.is_unsent(first) == !busy);
        BOOST_TEST(bytes.is_unsent(second));
    }
}

BOOST_AUTO_TEST_CASE(memory_of_a_large_write_is_given_back)
{
    OutgoingBytes bytes(false);
    append(bytes, std::string(100'000, 'x'));
    bytes.begin_write();
    bytes.written(bytes.remaining().size());
    bytes.end_write(1000);
    BOOST_TEST(bytes.remaining().empty());
    BOOST_TEST(bytes.is_drained());
}

// However frames are appended and writes are cut, the same bytes come out, and ends fall where frames end.
BOOST_AUTO_TEST_CASE(random_writes)
{
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937 random(seed);
        OutgoingBytes bytes(true);
        std::string expected, written;
        std::vector<std::size_t> expected_ends, ends;
        for (int step = 0; step < 200; ++step) {
            if (random() % 2 == 0) {
                std::string const body(random() % 40, 'x');
                BOOST_TEST(append(bytes, body) == expected.size());
                expected += text_of(body);
                expected_ends.push_back(expected.size());
            } else if (bytes.remaining().empty()) {
                bytes.end_write(keep_all);
                bytes.begin_write();
            } else {
                auto const size = 1 + random() % bytes.remaining().size();
                for (auto const end : bytes.remaining_ends()) {
                    if (end <= size)
                        ends.push_back(written.size() + end);
                }
                written += remaining(bytes).substr(0, size);
                bytes.written(size);
                BOOST_TEST(bytes.accepted() == written.size());
            }
        }
        BOOST_TEST(expected.starts_with(written));
        expected_ends.resize(ends.size());
        BOOST_TEST(ends == expected_ends, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_SUITE_END()
