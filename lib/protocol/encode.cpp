#include "escape.hpp"
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

void check_header(Header const& header, bool escaped, bool handshake)
{
    auto const contains = [](std::string_view text, char byte) { return text.find(byte) != text.npos; };
    auto const fail = [&](std::string const& reason) { throw InvalidFrame(reason, printable(header.name)); };
    if (header.name.empty())
        throw InvalidFrame("a header needs a name"); // its value could be a passcode
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
    bool escaped;
    bool add_content_length;
};

Checked check(Frame const& frame, StompVersion version, ContentLength content_length)
{
    auto const command = frame.command();
    auto const body = frame.body();
    check_command(command, version);
    bool const handshake = detail::is_handshake_command(command);
    bool const escaped = version != StompVersion::v1_0 && !handshake;
    bool has_length = false;
    for (auto const header : frame.headers()) {
        check_header(header, escaped, handshake);
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
    if (!body.empty() && must_not_have_body(command))
        throw InvalidFrame("a " + std::string(command) + " frame has no body");
    bool const add = !has_length && !body.empty() && content_length == ContentLength::automatic;
    if (!has_length && !add && body.find('\0') != body.npos)
        throw InvalidFrame("a body with a NUL needs a content-length");
    return {escaped, add};
}

void append(std::string& out, std::string_view text, bool escaped, StompVersion version)
{
    if (escaped && detail::needs_escape(text, version))
        detail::append_escaped(out, text, version);
    else
        out += text;
}

} // namespace

void encode(Frame const& frame, StompVersion version, std::string& out, ContentLength content_length)
{
    auto const checked = check(frame, version, content_length);
    auto const body = frame.body();
    auto const before = out.size();
    try {
        out += frame.command();
        out += '\n';
        for (auto const header : frame.headers()) {
            append(out, header.name, checked.escaped, version);
            out += ':';
            append(out, header.value, checked.escaped, version);
            out += '\n';
        }
        if (checked.add_content_length) {
            std::array<char, 20> digits;
            auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), body.size()).ptr;
            out += "content-length:"sv;
            out.append(digits.data(), end);
            out += '\n';
        }
        out += '\n';
        out += body;
        out += '\0';
    } catch (...) { // out of memory: the buffer must not end in half a frame
        out.resize(before);
        throw;
    }
}

void check_encodable(Frame const& frame, StompVersion version, ContentLength content_length)
{
    check(frame, version, content_length);
}

} // namespace arbalest
