#include "allocations.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

// The decoder's buffer: what it holds, when it grows, when it gives memory back.
namespace frame_decoder_tests {

using arbalest::Frame;
using arbalest::FrameDecoder;
using arbalest::Limits;
using arbalest::MalformedFrame;
using arbalest::StompVersion;

std::string message(std::size_t body_size)
{
    Frame frame("MESSAGE");
    frame.add_header("destination", "/queue/a").add_header("message-id", "1").set_body(std::string(body_size, 'b'));
    std::string bytes;
    encode(frame, StompVersion::v1_2, bytes);
    return bytes;
}

// Feeds it in pieces of this size and returns how many frames came out.
std::size_t feed_in_pieces(FrameDecoder& decoder, std::string_view bytes, std::size_t piece)
{
    std::size_t frames = 0;
    while (!bytes.empty()) {
        auto const size = std::min(piece, bytes.size());
        auto const room = decoder.prepare(piece);
        BOOST_REQUIRE_GE(room.size(), piece);
        std::memcpy(room.data(), bytes.data(), size);
        decoder.commit(size);
        bytes.remove_prefix(size);
        while (decoder.next())
            ++frames;
    }
    return frames;
}

BOOST_AUTO_TEST_SUITE(frame_decoder)

BOOST_AUTO_TEST_CASE(starts_empty)
{
    FrameDecoder decoder;
    BOOST_TEST(decoder.capacity() == 0u);
    BOOST_TEST(decoder.buffered() == 0u);
    BOOST_TEST(decoder.offset() == 0u);
    BOOST_TEST(decoder.heart_beats() == 0u);
    BOOST_TEST(!decoder.version());
    BOOST_TEST(!decoder.next());
    decoder.feed("");
    BOOST_TEST(decoder.capacity() == 0u);
    decoder.release_if_empty();
    BOOST_TEST(!decoder.next());
    decoder.set_version(StompVersion::v1_1);
    BOOST_TEST((decoder.version() == StompVersion::v1_1));
}

BOOST_AUTO_TEST_CASE(prepare_keeps_what_is_buffered)
{
    FrameDecoder decoder;
    auto const bytes = message(3000);
    std::size_t fed = 0;
    for (std::size_t room_size = 1; fed < bytes.size(); room_size = room_size * 3 % 701 + 1) {
        decoder.prepare(room_size * 2); // asked for and not used
        auto const room = decoder.prepare(room_size);
        BOOST_REQUIRE_GE(room.size(), room_size);
        auto const size = std::min((room_size + 1) / 2, bytes.size() - fed); // nor all of this one
        std::memcpy(room.data(), bytes.data() + fed, size);
        decoder.commit(size);
        fed += size;
        BOOST_REQUIRE_EQUAL(decoder.buffered(), fed);
        if (fed < bytes.size())
            BOOST_REQUIRE(!decoder.next());
    }
    auto const frame = decoder.next();
    BOOST_REQUIRE(frame);
    BOOST_TEST((frame->body() == std::string(3000, 'b')));
    BOOST_TEST(decoder.buffered() == 0u);
}

BOOST_AUTO_TEST_CASE(frames_own_their_bytes)
{
    FrameDecoder decoder;
    decoder.feed(message(10));
    auto const frame = decoder.next();
    for (int i = 0; i < 10; ++i)
        decoder.feed(std::string(1000, '\n'));
    decoder.next();
    decoder.release_if_empty();
    BOOST_REQUIRE(frame);
    BOOST_TEST(frame->body() == "bbbbbbbbbb");
    BOOST_TEST(frame->header("destination").value() == "/queue/a");
}

BOOST_AUTO_TEST_CASE(the_buffer_does_not_grow_over_many_frames)
{
    for (auto const piece : {1u, 7u, 100u, 1000u, 4096u}) {
        FrameDecoder decoder;
        auto const bytes = message(100);
        std::string stream;
        for (int i = 0; i < 100; ++i)
            stream += bytes;
        std::size_t frames = 0;
        auto const before = allocations::count();
        for (int i = 0; i < 10; ++i)
            frames += feed_in_pieces(decoder, stream, piece);
        BOOST_TEST(frames == 1000u);
        BOOST_TEST(allocations::count() - before <= frames + 20); // one for each, and the buffer's few
        BOOST_TEST(decoder.capacity() <= 4 * (piece + bytes.size()));
        BOOST_TEST(decoder.offset() == 10 * stream.size());
    }
}

BOOST_AUTO_TEST_CASE(the_buffer_does_not_grow_over_heart_beats)
{
    FrameDecoder decoder;
    std::string const line_ends(1000, '\n');
    for (int i = 0; i < 1000; ++i) {
        decoder.feed(line_ends);
        decoder.next();
    }
    BOOST_TEST(decoder.heart_beats() == 1'000'000u);
    BOOST_TEST(decoder.offset() == 1'000'000u);
    BOOST_TEST(decoder.capacity() <= 2000u);
}

BOOST_AUTO_TEST_CASE(large_bodies_reuse_the_buffer)
{
    FrameDecoder decoder;
    auto const bytes = message(1 << 20);
    std::size_t after_first = 0;
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(feed_in_pieces(decoder, bytes, 16384) == 1u);
        after_first = i == 0 ? decoder.capacity() : after_first;
    }
    BOOST_TEST(decoder.capacity() == after_first);
    BOOST_TEST(decoder.capacity() <= (4u << 20));
}

BOOST_AUTO_TEST_CASE(a_message_takes_at_most_two_allocations)
{
    FrameDecoder decoder;
    decoder.set_version(StompVersion::v1_2);
    std::string stream;
    for (int i = 0; i < 50; ++i)
        stream += message(200);
    decoder.feed(stream);
    BOOST_TEST(decoder.next().has_value());
    for (int i = 1; i < 50; ++i) {
        auto const before = allocations::count();
        auto const frame = decoder.next();
        auto const taken = allocations::count() - before;
        BOOST_REQUIRE(frame);
        BOOST_REQUIRE_LE(taken, 2u);
    }
}

BOOST_AUTO_TEST_CASE(release_if_empty_gives_all_memory_back)
{
    auto const before = allocations::bytes_in_use();
    FrameDecoder decoder;
    {
        std::string bytes = "MESSAGE\n";
        for (int i = 0; i < 1000; ++i)
            bytes += "name:value\n";
        bytes += "\n";
        bytes += '\0';
        decoder.feed(bytes);
        BOOST_REQUIRE(decoder.next());
        decoder.feed("\nMESS");
    }
    decoder.next();
    auto const capacity = decoder.capacity();
    decoder.release_if_empty(); // a frame has begun
    BOOST_TEST(decoder.capacity() == capacity);
    decoder.feed(std::string("AGE\n\n\0", 6));
    BOOST_TEST(decoder.next().value().command() == "MESSAGE");
    auto const offset = decoder.offset();
    decoder.release_if_empty();
    BOOST_TEST(decoder.capacity() == 0u);
    BOOST_TEST(allocations::bytes_in_use() == before);
    BOOST_TEST(decoder.offset() == offset);
    // And goes on as if nothing had been.
    decoder.feed("\n\n:");
    BOOST_CHECK_EXCEPTION(decoder.next(), MalformedFrame,
                          [&](MalformedFrame const& error) { return error.offset() == offset + 2; });
    BOOST_TEST(decoder.heart_beats() == 1u);
}

BOOST_AUTO_TEST_CASE(a_promised_length_takes_no_memory)
{
    FrameDecoder decoder;
    auto const before = allocations::bytes_in_use();
    decoder.feed("MESSAGE\ncontent-length:134217728\n\nbut little comes");
    BOOST_TEST(!decoder.next());
    BOOST_TEST(!decoder.next());
    decoder.prepare(1);
    BOOST_TEST(decoder.capacity() <= 1024u);
    BOOST_TEST(allocations::bytes_in_use() - before <= 2048u);
}

// Were the bytes that came before looked at or moved again for each new one, these would take minutes.
BOOST_AUTO_TEST_CASE(a_large_body_byte_by_byte)
{
    for (std::string_view const length : {"", "content-length:1048576\n"}) {
        FrameDecoder decoder;
        decoder.feed("MESSAGE\n" + std::string(length) + "\n");
        auto const before = allocations::count();
        for (int i = 0; i < (1 << 20); ++i) {
            decoder.feed("x");
            if (decoder.next())
                BOOST_FAIL("a frame too early");
        }
        BOOST_TEST(allocations::count() - before <= 20u);
        decoder.feed(std::string_view("\0", 1));
        BOOST_TEST(decoder.next().value().body().size() == 1u << 20);
    }
}

BOOST_AUTO_TEST_CASE(a_large_head_byte_by_byte)
{
    FrameDecoder decoder;
    std::string head = "MESSAGE\n";
    for (int i = 0; i < 500; ++i)
        head += "name:" + std::string(1000, 'x') + "\r\n";
    head += "long:" + std::string(65536 - 5, '\r') + '\n';
    for (auto const& byte : head) {
        decoder.feed({&byte, 1});
        if (decoder.next())
            BOOST_FAIL("a frame too early");
    }
    decoder.feed(std::string_view("\n\0", 2));
    auto const frame = decoder.next();
    BOOST_REQUIRE(frame);
    BOOST_TEST(frame->headers().size() == 501u);
    BOOST_TEST(frame->header("name").value().size() == 1000u);
    BOOST_TEST(frame->header("long").value().size() == 65536u - 5 - 1);
}

BOOST_AUTO_TEST_CASE(default_limits)
{
    Limits const limits;
    BOOST_TEST(limits.header_line == 65536u);
    BOOST_TEST(limits.headers == 1000u);
    BOOST_TEST(limits.body == 128u << 20);
    BOOST_TEST(limits.frame >= limits.body);
    auto const accepted = [](std::string const& bytes) {
        FrameDecoder decoder;
        decoder.feed(bytes);
        try {
            return decoder.next().has_value();
        } catch (MalformedFrame const&) {
            return false;
        }
    };
    auto const frame_with = [](std::string const& headers) { return "M\n" + headers + "\n" + std::string(1, '\0'); };
    auto const line = [](std::size_t size) { return "a:" + std::string(size - 2, 'x') + "\n"; };
    BOOST_TEST(accepted(frame_with(line(65536))));
    BOOST_TEST(!accepted(frame_with(line(65537))));
    std::string headers;
    for (int i = 0; i < 1000; ++i)
        headers += "a:b\n";
    BOOST_TEST(accepted(frame_with(headers)));
    BOOST_TEST(!accepted(frame_with(headers + "a:b\n")));
    BOOST_TEST(accepted(frame_with("content-length:0\n")));
    BOOST_TEST(!accepted(frame_with("content-length:134217729\n")));
}

BOOST_AUTO_TEST_CASE(a_peer_that_never_ends_is_cut_off)
{
    // However it goes on, not much more than the limit is ever held.
    for (std::string_view const endless : {"x", "a:b", "a:b\n"}) {
        Limits limits;
        limits.header_line = 1000;
        limits.headers = 100;
        limits.body = 10000;
        limits.frame = 20000;
        for (std::string_view const start : {"", "M\n", "M\na:b", "M\n\n"}) {
            FrameDecoder decoder(limits);
            decoder.set_version(StompVersion::v1_0);
            decoder.feed(start);
            auto const endlessly = [&] {
                for (int i = 0; i < 100000; ++i) {
                    decoder.feed(endless);
                    decoder.next();
                }
            };
            BOOST_CHECK_THROW(endlessly(), MalformedFrame);
            BOOST_TEST(decoder.buffered() <= limits.frame + endless.size());
            BOOST_TEST(decoder.capacity() <= 2 * limits.frame + 1024);
        }
    }
}

BOOST_AUTO_TEST_CASE(failure_is_for_good)
{
    FrameDecoder decoder;
    decoder.feed("MESSAGE\n:x\n");
    for (int i = 0; i < 3; ++i) {
        BOOST_CHECK_EXCEPTION(decoder.next(), MalformedFrame, [](MalformedFrame const& error) {
            return error.offset() == 8 && error.reason() == "a header without a name";
        });
        decoder.feed(message(10));
        decoder.release_if_empty();
    }
}

BOOST_AUTO_TEST_CASE(offsets_count_from_the_first_byte_ever)
{
    FrameDecoder decoder;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 1000; ++i) {
        auto const bytes = message(i) + '\n';
        decoder.feed(bytes);
        sum += bytes.size();
        BOOST_REQUIRE(decoder.next());
        BOOST_REQUIRE_EQUAL(decoder.offset(), sum - 1);
        BOOST_REQUIRE(!decoder.next());
        BOOST_REQUIRE_EQUAL(decoder.offset(), sum);
        if (i % 10 == 0)
            decoder.release_if_empty();
    }
    decoder.feed("MESSAGE\na:b\nc\n");
    BOOST_CHECK_EXCEPTION(decoder.next(), MalformedFrame,
                          [&](MalformedFrame const& error) { return error.offset() == sum + 12; });
}

BOOST_AUTO_TEST_CASE(moves_in_the_middle_of_a_frame)
{
    auto const bytes = "\n" + message(50);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        FrameDecoder decoder;
        decoder.set_version(StompVersion::v1_2);
        decoder.feed(std::string_view(bytes).substr(0, cut));
        auto frame = decoder.next();
        FrameDecoder moved(std::move(decoder));
        FrameDecoder assigned;
        assigned = std::move(moved);
        assigned.feed(std::string_view(bytes).substr(cut));
        if (!frame)
            frame = assigned.next();
        BOOST_REQUIRE(frame);
        BOOST_REQUIRE_EQUAL(frame->body().size(), 50u);
        BOOST_REQUIRE_EQUAL(assigned.heart_beats(), 1u);
        BOOST_REQUIRE_EQUAL(assigned.offset(), bytes.size());
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace frame_decoder_tests
