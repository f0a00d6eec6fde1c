#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>
#include <arbalest/protocol/limits.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// RECEIPTs taken without making frames of them.
namespace peek_receipt_tests {

using namespace std::string_view_literals;
using arbalest::FrameDecoder;
using arbalest::Limits;
using arbalest::StompVersion;

std::string peeked(std::string_view bytes, Limits const& limits = {})
{
    FrameDecoder decoder(limits);
    decoder.set_version(StompVersion::v1_2);
    decoder.feed(bytes);
    std::string id(decoder.peek_receipt());
    BOOST_TEST(decoder.peek_receipt() == id);
    return id;
}

// What comes of bytes that arrive in pieces: ids of receipts, and commands of everything else.
std::vector<std::string> decoded(std::string_view bytes, std::size_t step, bool peeks, std::uint64_t& heart_beats)
{
    FrameDecoder decoder;
    decoder.set_version(StompVersion::v1_2);
    std::vector<std::string> found;
    while (!bytes.empty()) {
        auto const piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        decoder.feed(piece);
        for (;;) {
            if (auto const id = peeks ? decoder.peek_receipt() : ""sv; !id.empty()) {
                found.emplace_back(id);
                decoder.take_receipt(id);
                continue;
            }
            auto const frame = decoder.next();
            if (!frame)
                break;
            found.emplace_back(frame->header("receipt-id").value_or(frame->command()));
        }
    }
    heart_beats = decoder.heart_beats();
    return found;
}

BOOST_AUTO_TEST_SUITE(peek_receipt)

BOOST_AUTO_TEST_CASE(a_plain_receipt_shows_its_id)
{
    BOOST_TEST(peeked("RECEIPT\nreceipt-id:r-17\n\n\0"sv) == "r-17");
    BOOST_TEST(peeked("\n\nRECEIPT\nreceipt-id:77\n\n\0MESSAGE\n"sv) == "77");
}

BOOST_AUTO_TEST_CASE(everything_else_is_left_to_next)
{
    for (auto const bytes :
         {""sv, "\n"sv, "R"sv, "RECEIPT\nreceipt-id:r-17"sv, "RECEIPT\nreceipt-id:r-17\n\n"sv,
          "RECEIPT\nreceipt-id:\n\n\0"sv, "RECEIPT\nreceipt-id:r-17\na:1\n\n\0"sv, "RECEIPT\na:1\nreceipt-id:r\n\n\0"sv,
          "RECEIPT\nreceipt-id:r\\c7\n\n\0"sv, "RECEIPT\r\nreceipt-id:r\r\n\r\n\0"sv, "RECEIPT\nreceipt-id:r\r\n\n\0"sv,
          "RECEIPT\nreceipt-id:r:7\n\n\0"sv, "RECEIPT\nreceipt-id:r\n\nbody\0"sv, "RECEIPT\nreceipt-id: r\n\n\0"sv,
          "MESSAGE\nreceipt-id:r\n\n\0"sv})
        BOOST_TEST(peeked(bytes) == "");
}

BOOST_AUTO_TEST_CASE(limits_hold)
{
    auto const bytes = "RECEIPT\nreceipt-id:r-17\n\n\0"sv;
    Limits limits;
    limits.headers = 0;
    BOOST_TEST(peeked(bytes, limits) == "");
    limits = Limits();
    limits.header_line = 14;
    BOOST_TEST(peeked(bytes, limits) == "");
    limits = Limits();
    limits.frame = bytes.size() - 1;
    BOOST_TEST(peeked(bytes, limits) == "");
}

BOOST_AUTO_TEST_CASE(however_it_is_cut)
{
    auto const bytes =
        "\nRECEIPT\nreceipt-id:r-1\n\n\0RECEIPT\nreceipt-id:r-2\n\n\0\n\nMESSAGE\ndestination:/q\n\nx\0"
        "RECEIPT\nreceipt-id:r-3\n\n\0\nRECEIPT\nreceipt-id:r\\c4\n\n\0ERROR\n\n\0\nRECEIPT\nreceipt-id:5\n\n\0\n\n"sv;
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        std::uint64_t beats = 0;
        std::uint64_t beats_expected = 0;
        auto const found = decoded(bytes, step, true, beats);
        auto const expected = decoded(bytes, step, false, beats_expected);
        BOOST_TEST(found == expected, boost::test_tools::per_element());
        BOOST_TEST(found.size() == 7u);
        BOOST_TEST(beats == beats_expected);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_frame_throws)
{
    FrameDecoder decoder;
    decoder.feed("\rx");
    BOOST_CHECK_THROW(decoder.peek_receipt(), arbalest::MalformedFrame);
    BOOST_CHECK_THROW(decoder.next(), arbalest::MalformedFrame);
    BOOST_TEST(decoder.peek_receipt() == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace peek_receipt_tests
