#pragma once

#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Value encoding (STOMP 1.2 and 1.1, "Value Encoding"). What a version escapes is asked for by the caller; frames
// without escaping (1.0, CONNECT, CONNECTED) never come here.
namespace arbalest::detail {

/// CONNECT, STOMP and CONNECTED are never escaped, so that a peer can read them before the version is known.
inline bool is_handshake_command(std::string_view command) noexcept
{
    return command == "CONNECTED" || command == "CONNECT" || command == "STOMP";
}

/// The letter that stands behind the backslash for this byte, or NUL when the byte is written as it is.
constexpr char escape_letter(char byte, StompVersion version) noexcept
{
    switch (byte) {
    case '\n':
        return 'n';
    case ':':
        return 'c';
    case '\\':
        return '\\';
    case '\r':
        return version == StompVersion::v1_2 ? 'r' : '\0';
    default:
        return '\0';
    }
}

/// The byte that backslash and this letter stand for; nullopt when the escape is undefined.
constexpr std::optional<char> unescaped_byte(char letter) noexcept
{
    switch (letter) {
    case 'n':
        return '\n';
    case 'c':
        return ':';
    case '\\':
        return '\\';
    case 'r':
        return '\r'; // also in 1.1, which does not define it: Artemis writes it there
    default:
        return std::nullopt;
    }
}

inline bool needs_escape(std::string_view text, StompVersion version) noexcept
{
    for (char const byte : text) {
        if (escape_letter(byte, version) != '\0')
            return true;
    }
    return false;
}

inline void append_escaped(std::string& out, std::string_view text, StompVersion version)
{
    for (char const byte : text) {
        if (char const letter = escape_letter(byte, version)) {
            out += '\\';
            out += letter;
        } else {
            out += byte;
        }
    }
}

/// Where the first undefined escape stands; nullopt when all are defined.
inline std::optional<std::size_t> find_undefined_escape(std::string_view text) noexcept
{
    for (auto i = text.find('\\'); i != text.npos; i = text.find('\\', i + 2)) {
        if (i + 1 == text.size() || !unescaped_byte(text[i + 1]))
            return i;
    }
    return std::nullopt;
}

/// Resolves the escapes in one pass from left to right, in place; an undefined one stays as it is. Returns the new
/// length, which is never greater.
inline std::size_t unescape_in_place(char* text, std::size_t size) noexcept
{
    // Most texts have none, and those that have begin without.
    auto const first = std::string_view(text, size).find('\\');
    if (first == std::string_view::npos)
        return size;
    auto to = first;
    for (auto from = first; from < size; ++from) {
        if (text[from] == '\\' && from + 1 < size) {
            if (auto const byte = unescaped_byte(text[from + 1])) {
                text[to++] = *byte;
                ++from;
                continue;
            }
        }
        text[to++] = text[from];
    }
    return to;
}

} // namespace arbalest::detail
