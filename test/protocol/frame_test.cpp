#include <arbalest/protocol/frame.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace frame_tests {

using arbalest::Frame;
using arbalest::Header;
using arbalest::HeaderList;

static_assert(std::ranges::forward_range<HeaderList>);
static_assert(std::ranges::forward_range<HeaderList const>);
static_assert(std::ranges::sized_range<HeaderList>);
static_assert(std::ranges::common_range<HeaderList>);
static_assert(std::forward_iterator<HeaderList::iterator>);
static_assert(std::is_same_v<std::ranges::range_value_t<HeaderList>, Header>);
static_assert(std::is_nothrow_default_constructible_v<Frame>);
static_assert(std::is_nothrow_move_constructible_v<Frame>);
static_assert(std::is_nothrow_move_assignable_v<Frame>);
static_assert(std::is_copy_constructible_v<Frame>);
static_assert(!std::is_aggregate_v<Frame>);

// "name=value name=value"
std::string listed(Frame const& frame)
{
    std::string text;
    for (auto const [name, value] : frame.headers())
        text += (text.empty() ? "" : " ") + std::string(name) + '=' + std::string(value);
    return text;
}

Frame example()
{
    Frame frame("MESSAGE");
    frame.add_header("a", "1").add_header("b", "2").add_header("a", "3").set_body("body");
    return frame;
}

BOOST_AUTO_TEST_SUITE(frame)

BOOST_AUTO_TEST_CASE(empty_frame)
{
    Frame frame;
    BOOST_TEST(frame.empty());
    BOOST_TEST(frame.command() == "");
    BOOST_TEST(frame.body() == "");
    BOOST_TEST(frame.headers().empty());
    BOOST_TEST(frame.headers().size() == 0u);
    BOOST_TEST((frame.headers().begin() == frame.headers().end()));
    BOOST_TEST(!frame.header("a"));
    BOOST_TEST(!frame.header(""));
    BOOST_TEST(frame.remove_header("a") == 0u);
    BOOST_TEST(frame.memory() == 0u);
    BOOST_TEST((frame == Frame()));
    BOOST_TEST((frame == Frame("")));
    BOOST_TEST((Frame(frame) == frame));
}

BOOST_AUTO_TEST_CASE(empty_frame_can_be_filled)
{
    Frame header_first;
    header_first.add_header("a", "1");
    BOOST_TEST(listed(header_first) == "a=1");
    BOOST_TEST(header_first.empty());
    Frame body_first;
    body_first.set_body("body");
    BOOST_TEST(body_first.body() == "body");
    Frame command_first;
    command_first.set_command("SEND");
    BOOST_TEST(command_first.command() == "SEND");
    Frame set_first;
    set_first.set_header("a", "1").set_body("body").set_command("SEND");
    BOOST_TEST(set_first.command() == "SEND");
    BOOST_TEST(listed(set_first) == "a=1");
    BOOST_TEST(set_first.body() == "body");
}

BOOST_AUTO_TEST_CASE(command_headers_body)
{
    auto const frame = example();
    BOOST_TEST(!frame.empty());
    BOOST_TEST(frame.command() == "MESSAGE");
    BOOST_TEST(listed(frame) == "a=1 b=2 a=3");
    BOOST_TEST(frame.body() == "body");
    BOOST_TEST(frame.headers().size() == 3u);
    BOOST_TEST((frame.headers()[0] == Header{"a", "1"}));
    BOOST_TEST((frame.headers()[2] == Header{"a", "3"}));
}

BOOST_AUTO_TEST_CASE(first_of_a_repeated_header_wins)
{
    auto const frame = example();
    BOOST_TEST(frame.header("a").value() == "1");
    BOOST_TEST(frame.header("b").value() == "2");
    BOOST_TEST(frame.has_header("a"));
}

BOOST_AUTO_TEST_CASE(names_are_compared_byte_by_byte)
{
    Frame frame("SEND");
    frame.add_header("abc", "1").add_header("", "empty name").add_header(std::string_view("a\0b", 3), "nul");
    BOOST_TEST(!frame.header("ab"));
    BOOST_TEST(!frame.header("abcd"));
    BOOST_TEST(!frame.header("ABC"));
    BOOST_TEST(!frame.header("a"));
    BOOST_TEST(frame.header("").value() == "empty name");
    BOOST_TEST(frame.header(std::string_view()).value() == "empty name");
    BOOST_TEST(frame.header(std::string_view("a\0b", 3)).value() == "nul");
}

BOOST_AUTO_TEST_CASE(header_values_and_bodies_are_any_bytes)
{
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte)
        every_byte += static_cast<char>(byte);
    Frame frame("SEND");
    frame.add_header(every_byte, every_byte).set_body(every_byte);
    BOOST_TEST(frame.header(every_byte).value() == every_byte);
    BOOST_TEST(frame.body() == every_byte);
}

BOOST_AUTO_TEST_CASE(header_list_is_a_multi_pass_range)
{
    auto const frame = example();
    auto const headers = frame.headers();
    BOOST_TEST(std::ranges::distance(headers) == 3);
    auto it = headers.begin();
    auto const first = it++;
    BOOST_TEST((first == headers.begin()));
    BOOST_TEST((*first).value == "1");
    BOOST_TEST((*it).value == "2");
    BOOST_TEST((*++it).value == "3");
    BOOST_TEST((++it == headers.end()));
    BOOST_TEST(std::ranges::count(headers, "a", &Header::name) == 2);
    BOOST_TEST((HeaderList::iterator() == HeaderList::iterator()));
    HeaderList const none;
    BOOST_TEST(std::ranges::distance(none) == 0);
}

BOOST_AUTO_TEST_CASE(set_header_replaces_in_place)
{
    auto frame = example();
    frame.set_header("b", "a much longer value than it was before");
    BOOST_TEST(listed(frame) == "a=1 b=a much longer value than it was before a=3");
    frame.set_header("b", "");
    BOOST_TEST(listed(frame) == "a=1 b= a=3");
    frame.set_header("b", "4");
    BOOST_TEST(listed(frame) == "a=1 b=4 a=3");
    BOOST_TEST(frame.body() == "body");
}

BOOST_AUTO_TEST_CASE(set_header_removes_further_ones)
{
    auto frame = example();
    frame.add_header("c", "5").add_header("a", "6").add_header("d", "7");
    frame.set_header("a", "8");
    BOOST_TEST(listed(frame) == "a=8 b=2 c=5 d=7");
    frame.set_header("e", "9");
    BOOST_TEST(listed(frame) == "a=8 b=2 c=5 d=7 e=9");
}

BOOST_AUTO_TEST_CASE(remove_header)
{
    auto frame = example();
    frame.add_header("c", "4");
    BOOST_TEST(frame.remove_header("a") == 2u);
    BOOST_TEST(listed(frame) == "b=2 c=4");
    BOOST_TEST(frame.remove_header("a") == 0u);
    BOOST_TEST(frame.remove_header("c") == 1u);
    BOOST_TEST(frame.remove_header(frame.headers()[0].name) == 1u);
    BOOST_TEST(frame.headers().empty());
    BOOST_TEST(frame.body() == "body");
    frame.add_header("d", "5");
    BOOST_TEST(listed(frame) == "d=5");
}

BOOST_AUTO_TEST_CASE(set_body)
{
    auto frame = example();
    frame.set_body("longer than before");
    BOOST_TEST(frame.body() == "longer than before");
    frame.set_body("short").add_header("behind", "the body");
    BOOST_TEST(frame.body() == "short");
    frame.set_body(std::string(10000, 'x'));
    BOOST_TEST(frame.body() == std::string(10000, 'x'));
    frame.set_body("");
    BOOST_TEST(frame.body() == "");
    frame.add_header("c", "4").set_body("again");
    BOOST_TEST(frame.body() == "again");
    BOOST_TEST(frame.command() == "MESSAGE");
    BOOST_TEST(listed(frame) == "a=1 b=2 a=3 behind=the body c=4");
}

BOOST_AUTO_TEST_CASE(set_command)
{
    auto frame = example();
    frame.set_command("SEND");
    BOOST_TEST(frame.command() == "SEND");
    frame.set_command(std::string(1000, 'X'));
    BOOST_TEST(frame.command() == std::string(1000, 'X'));
    BOOST_TEST(listed(frame) == "a=1 b=2 a=3");
    BOOST_TEST(frame.body() == "body");
    frame.set_command(frame.command().substr(0, 3));
    BOOST_TEST(frame.command() == "XXX");
    frame.set_command(frame.header("b").value());
    BOOST_TEST(frame.command() == "2");
    frame.set_command("");
    BOOST_TEST(frame.empty());
}

BOOST_AUTO_TEST_CASE(grows)
{
    Frame frame("SEND");
    std::string expected;
    for (int i = 0; i < 2000; ++i) {
        auto const name = "name-" + std::to_string(i);
        auto const value = std::string(static_cast<std::size_t>(i % 50), 'v');
        frame.add_header(name, value);
        expected += (i == 0 ? "" : " ") + name + '=' + value;
    }
    frame.set_body(std::string(100000, 'b'));
    frame.add_header("last", "one");
    BOOST_TEST(frame.command() == "SEND");
    BOOST_TEST((listed(frame) == expected + " last=one"));
    BOOST_TEST((frame.body() == std::string(100000, 'b')));
}

BOOST_AUTO_TEST_CASE(reserve_avoids_growing)
{
    Frame frame("SEND", 1000);
    auto const memory = frame.memory();
    frame.add_header("destination", "/queue/a").add_header("x", std::string(480, 'x')).set_body(std::string(500, 'b'));
    BOOST_TEST(frame.memory() == memory);
}

// Views into the frame itself, also when that has to move its content.
BOOST_AUTO_TEST_CASE(arguments_may_be_views_into_the_frame)
{
    Frame frame("SEND");
    frame.add_header("name", "value").set_body("the body");
    for (int i = 0; i < 200; ++i) {
        auto const last = frame.headers()[frame.headers().size() - 1];
        frame.add_header(last.name, last.value);
    }
    BOOST_TEST(frame.headers().size() == 201u);
    BOOST_TEST(std::ranges::count(frame.headers(), Header{"name", "value"}) == 201);
    frame.add_header(frame.command(), frame.body());
    BOOST_TEST(frame.header("SEND").value() == "the body");
}

BOOST_AUTO_TEST_CASE(a_body_of_views_into_the_frame)
{
    Frame frame("SEND");
    frame.add_header("name", "value").set_body("0123456789");
    frame.set_body(frame.body().substr(3, 4));
    BOOST_TEST(frame.body() == "3456");
    frame.set_body(frame.header("name").value());
    BOOST_TEST(frame.body() == "value");
    frame.set_body(frame.command());
    BOOST_TEST(frame.body() == "SEND");
    frame.set_body(std::string(5000, 'x') + "end").add_header("behind", "it");
    frame.set_body(frame.body().substr(4990));
    BOOST_TEST(frame.body() == "xxxxxxxxxxend");
    BOOST_TEST(listed(frame) == "name=value behind=it");
}

BOOST_AUTO_TEST_CASE(set_header_to_views_into_the_frame)
{
    Frame frame("SEND");
    frame.add_header("a", "0123456789").add_header("b", "x").set_body(std::string(1000, 'b'));
    frame.set_header("a", frame.header("a").value().substr(2));
    BOOST_TEST(frame.header("a").value() == "23456789");
    frame.set_header("b", frame.body());
    BOOST_TEST((frame.header("b").value() == std::string(1000, 'b')));
    frame.set_header(frame.headers()[0].name, frame.headers()[0].name);
    BOOST_TEST(frame.header("a").value() == "a");
    frame.set_header("b", "b").set_header(frame.header("b").value(), frame.body());
    BOOST_TEST((frame.header("b").value() == std::string(1000, 'b')));
    BOOST_TEST(frame.headers().size() == 2u);
    // The name of the new one is a part of the block that grows.
    frame.set_header(frame.body().substr(0, 500), frame.body());
    BOOST_TEST((frame.header(std::string(500, 'b')).value() == std::string(1000, 'b')));
}

// What is replaced must not stay behind for good: a frame may be a template that is sent a million times.
BOOST_AUTO_TEST_CASE(changing_over_and_over_does_not_grow)
{
    Frame frame("SEND");
    for (int i = 0; i < 10000; ++i) {
        frame.set_body(std::string(100 + i % 3, 'b'));
        frame.set_header("receipt", std::string(20 + i % 7, 'r'));
        frame.remove_header("x");
        frame.add_header("x", std::string(10, 'x'));
    }
    BOOST_TEST(frame.memory() < 4096u);
    BOOST_TEST(frame.body().size() == 100u + 9999 % 3);
    BOOST_TEST(frame.header("receipt").value() == std::string(20 + 9999 % 7, 'r'));
    BOOST_TEST(frame.header("x").value() == "xxxxxxxxxx");
    BOOST_TEST(frame.headers().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_body_that_fits_takes_the_place_of_the_old_one)
{
    auto frame = example();
    auto const memory = frame.memory();
    void const* const place = frame.body().data();
    for (int i = 0; i < 1000; ++i) {
        frame.set_body("next");
        BOOST_REQUIRE(static_cast<void const*>(frame.body().data()) == place);
    }
    BOOST_TEST(frame.memory() == memory);
    BOOST_TEST(frame.body() == "next");
}

BOOST_AUTO_TEST_CASE(copies_are_independent)
{
    auto frame = example();
    Frame copy(frame);
    BOOST_TEST((copy == frame));
    copy.set_header("a", "9").set_body("other");
    BOOST_TEST(listed(frame) == "a=1 b=2 a=3");
    BOOST_TEST(frame.body() == "body");
    Frame assigned("X");
    assigned = frame;
    frame = Frame();
    BOOST_TEST((assigned == example()));
    BOOST_TEST((frame == Frame()));
    assigned = frame;
    BOOST_TEST(assigned.empty());
}

BOOST_AUTO_TEST_CASE(a_moved_from_frame_is_empty)
{
    auto frame = example();
    auto const* const body = frame.body().data();
    Frame moved(std::move(frame));
    BOOST_TEST(static_cast<void const*>(moved.body().data()) == static_cast<void const*>(body));
    BOOST_TEST((moved == example()));
    BOOST_TEST((frame == Frame()));
    BOOST_TEST(frame.memory() == 0u);
    frame.set_command("SEND").add_header("a", "1");
    BOOST_TEST(listed(frame) == "a=1");
    frame = std::move(moved);
    BOOST_TEST((frame == example()));
    BOOST_TEST((moved == Frame()));
}

BOOST_AUTO_TEST_CASE(self_assignment)
{
    auto frame = example();
    auto& same = frame;
    frame = same;
    BOOST_TEST((frame == example()));
    frame = std::move(same);
    BOOST_TEST((frame == example()));
}

BOOST_AUTO_TEST_CASE(equality)
{
    auto const changed = [](auto change) {
        auto frame = example();
        change(frame);
        return frame == example();
    };
    BOOST_TEST(changed([](Frame&) {}));
    BOOST_TEST(
        changed([](Frame& frame) { frame.set_body("x").set_body("body").set_header("b", "x").set_header("b", "2"); }));
    BOOST_TEST(!changed([](Frame& frame) { frame.set_body("Body"); }));
    BOOST_TEST(!changed([](Frame& frame) { frame.set_body(""); }));
    BOOST_TEST(!changed([](Frame& frame) { frame.set_command("SEND"); }));
    BOOST_TEST(!changed([](Frame& frame) { frame.set_header("b", "3"); }));
    BOOST_TEST(!changed([](Frame& frame) { frame.add_header("c", ""); }));
    BOOST_TEST(!changed([](Frame& frame) { frame.remove_header("b"); }));
    Frame ab("X");
    ab.add_header("a", "1").add_header("b", "2");
    Frame ba("X");
    ba.add_header("b", "2").add_header("a", "1");
    BOOST_TEST((ab != ba));
    Frame split("X");
    split.add_header("a", "12");
    Frame other_split("X");
    other_split.add_header("a1", "2");
    BOOST_TEST((split != other_split));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace frame_tests
