#include "copy_text.hpp"
#include "escape.hpp"
#include "head_text.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace arbalest {

namespace {

using namespace std::string_view_literals;

// STOMP 1.2, "Body": only SEND, MESSAGE and ERROR may have one. Of a command that the specification does not know,
// nothing is forbidden.
bool must_not_have_body(std::string_view command) noexcept
{
    constexpr std::array bodiless{"CONNECT"sv, "STOMP"sv, "CONNECTED"sv, "SUBSCRIBE"sv, "UNSUBSCRIBE"sv, "ACK"sv,
                                  "NACK"sv,    "BEGIN"sv, "COMMIT"sv,    "ABORT"sv,     "DISCONNECT"sv,  "RECEIPT"sv};
    return std::ranges::find(bodiless, command) != bodiless.end();
}

std::string printable(std::string_view text)
{
    std::string result;
    for (char const byte : text.substr(0, 100))
        result += byte >= ' ' && byte <= '~' ? byte : '?';
    return result;
}

void check_command(std::string_view command, StompVersion version)
{
    if (command.empty())
        throw InvalidFrame("a frame needs a command");
    if (std::ranges::any_of(command, [](char c) { return c < '!' || c > '~' || c == ':'; }))
        throw InvalidFrame("'" + printable(command) + "' is no command");
    if (version == StompVersion::v1_0 && command == "NACK")
        throw InvalidFrame("STOMP 1.0 has no NACK");
}

bool contains(std::string_view text, char byte) noexcept
{
    return text.find(byte) != text.npos;
}

void check_header(Header const& header, bool escaped, bool handshake)
{
    auto const fail = [&](std::string const& reason) { throw InvalidFrame(reason, printable(header.name)); };
    if (contains(header.name, '\0') || contains(header.value, '\0'))
        fail("a NUL cannot be encoded in a header");
    if (escaped)
        return;
    if (contains(header.name, ':'))
        fail("a colon in a header's name cannot be encoded in this frame");
    if (contains(header.name, '\n') || contains(header.value, '\n'))
        fail("a line feed cannot be encoded in a header of this frame");
    if (handshake && (contains(header.name, '\r') || contains(header.value, '\r')))
        fail("a carriage return cannot be encoded in a header of this frame");
}

struct Checked
{
    bool escapes; // there may be something to be escaped
    bool add_content_length;
    std::size_t headers_size; // of all the lines, where there is nothing to be escaped
};

Checked check(Frame const& frame, StompVersion version, ContentLength content_length)
{
    auto const command = frame.command();
    auto const body = frame.body();
    bool const is_send = command == "SEND"sv; // about which everything is known
    if (!is_send)
        check_command(command, version);
    bool const handshake = !is_send && detail::is_handshake_command(command);
    bool const escaped = version != StompVersion::v1_0 && !handshake;
    bool has_length = false;
    bool const ordinary = detail::HeadText::is_ordinary(frame);
    std::size_t headers_size = 0;
    for (auto const header : frame.headers()) {
        if (header.name.empty())
            throw InvalidFrame("a header needs a name"); // its value could be a passcode
        if (!ordinary)
            check_header(header, escaped, handshake);
        headers_size += header.name.size() + header.value.size() + 2;
        if (has_length || header.name != "content-length"sv)
            continue;
        has_length = true;
        std::size_t value = 0;
        auto const* const last = header.value.data() + header.value.size();
        auto const [end, error] = std::from_chars(header.value.data(), last, value);
        if (error != std::errc() || end != last || value != body.size())
            throw InvalidFrame("'" + printable(header.value) + "' is not the body's size, which is " +
                                   std::to_string(body.size()),
                               "content-length");
    }
    if (!is_send && !body.empty() && must_not_have_body(command))
        throw InvalidFrame("a " + std::string(command) + " frame has no body");
    bool const add = !has_length && !body.empty() && content_length == ContentLength::automatic;
    if (!has_length && !add && body.find('\0') != body.npos)
        throw InvalidFrame("a body with a NUL needs a content-length");
    return {escaped && !ordinary, add, headers_size};
}

/// The line that tells the length of the body; empty where none is wanted.
class LengthLine
{
public:
    LengthLine(std::size_t length, bool wanted)
    {
        if (!wanted)
            return;
        constexpr auto name = "content-length:"sv;
        auto* const digits = std::ranges::copy(name, text_.data()).out;
        auto* const end = std::to_chars(digits, text_.data() + text_.size() - 1, length).ptr;
        *end = '\n';
        size_ = static_cast<std::size_t>(end + 1 - text_.data());
    }
    std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    std::array<char, 40> text_;
    std::size_t size_ = 0;
};

char* put(char* to, std::string_view text) noexcept
{
    detail::copy_text(to, text.data(), text.size());
    return to + text.size();
}

// The bytes of a frame that has nothing to be escaped: their number is known before.
void append_plain(Frame const& frame, std::string_view length_line, std::size_t headers_size, std::string& out)
{
    auto const before = out.size();
    auto const head = frame.command().size() + 1 + headers_size + length_line.size() + 1;
    auto const needed = before + head + frame.body().size() + 1;
    if (needed > out.capacity()) // then nothing below throws
        out.reserve(std::max(needed, 2 * out.capacity()));
    out.resize(before + head);
    auto* to = put(out.data() + before, frame.command());
    *to++ = '\n';
    for (auto const header : frame.headers()) {
        to = put(to, header.name);
        *to++ = ':';
        to = put(to, header.value);
        *to++ = '\n';
    }
    to = put(to, length_line);
    *to = '\n';
    out += frame.body();
    out += '\0';
}

void append_escaped(Frame const& frame, StompVersion version, std::string_view length_line, std::string& out)
{
    auto const before = out.size();
    try {
        out += frame.command();
        out += '\n';
        for (auto const header : frame.headers()) {
            detail::append_escaped(out, header.name, version);
            out += ':';
            detail::append_escaped(out, header.value, version);
            out += '\n';
        }
        out += length_line;
        out += '\n';
        out += frame.body();
        out += '\0';
    } catch (...) { // out of memory: the buffer must not end in half a frame
        out.resize(before);
        throw;
    }
}

} // namespace

void encode(Frame const& frame, StompVersion version, std::string& out, ContentLength content_length)
{
    auto const checked = check(frame, version, content_length);
    LengthLine const length_line(frame.body().size(), checked.add_content_length);
    if (checked.escapes)
        append_escaped(frame, version, length_line.view(), out);
    else
        append_plain(frame, length_line.view(), checked.headers_size, out);
}

void check_encodable(Frame const& frame, StompVersion version, ContentLength content_length)
{
    check(frame, version, content_length);
}

} // namespace arbalest
