#include "peer_text.hpp"

#include "utf8.hpp"

#include <algorithm>

namespace arbalest::detail {

namespace {

unsigned code_point(std::string_view character) noexcept
{
    unsigned const first = static_cast<unsigned char>(character.front());
    unsigned code = character.size() == 1 ? first : first & (0x7fU >> character.size());
    for (char const byte : character.substr(1))
        code = code << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
    return code;
}

// Controls (C0, DEL, C1), separators of lines and paragraphs, marks and overrides of the direction of writing, and the
// byte order mark.
bool is_printable(unsigned code) noexcept
{
    return code >= 0x20 && (code < 0x7f || code > 0x9f) && code != 0x061c && code != 0x200e && code != 0x200f &&
           (code < 0x2028 || code > 0x202e) && (code < 0x2066 || code > 0x2069) && code != 0xfeff;
}

void append_escaped_byte(std::string& out, char byte)
{
    constexpr std::string_view digits = "0123456789abcdef";
    switch (byte) {
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        out += "\\x";
        out += digits[static_cast<unsigned char>(byte) >> 4];
        out += digits[static_cast<unsigned char>(byte) & 0xf];
    }
}

} // namespace

std::string peer_text(std::string_view text, std::size_t longest)
{
    auto rest = text.substr(0, longest);
    bool const is_cut = rest.size() < text.size();
    // Not inside a character.
    for (std::size_t back = 1; is_cut && back < std::min<std::size_t>(rest.size(), 4); ++back) {
        auto const last = rest.substr(rest.size() - back);
        if (is_continuation(last.front()))
            continue;
        if (character_size(last) == 0)
            rest.remove_suffix(back);
        break;
    }
    std::string result;
    while (!rest.empty()) {
        auto const size = character_size(rest);
        auto const character = rest.substr(0, std::max<std::size_t>(size, 1));
        if (size != 0 && is_printable(code_point(character))) {
            result += character;
        } else {
            for (char const byte : character)
                append_escaped_byte(result, byte);
        }
        rest.remove_prefix(character.size());
    }
    if (is_cut)
        result += "…";
    return result;
}

} // namespace arbalest::detail
