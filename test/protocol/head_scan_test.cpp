#include "protocol/simd_head.hpp"
#include "support/rounds.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>
#include <arbalest/protocol/limits.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Complete heads are parsed in blocks with SIMD, others line by line. Both must give the same, wherever a byte stands
// and however the head is cut.
namespace head_scan_tests {

using namespace std::string_view_literals;
using arbalest::Frame;
using arbalest::FrameDecoder;
using arbalest::Limits;
using arbalest::StompVersion;
using arbalest::detail::HeaderSlot;
using arbalest::detail::SimdHead;

constexpr std::array versions{StompVersion::v1_0, StompVersion::v1_1, StompVersion::v1_2};
// More than two blocks of 64.
constexpr std::size_t longest = 150;

/// What a decoder makes of bytes: a frame, nothing yet, or a failure.
struct Outcome
{
    std::optional<Frame> frame;
    std::string failure;
    std::uint64_t offset = 0;

    friend bool operator==(Outcome const&, Outcome const&) = default;
};

Outcome decode(std::string_view bytes, std::size_t step, std::optional<StompVersion> version, Limits const& limits)
{
    FrameDecoder decoder(limits);
    if (version)
        decoder.set_version(*version);
    Outcome outcome;
    try {
        while (!bytes.empty() && !outcome.frame) {
            auto const piece = bytes.substr(0, step);
            decoder.feed(piece);
            outcome.frame = decoder.next();
            bytes.remove_prefix(piece.size());
        }
    } catch (arbalest::MalformedFrame const& error) {
        outcome.failure = error.reason();
        outcome.offset = error.offset();
    }
    return outcome;
}

/// Switches the SIMD parser off.
struct WithoutSimd
{
    WithoutSimd() noexcept { SimdHead::is_enabled = false; }
    WithoutSimd(WithoutSimd const&) = delete;
    WithoutSimd& operator=(WithoutSimd const&) = delete;
    ~WithoutSimd() { SimdHead::is_enabled = before; }

    bool const before = SimdHead::is_enabled;
};

Outcome decode_without_simd(std::string_view bytes, std::optional<StompVersion> version, Limits const& limits)
{
    WithoutSimd const scope;
    return decode(bytes, bytes.size(), version, limits);
}

void check_same(bool is_parsed, SimdHead const& one, bool is_parsed_too, SimdHead const& other)
{
    BOOST_TEST(is_parsed == is_parsed_too);
    if (!is_parsed || !is_parsed_too)
        return;
    BOOST_TEST(one.body() == other.body());
    BOOST_TEST(one.may_have_escapes() == other.may_have_escapes());
    auto const same = [](HeaderSlot const& a, HeaderSlot const& b) {
        return a.name_offset == b.name_offset && a.name_length == b.name_length && a.value_offset == b.value_offset &&
               a.value_length == b.value_length;
    };
    BOOST_TEST(std::ranges::equal(one.slots(), other.slots(), same));
    BOOST_TEST((one.content_length() == nullptr) == (other.content_length() == nullptr));
    if (one.content_length() && other.content_length())
        BOOST_TEST(same(*one.content_length(), *other.content_length()));
}

// The result must not depend on the head before, and be that of the parser without SIMD.
void check_parsers(std::string_view bytes, Limits const& limits, std::string_view before = {})
{
    SimdHead::Bounds const bounds{.header_line = limits.header_line, .headers = limits.headers, .frame = limits.frame};
    SimdHead fresh(bounds);
    bool const is_parsed = fresh.parse(bytes);
    SimdHead used(bounds);
    if (!before.empty())
        used.parse(before);
    for (int i = 0; i < 2; ++i) // the second time it has the structure of the last one
        check_same(is_parsed, fresh, used.parse(bytes), used);
    BOOST_TEST((decode(bytes, bytes.size(), StompVersion::v1_2, limits) ==
                decode_without_simd(bytes, StompVersion::v1_2, limits)));
}

void check_cuts(std::string_view bytes, std::optional<StompVersion> version, Limits const& limits = {})
{
    auto const whole = decode(bytes, bytes.size(), version, limits);
    auto const by_bytes = decode(bytes, 1, version, limits);
    BOOST_TEST_CONTEXT("bytes: " << bytes)
    {
        BOOST_TEST(whole.failure == by_bytes.failure);
        BOOST_TEST(whole.offset == by_bytes.offset);
        BOOST_TEST((whole == by_bytes));
        BOOST_TEST((whole == decode_without_simd(bytes, version, limits)));
        check_parsers(bytes, limits);
    }
}

BOOST_AUTO_TEST_SUITE(head_scan)

BOOST_AUTO_TEST_CASE(every_byte_at_every_place_of_a_head)
{
    for (auto const command : {"MESSAGE"sv, "RECEIPT"sv, "CONNECTED"sv}) {
        std::string const plain =
            std::string(command) + "\na:1\nsubscription:sub-1\n" + "n:" + std::string(longest, 'v') + "\n\nbody";
        for (std::size_t at = 0; at + 6 < plain.size(); ++at) {
            for (auto const special : {"\n"sv, "\r"sv, "\0"sv, ":"sv, "\\"sv, "\\c"sv, "\\r"sv, "\r\n"sv, "\n\n"sv}) {
                auto bytes = plain;
                bytes.replace(at, 1, special);
                bytes += '\0';
                check_cuts(bytes, StompVersion::v1_2);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(versions_differ_in_what_is_escaped)
{
    for (std::size_t size = 0; size < longest; ++size) {
        for (auto const special : {"\r"sv, "\\r"sv, "\\n"sv, "\\x"sv, "\nno-colon"sv}) {
            auto const bytes =
                "MESSAGE\nn:" + std::string(size, 'v') + std::string(special) + "\nlast:1\n\nbody" + '\0';
            check_cuts(bytes, std::nullopt);
            for (auto const version : versions)
                check_cuts(bytes, version);
        }
    }
}

BOOST_AUTO_TEST_CASE(limits_hold_however_a_head_comes)
{
    auto const bytes = "MESSAGE\nfirst:1\nsecond:22\nthird:333\n\nbody\0"sv;
    for (std::size_t limit = 0; limit < bytes.size() + 2; ++limit) {
        Limits limits;
        limits.header_line = limit;
        check_cuts(bytes, StompVersion::v1_2, limits);
        limits = Limits();
        limits.frame = limit;
        check_cuts(bytes, StompVersion::v1_2, limits);
        limits = Limits();
        limits.headers = limit;
        check_cuts(bytes, StompVersion::v1_2, limits);
    }
}

BOOST_AUTO_TEST_CASE(a_head_is_taken_apart_the_same_whatever_came_before_it)
{
    for (std::size_t size = 1; size < 300; size += 23 * arbalest::test::fewer_rounds) {
        auto const before = "MESSAGE\nsubscription:sub-1\ncontent-length:4\nn:" + std::string(size, 'v') +
                            "\nanother:a:b\nlast:1\n\nbody" + '\0';
        for (std::size_t at = 0; at < before.size(); ++at) {
            std::string const beginning(before, 0, at);
            check_parsers(beginning, Limits(), before);
            for (auto const special : {"\n"sv, "\r"sv, "\0"sv, ":"sv, "\\"sv, "X"sv, "\xff"sv, ""sv, "ab"sv}) {
                auto bytes = before;
                bytes.replace(at, 1, special);
                check_parsers(bytes, Limits(), before);
                check_parsers(before, Limits(), bytes);
            }
        }
    }
}

// Heads are compared in pieces, the last of which overlaps with the one before; the shortest and the longest not at
// all.
BOOST_AUTO_TEST_CASE(heads_of_every_size_are_compared_up_to_their_ends)
{
    constexpr std::size_t value = "MESSAGE\na:"sv.size();
    for (std::size_t size = 1; size < 300; ++size) {
        auto const before = "MESSAGE\na:" + std::string(size, 'v') + "\n\nbody" + '\0';
        for (auto const at : {std::size_t{0}, size / 2, size - 1}) {
            for (auto const special : {'\n', '\r', '\0', ':', '\\', '\xff', 'w'}) {
                auto bytes = before;
                bytes[value + at] = special;
                check_parsers(bytes, Limits(), before);
                check_parsers(before, Limits(), bytes);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(names_as_long_as_content_length_may_change_places_with_it)
{
    std::array const heads{
        "MESSAGE\ncontent-length:1\nfourteen-bytes:2\n\nbody"sv,
        "MESSAGE\nfourteen-bytes:1\ncontent-length:2\n\nbody"sv,
        "MESSAGE\ncontent-length:1\ncontent-length:2\n\nbody"sv,
        "MESSAGE\nfourteen-bytes:1\nfourteen_bytes:2\n\nbody"sv,
        "MESSAGE\ncontent-length:1\nshorter-by-a-:22\n\nbody"sv,
        "MESSAGE\nfourteen-bytes:1\nshorter-by-a-:22\n\nbody"sv,
    };
    for (auto const before : heads) {
        for (auto const head : heads)
            check_parsers(head, Limits(), before);
    }
}

BOOST_AUTO_TEST_CASE(frames_do_not_depend_on_the_ones_before_them)
{
    auto const first = "MESSAGE\nsubscription:sub-1\nmessage-id:1000\ncontent-length:4\n\nbody\0"sv;
    for (auto const second : {
             "MESSAGE\nsubscription:sub-1\nmessage-id:1001\ncontent-length:2\n\nbo\0"sv,
             "MESSAGE\nsubscription:sub-1\nmessage-id:1001\ncontent-lengtx:4\n\nb\0"sv,
             "RECEIPT\nsubscription:sub-1\nmessage-id:1001\ncontent-length:4\n\n\0\0\0\0\0"sv,
             "MESSAGE\nsubscription:sub-1\nmessage:id-1001\ncontent-length:0\n\n\0"sv,
             "MESSAGE\nsubscription:s:b-1\nmessage-id:1\\c1\ncontent-length:0\n\n\0"sv,
         }) {
        FrameDecoder decoder;
        decoder.set_version(StompVersion::v1_2);
        for (int i = 0; i < 3; ++i) {
            decoder.feed(first);
            decoder.feed(second);
            BOOST_TEST((decoder.next() == decode(first, first.size(), StompVersion::v1_2, Limits()).frame));
            BOOST_TEST((decoder.next() == decode(second, second.size(), StompVersion::v1_2, Limits()).frame));
        }
    }
}

BOOST_AUTO_TEST_CASE(encoding_finds_what_must_be_escaped_wherever_it_stands)
{
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (auto const special : {'\n', '\r', ':', '\\'}) {
                std::string text(size, 'v');
                text[at] = special;
                // Before and behind the body, as name and as value.
                Frame frame("SEND");
                frame.add_header(text, "value");
                frame.set_body("a body: with\\all\r\nof\0them"sv);
                frame.add_header("name", text);
                std::string bytes;
                arbalest::encode(frame, StompVersion::v1_2, bytes);
                FrameDecoder decoder;
                decoder.set_version(StompVersion::v1_2);
                decoder.feed(bytes);
                auto const back = decoder.next();
                BOOST_REQUIRE(back.has_value());
                BOOST_TEST((back->header(text) == "value"sv));
                BOOST_TEST((back->header("name") == std::string_view(text)));
                BOOST_TEST((back->body() == frame.body()));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(encoding_finds_nuls_wherever_they_stand)
{
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'v');
            text[at] = '\0';
            Frame frame("SEND");
            frame.add_header("first", "1");
            frame.set_body("body");
            frame.add_header("name", text);
            std::string bytes = "before";
            BOOST_CHECK_THROW(arbalest::encode(frame, StompVersion::v1_2, bytes), arbalest::InvalidFrame);
            BOOST_TEST(bytes == "before");
        }
    }
}

BOOST_AUTO_TEST_CASE(what_was_removed_from_a_frame_does_not_matter)
{
    Frame frame("SEND");
    frame.add_header("destination", "/queue/a");
    frame.add_header("odd", "a:b\nc\0d"sv);
    frame.set_body("first: body\n");
    frame.remove_header("odd");
    frame.set_body("x");
    std::string bytes;
    arbalest::encode(frame, StompVersion::v1_2, bytes);
    BOOST_TEST((bytes == "SEND\ndestination:/queue/a\ncontent-length:1\n\nx\0"sv));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace head_scan_tests
