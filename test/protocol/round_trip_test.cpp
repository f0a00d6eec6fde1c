#include "support/rounds.hpp"
#include "wire_vector.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/frame_decoder.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// What encode() writes, the decoder reads back, for thousands of random frames in streams with heart-beats between.
namespace round_trip_tests {

using arbalest::Frame;
using arbalest::FrameDecoder;
using arbalest::StompVersion;

class Generator
{
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t end) { return random_() % end; }

    // Mostly what needs care: escapes, line ends, colons, bytes beyond ASCII.
    std::string text(std::size_t longest, std::string_view forbidden)
    {
        constexpr std::string_view special = "\n\r:\\ncrt\\\\ \xc3\xa4\xff\t";
        std::string result;
        for (auto size = below(longest + 1); result.size() < size;) {
            auto const byte = below(2) == 0 ? special[below(special.size())] : static_cast<char>(1 + below(255));
            if (forbidden.find(byte) == forbidden.npos)
                result += byte;
        }
        return result;
    }

    Frame frame(StompVersion version)
    {
        static constexpr std::string_view commands[] = {
            "SEND",  "MESSAGE",   "ERROR",   "CONNECT", "CONNECTED",
            "STOMP", "SUBSCRIBE", "RECEIPT", "X",       "AN_UNKNOWN.COMMAND"};
        Frame result(commands[below(std::size(commands))]);
        std::string const command(result.command());
        bool const handshake = command == "CONNECT" || command == "CONNECTED" || command == "STOMP";
        bool const literal = handshake || version == StompVersion::v1_0;
        bool const of_server = command == "MESSAGE" || command == "ERROR" || command == "RECEIPT";
        std::string in_values = literal ? "\n" : "";
        if (handshake || (version != StompVersion::v1_2 && !of_server))
            in_values += '\r';
        auto const in_names = in_values + (literal ? ":" : "");
        // There a value is not empty, and begins with no space.
        std::string const before = version == StompVersion::v1_0 ? "v" : "";
        for (auto count = below(12); count > 0; --count) {
            auto const headers = result.headers();
            if (!headers.empty() && below(4) == 0)
                result.add_header(headers[below(headers.size())].name, before + text(30, in_values));
            else
                result.add_header(text(10, in_names) + 'x', before + text(below(50) == 0 ? 2000 : 30, in_values));
        }
        if (command == "SEND" || command == "MESSAGE" || command == "ERROR" || command == "X")
            result.set_body(body());
        return result;
    }

    std::string heart_beats(StompVersion version, std::size_t count)
    {
        std::string result;
        while (count-- > 0)
            result += version == StompVersion::v1_2 && below(2) == 0 ? "\r\n" : "\n";
        return result;
    }

private:
    std::string body()
    {
        std::string result;
        for (auto size = below(10) == 0 ? below(5000) : below(40); result.size() < size;)
            result += static_cast<char>(below(3) == 0 ? 0 : below(256));
        return result;
    }

    std::mt19937 random_;
};

// What a receiver sees: with the content-length that encode() adds.
Frame as_sent(Frame frame)
{
    if (!frame.body().empty())
        frame.add_header("content-length", std::to_string(frame.body().size()));
    return frame;
}

void check_stream(StompVersion version, unsigned seed)
{
    Generator generate(seed);
    std::vector<Frame> sent;
    std::string stream;
    std::uint64_t heart_beats = generate.below(3);
    stream += generate.heart_beats(version, heart_beats);
    for (auto count = 1 + generate.below(10); count > 0; --count) {
        auto const frame = generate.frame(version);
        encode(frame, version, stream);
        sent.push_back(as_sent(frame));
        auto const beats = generate.below(3);
        stream += '\n' + generate.heart_beats(version, beats); // the first line end belongs to the frame
        heart_beats += beats;
    }

    FrameDecoder decoder;
    decoder.set_version(version);
    std::vector<Frame> received;
    auto const longest = 1 + generate.below(generate.below(2) == 0 ? 5 : 3000);
    for (std::string_view rest = stream; !rest.empty();) {
        auto const size = std::min(rest.size(), 1 + generate.below(longest));
        decoder.feed(rest.substr(0, size));
        rest.remove_prefix(size);
        while (auto frame = decoder.next())
            received.push_back(std::move(*frame));
    }
    BOOST_REQUIRE_EQUAL(received.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i)
        BOOST_REQUIRE_MESSAGE(received[i] == sent[i], "frame " << i << " came back changed");
    BOOST_REQUIRE_EQUAL(decoder.heart_beats(), heart_beats);
    BOOST_REQUIRE_EQUAL(decoder.offset(), stream.size());
    BOOST_REQUIRE_EQUAL(decoder.buffered(), 0u);

    // Sent on, it is the same to the byte: what was decoded can be encoded.
    std::string again;
    std::string once;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        encode(received[i], version, again);
        encode(sent[i], version, once);
    }
    BOOST_REQUIRE(again == once);
}

BOOST_AUTO_TEST_SUITE(round_trip)

BOOST_AUTO_TEST_CASE(random_streams)
{
    for (auto const version : {StompVersion::v1_0, StompVersion::v1_1, StompVersion::v1_2}) {
        for (unsigned seed = 1; seed <= arbalest::test::rounds(700U); ++seed) {
            BOOST_TEST_CONTEXT("STOMP " << version << ", seed " << seed)
            {
                check_stream(version, seed);
            }
        }
    }
}

// Whatever bytes a header is made of.
BOOST_AUTO_TEST_CASE(every_byte_in_a_header)
{
    for (auto const version : {StompVersion::v1_0, StompVersion::v1_1, StompVersion::v1_2}) {
        for (int byte = 1; byte < 256; ++byte) {
            auto const c = static_cast<char>(byte);
            if (version == StompVersion::v1_0 && (c == '\n' || c == ':'))
                continue;
            for (auto const& text :
                 {std::string(1, c), std::string("a") + c, c + std::string("a"), std::string(3, c)}) {
                if (version == StompVersion::v1_0 && text.front() == ' ')
                    continue;
                Frame frame("MESSAGE");
                frame.add_header(text, text);
                std::string bytes;
                encode(frame, version, bytes);
                FrameDecoder decoder;
                decoder.set_version(version);
                decoder.feed(bytes);
                auto const received = decoder.next();
                BOOST_REQUIRE(received);
                BOOST_REQUIRE_MESSAGE(*received == frame, "byte " << byte << " in STOMP " << version);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace round_trip_tests
