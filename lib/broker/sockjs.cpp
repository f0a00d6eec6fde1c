#include "sockjs.hpp"

#include "../protocol/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace arbalest::broker {

namespace {

// The length of the character that the bytes begin with; 0 when there is none.
std::size_t character(std::string_view bytes) noexcept
{
    for (std::size_t size = 1; size <= std::min<std::size_t>(4, bytes.size()); ++size) {
        if (detail::is_utf8(bytes.substr(0, size)))
            return size;
    }
    return 0;
}

void append_utf8(std::string& text, std::uint32_t code)
{
    auto const put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

// Reads JSON (RFC 8259) as far as SockJS needs it.
class Reader
{
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool read(std::string& result)
    {
        skip_space();
        bool const good = rest_.starts_with('[') ? array(result) : string(result);
        skip_space();
        return good && rest_.empty();
    }

private:
    void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

    bool take(char wanted)
    {
        if (!rest_.starts_with(wanted))
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool array(std::string& result)
    {
        take('[');
        skip_space();
        if (take(']'))
            return true;
        do {
            skip_space();
            if (!string(result))
                return false;
            skip_space();
        } while (take(','));
        return take(']');
    }

    bool string(std::string& result)
    {
        if (!take('"'))
            return false;
        for (;;) {
            auto const plain = std::min(rest_.find_first_of("\"\\"), rest_.size());
            auto const part = rest_.substr(0, plain);
            if (std::ranges::any_of(part, [](char byte) { return static_cast<unsigned char>(byte) < 0x20; }))
                return false;
            result += part;
            rest_.remove_prefix(plain);
            if (take('"'))
                return true;
            if (!take('\\') || !escape(result))
                return false;
        }
    }

    bool escape(std::string& result)
    {
        static constexpr std::string_view names = "\"\\/bfnrt";
        static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (take('u'))
            return code_point(result);
        auto const which = rest_.empty() ? names.npos : names.find(rest_.front());
        if (which == names.npos)
            return false;
        result += meanings[which];
        rest_.remove_prefix(1);
        return true;
    }

    bool code_point(std::string& result)
    {
        auto const unit = four_digits();
        if (!unit || (*unit >= 0xDC00 && *unit <= 0xDFFF))
            return false;
        if (*unit < 0xD800 || *unit > 0xDFFF) {
            append_utf8(result, *unit);
            return true;
        }
        if (!take('\\') || !take('u'))
            return false;
        auto const low = four_digits();
        if (!low || *low < 0xDC00 || *low > 0xDFFF)
            return false;
        append_utf8(result, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
        return true;
    }

    std::optional<std::uint32_t> four_digits()
    {
        if (rest_.size() < 4)
            return std::nullopt;
        std::uint32_t value = 0;
        for (char const digit : rest_.substr(0, 4)) {
            static constexpr std::string_view digits = "0123456789abcdef";
            auto const lower = digit >= 'A' && digit <= 'F' ? static_cast<char>(digit - 'A' + 'a') : digit;
            auto const place = digits.find(lower);
            if (place == digits.npos)
                return std::nullopt;
            value = value << 4 | static_cast<std::uint32_t>(place);
        }
        rest_.remove_prefix(4);
        return value;
    }

    std::string_view rest_;
};

} // namespace

bool is_sockjs_session(std::string_view prefix, std::string_view path)
{
    if (!path.starts_with(prefix))
        return false;
    path.remove_prefix(prefix.size());
    for (int part = 0; part < 2; ++part) {
        if (!path.starts_with('/'))
            return false;
        path.remove_prefix(1);
        auto const end = path.find('/');
        auto const name = path.substr(0, end);
        if (end == path.npos || name.empty() || name.find('.') != name.npos)
            return false;
        path.remove_prefix(end);
    }
    return path == "/websocket";
}

std::string sockjs_message(std::string_view bytes)
{
    std::string message = "a[\"";
    while (!bytes.empty()) {
        auto const size = character(bytes);
        auto const first = bytes.front();
        if (size == 0) {
            message += "\xef\xbf\xbd";
        } else if (first == '"' || first == '\\') {
            message += '\\';
            message += first;
        } else if (size == 1 && static_cast<unsigned char>(first) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(first));
            message += escaped;
        } else {
            message += bytes.substr(0, size);
        }
        bytes.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return message += "\"]";
}

std::optional<std::string> read_sockjs(std::string_view message)
{
    std::string result;
    if (!Reader(message).read(result))
        return std::nullopt;
    return result;
}

} // namespace arbalest::broker
