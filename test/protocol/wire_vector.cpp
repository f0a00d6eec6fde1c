#include "wire_vector.hpp"

#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <ostream>
#include <random>

namespace wire {

using arbalest::Frame;
using arbalest::FrameDecoder;
using arbalest::MalformedFrame;

namespace {

constexpr std::string_view mark = "<!>";

std::string printable(std::string_view text)
{
    std::string result;
    for (char const byte : text.substr(0, 300)) {
        if (byte == '\0')
            result += "^@";
        else if (byte == '\n')
            result += "\\n";
        else if (byte == '\r')
            result += "\\r";
        else
            result += byte;
    }
    return result;
}

std::string name_of(Version version)
{
    return version ? std::string(to_string(*version)) : "unknown version";
}

} // namespace

std::string bytes(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        if (text.substr(i, 2) == "^@") {
            result += '\0';
            i += 2;
        } else if (text.substr(i, mark.size()) == mark) {
            i += mark.size();
        } else {
            result += text[i++];
        }
    }
    return result;
}

std::ostream& operator<<(std::ostream& out, Result const& result)
{
    for (auto const& frame : result.frames) {
        out << "{" << printable(frame.command());
        for (auto const header : frame.headers())
            out << " [" << printable(header.name) << "]=[" << printable(header.value) << "]";
        out << " body[" << frame.body().size() << "]=[" << printable(frame.body()) << "]} ";
    }
    out << result.heart_beats << " heart-beats, ";
    if (result.failed)
        return out << "failure '" << result.reason << "' at " << result.offset;
    return out << "next frame at " << result.offset << ", " << result.buffered << " bytes buffered";
}

Vector::Vector(std::string_view wire_text) : text_(wire_text), bytes_(bytes(wire_text))
{
    if (auto const place = wire_text.find(mark); place != wire_text.npos)
        mark_ = bytes(wire_text.substr(0, place)).size();
}

Vector& Vector::in(std::initializer_list<Version> versions)
{
    versions_ = versions;
    return *this;
}

Vector& Vector::limit_frame(std::size_t size)
{
    limits_.frame = size;
    return *this;
}

Vector& Vector::limit_line(std::size_t size)
{
    limits_.header_line = size;
    return *this;
}

Vector& Vector::limit_headers(std::size_t count)
{
    limits_.headers = count;
    return *this;
}

Vector& Vector::limit_body(std::size_t size)
{
    limits_.body = size;
    return *this;
}

Vector& Vector::negotiating()
{
    negotiating_ = true;
    return *this;
}

Vector& Vector::gives(std::string_view command, Headers headers, std::string_view body_text)
{
    Frame frame(command);
    for (auto const& [name, value] : headers)
        frame.add_header(bytes(name), bytes(value));
    frame.set_body(bytes(body_text));
    frames_.push_back(std::move(frame));
    return *this;
}

Vector& Vector::heart_beats(std::uint64_t count)
{
    heart_beats_ = count;
    return *this;
}

Vector& Vector::wants_more()
{
    BOOST_REQUIRE_MESSAGE(mark_, "no mark in " << text_);
    return *this;
}

Vector& Vector::fails(std::string_view reason_part)
{
    BOOST_REQUIRE_MESSAGE(mark_, "no mark in " << text_);
    fails_ = true;
    reason_part_ = reason_part;
    return *this;
}

// Feeds pieces to a decoder as a session would: after each piece it takes all frames that are there.
struct Vector::Feeder
{
    Vector const& row;
    FrameDecoder decoder;
    Result result;

    Feeder(Vector const& row, Version version) : row(row), decoder(row.limits_)
    {
        if (version)
            decoder.set_version(*version);
    }

    void feed(std::string_view piece)
    {
        // Both ways in, which must come to the same.
        if (piece.size() % 2 == 0) {
            decoder.feed(piece);
        } else {
            auto const room = decoder.prepare(piece.size());
            BOOST_REQUIRE_GE(room.size(), piece.size());
            std::memcpy(room.data(), piece.data(), piece.size());
            decoder.commit(piece.size());
        }
        take();
    }

    void take()
    {
        try {
            while (auto frame = decoder.next()) {
                BOOST_REQUIRE(!result.failed); // a failure must be for good
                if (row.negotiating_ && frame->command() == "CONNECTED")
                    decoder.set_version(*arbalest::parse_stomp_version(frame->header("version").value_or("1.0")));
                result.frames.push_back(std::move(*frame));
            }
            BOOST_REQUIRE(!result.failed);
        } catch (MalformedFrame const& failure) {
            if (result.failed) {
                BOOST_REQUIRE_EQUAL(failure.reason(), result.reason);
                BOOST_REQUIRE_EQUAL(failure.offset(), result.offset);
            }
            result.failed = true;
            result.reason = failure.reason();
            result.offset = failure.offset();
        }
    }

    Result finish()
    {
        take(); // again: nothing new, or the same failure
        result.heart_beats = decoder.heart_beats();
        if (!result.failed) {
            result.offset = decoder.offset();
            result.buffered = decoder.buffered();
        }
        return std::move(result);
    }
};

Result Vector::decode(Version version, std::vector<std::size_t> const& cuts) const
{
    Feeder feeder(*this, version);
    std::size_t from = 0;
    for (auto const cut : cuts) {
        feeder.feed(std::string_view(bytes_).substr(from, cut - from));
        from = cut;
    }
    feeder.feed(std::string_view(bytes_).substr(from));
    return feeder.finish();
}

void Vector::check(Version version) const
{
    BOOST_TEST_CONTEXT("in " << name_of(version) << ": " << printable(text_))
    {
        auto const whole = decode(version, {});
        Result expected{frames_, heart_beats_, fails_, whole.reason, mark_.value_or(bytes_.size()), 0};
        if (!fails_) {
            expected.reason.clear();
            expected.buffered = bytes_.size() - expected.offset;
        }
        BOOST_TEST(whole == expected, "got " << whole << "\nbut expected " << expected);
        if (fails_)
            BOOST_TEST(whole.reason.find(reason_part_) != std::string::npos, "the reason is '" << whole.reason << "'");

        std::vector<std::size_t> every_byte;
        for (std::size_t cut = 1; cut < bytes_.size(); ++cut)
            every_byte.push_back(cut);
        if (auto const result = decode(version, every_byte); result != whole)
            BOOST_ERROR("byte by byte: " << result << "\nbut in one piece: " << whole);
        for (auto const cut : every_byte) {
            if (auto const result = decode(version, {cut}); result != whole)
                BOOST_ERROR("cut at " << cut << ": " << result << "\nbut in one piece: " << whole);
        }
        std::mt19937 random(static_cast<unsigned>(bytes_.size()));
        for (int round = 0; round < 20; ++round) {
            std::vector<std::size_t> cuts;
            for (auto const cut : every_byte) {
                if (random() % 4 == 0)
                    cuts.push_back(cut);
            }
            if (auto const result = decode(version, cuts); result != whole)
                BOOST_ERROR("at random cuts: " << result << "\nbut in one piece: " << whole);
        }
    }
}

void Vector::check() const
{
    for (auto const version : versions_)
        check(version);
}

void check_all(std::vector<Vector> const& table)
{
    std::size_t pairs = 0;
    for (auto const& row : table) {
        row.check();
        pairs += row.count();
    }
    BOOST_TEST_MESSAGE(table.size() << " wire vectors, " << pairs << " with their versions");
}

} // namespace wire
