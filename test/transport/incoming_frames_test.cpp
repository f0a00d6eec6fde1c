#include "transport/incoming_frames.hpp"
#include "websocket_frames.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

// What is taken without Beast, and what Beast gets, without any Beast.
using namespace arbalest::test;
using arbalest::detail::IncomingFrames;
using namespace std::string_literals;

namespace {

void read(IncomingFrames& incoming, std::string_view bytes)
{
    while (!bytes.empty()) {
        auto const room = incoming.prepare();
        auto const size = std::min(room.size(), bytes.size());
        BOOST_REQUIRE(size > 0);
        std::memcpy(room.data(), bytes.data(), size);
        incoming.commit(size);
        bytes.remove_prefix(size);
    }
}

std::string take(IncomingFrames& incoming, std::size_t room = 1'000'000, std::size_t limit = 0)
{
    std::string bytes(room, '\0');
    bytes.resize(incoming.take(bytes, limit));
    return bytes;
}

/// What the stream reads at once.
std::string give(IncomingFrames& incoming, std::size_t room = 1536)
{
    std::string const bytes(incoming.for_stream().substr(0, room));
    incoming.consume(bytes.size());
    return bytes;
}

class FramesFixture
{
public:
    IncomingFrames incoming;
};

/// Reads as the transport and Beast do together. For Beast stands a parser that knows the frames of this test.
class Reader : public FramesFixture
{
public:
    void feed(std::string_view bytes)
    {
        read(incoming, bytes);
        for (;;) {
            for (bool more = !mid_message_ && stream_.empty(); more;) {
                auto const taken = take(incoming, room);
                result += taken;
                more = !taken.empty();
            }
            auto const given = give(incoming);
            if (given.empty())
                break;
            stream_ += given;
            parse();
        }
    }

    std::string result;
    std::size_t room = 1'000'000;

private:
    void parse()
    {
        auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(stream_[i]); };
        if (stream_.size() < 2)
            return;
        std::size_t head = 2;
        std::size_t size = byte(1);
        if (size == 126) {
            head = 4;
            if (stream_.size() < head)
                return;
            size = byte(2) * 256u + byte(3);
        }
        if (stream_.size() < head + size)
            return;
        BOOST_REQUIRE(stream_.size() == head + size); // never more than a frame
        if (byte(0) & 0x08) {
            result += '<' + stream_.substr(head) + '>';
        } else {
            mid_message_ = (byte(0) & 0x80) == 0;
            result += stream_.substr(head);
        }
        stream_.clear();
    }

    std::string stream_;
    bool mid_message_ = false;
};

} // namespace

BOOST_AUTO_TEST_SUITE(incoming_frames)

BOOST_FIXTURE_TEST_CASE(whole_messages_are_taken_many_at_a_time, FramesFixture)
{
    std::string bytes;
    std::string expected;
    for (int i = 0; i < 20; ++i) {
        auto const text = std::to_string(i);
        bytes += websocket_frame(i % 2 ? ws_text : ws_binary, text) + websocket_frame(ws_text, "");
        expected += text;
    }
    read(incoming, bytes);
    BOOST_TEST(take(incoming) == expected);
    BOOST_TEST(incoming.for_stream().empty());
}

BOOST_FIXTURE_TEST_CASE(what_has_no_room_comes_next, FramesFixture)
{
    read(incoming, websocket_frame(ws_text, "a message") + websocket_frame(ws_text, "another"));
    std::string result;
    for (auto piece = take(incoming, 4); !piece.empty(); piece = take(incoming, 4)) {
        BOOST_TEST(piece.size() == 4u);
        result += piece;
    }
    BOOST_TEST(result == "a messageanother");
}

BOOST_FIXTURE_TEST_CASE(what_is_not_taken_is_given_to_the_stream, FramesFixture)
{
    std::string const frames[] = {
        websocket_frame(ws_ping, "?"),
        websocket_frame(0x8a, "pong"),
        websocket_frame(ws_close, "\x03\xe8"),
        websocket_frame(ws_goes_on | 0x80, "goes on from nothing"),
        websocket_frame(ws_text | 0x40, "compressed"),
        websocket_frame(0x83, "of no known kind"),
        websocket_frame(ws_text, "\xff"),
        websocket_frame(ws_text, "cut \xc3"),
        websocket_frame(ws_binary, "its length is too long", 2),
        websocket_frame(ws_binary, "even longer", 8),
        websocket_frame(ws_binary, std::string(101, 'x')), // over the limit
        "\x81\x81"s + "mask" + "x",
    };
    for (auto const& frame : frames) {
        read(incoming, frame + websocket_frame(ws_binary, std::string(100, 'y')));
        BOOST_TEST(take(incoming, 1000, 100).empty());
        BOOST_TEST(give(incoming) == frame);
        BOOST_TEST(take(incoming, 1000, 100) == std::string(100, 'y'));
        BOOST_TEST(give(incoming).empty());
    }
}

BOOST_FIXTURE_TEST_CASE(a_fragmented_message_is_for_the_stream, FramesFixture)
{
    std::string const frames[] = {websocket_frame(ws_text_begins, "a"), websocket_frame(ws_ping, ""),
                                  websocket_frame(ws_goes_on, "b"),     websocket_frame(ws_text, "not now"),
                                  websocket_frame(ws_text_begins, "c"), websocket_frame(ws_ends, "d")};
    // A message inside of another is an error, and to see that is up to the stream.
    read(incoming, frames[0] + frames[1] + frames[2] + frames[4] + frames[5] + websocket_frame(ws_text, "whole"));
    for (int const i : {0, 1, 2, 4, 5}) {
        BOOST_TEST(take(incoming).empty());
        BOOST_TEST(give(incoming) == frames[i]);
    }
    BOOST_TEST(take(incoming) == "whole");
    read(incoming, frames[0] + frames[3]);
    BOOST_TEST(give(incoming) == frames[0]);
    BOOST_TEST(take(incoming).empty());
    BOOST_TEST(give(incoming) == frames[3]);
}

BOOST_AUTO_TEST_CASE(the_cuts_change_nothing)
{
    std::string const text(200, 't');
    auto const bytes = websocket_frame(ws_text, "first") + websocket_frame(ws_ping, "ping") +
                       websocket_frame(ws_text, text) + websocket_frame(ws_binary, "") +
                       websocket_frame(ws_text_begins, "frag") + websocket_frame(ws_ping, "") +
                       websocket_frame(ws_goes_on, "") + websocket_frame(ws_ends, "ment") +
                       websocket_frame(ws_binary, "\xff\0"s) + websocket_frame(ws_text, "last");
    auto const expected = "first<ping>" + text + "frag<>ment\xff\0last"s;
    for (std::size_t const room : {1u, 3u, 1'000'000u}) {
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            Reader reader;
            reader.room = room;
            reader.feed(std::string_view(bytes).substr(0, cut));
            reader.feed(std::string_view(bytes).substr(cut));
            BOOST_TEST(reader.result == expected);
        }
        Reader reader;
        reader.room = room;
        for (char const& byte : bytes)
            reader.feed(std::string_view(&byte, 1));
        BOOST_TEST(reader.result == expected);
    }
}

BOOST_FIXTURE_TEST_CASE(the_inside_of_a_large_message_goes_past, FramesFixture)
{
    BOOST_TEST(incoming.remaining() == 0u);
    auto const frame = websocket_frame(ws_binary, std::string(100'000, 'x'));
    read(incoming, std::string_view(frame).substr(0, 110));
    BOOST_TEST(incoming.remaining() == 0u); // what is here comes first
    BOOST_TEST(give(incoming, 30).size() == 30u);
    BOOST_TEST(give(incoming).size() == 80u);
    BOOST_TEST(incoming.remaining() == 100'010u - 110u);
    incoming.consumed(99'000);
    BOOST_TEST(incoming.remaining() == 900u);
    read(incoming, std::string(400, 'x'));
    BOOST_TEST(take(incoming).empty());
    BOOST_TEST(give(incoming).size() == 400u);
    read(incoming, std::string(500, 'x') + websocket_frame(ws_text, "next"));
    BOOST_TEST(give(incoming).size() == 500u);
    BOOST_TEST(incoming.remaining() == 0u);
    BOOST_TEST(take(incoming) == "next");
}

BOOST_FIXTURE_TEST_CASE(an_absurd_length_is_for_the_stream, FramesFixture)
{
    auto const head = "\x82\x7f"s + std::string(8, '\xff');
    read(incoming, head + "payload");
    BOOST_TEST(take(incoming).empty());
    BOOST_TEST(give(incoming) == head + "payload");
    BOOST_TEST(incoming.remaining() > 1u << 30);
}

BOOST_FIXTURE_TEST_CASE(a_stream_that_is_closed_skips_what_was_half_taken, FramesFixture)
{
    auto const close = websocket_frame(ws_close, "\x03\xe8");
    read(incoming, websocket_frame(ws_text, "a message") + close);
    BOOST_TEST(take(incoming, 4) == "a me");
    BOOST_TEST(give(incoming) == close);
}

BOOST_FIXTURE_TEST_CASE(what_came_with_the_handshake_is_skipped, FramesFixture)
{
    read(incoming, "HTTP/1.1 101 \r\n\r\n" + websocket_frame(ws_text, "o"));
    BOOST_TEST(incoming.unread().starts_with("HTTP/1.1 101 \r\n\r\n"));
    incoming.skip(17);
    BOOST_TEST(take(incoming) == "o");
    BOOST_TEST(incoming.unread().empty());
}

BOOST_FIXTURE_TEST_CASE(the_buffer_is_as_large_as_it_needs_to_be, FramesFixture)
{
    auto const smallest = incoming.prepare().size();
    BOOST_TEST(smallest <= 2048u);
    auto largest = smallest;
    for (int i = 0; i < 20; ++i) {
        auto const room = incoming.prepare();
        largest = room.size();
        read(incoming, websocket_frame(ws_binary, std::string(largest - (largest > 0xffff ? 10 : 4), 'x')));
        BOOST_TEST(take(incoming).size() > 0u);
    }
    BOOST_TEST(largest >= std::size_t{16} << 10);
    BOOST_TEST(largest <= std::size_t{256} << 10);
    for (int i = 0; i < 20; ++i) {
        read(incoming, websocket_frame(ws_text, "\n"));
        BOOST_TEST(take(incoming) == "\n");
    }
    BOOST_TEST(incoming.prepare().size() == smallest);
}

BOOST_AUTO_TEST_SUITE_END()
