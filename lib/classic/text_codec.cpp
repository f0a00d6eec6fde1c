#include "text_codec.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <iconv.h>
#include <stdexcept>
#include <utility>

namespace arbalest::classic::detail {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

// How many bytes at the front are one character, and whether they are; if not, how many to replace by one U+FFFD.
std::pair<std::size_t, bool> first_character(std::string_view text)
{
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    auto const lead = byte(0);
    if (lead < 0x80)
        return {1, true};
    std::size_t const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4)
        return {1, false};
    // The second byte excludes overlong forms, surrogates and what is beyond U+10FFFF.
    unsigned const lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned const highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    std::size_t size = 1;
    for (; size < length; ++size) {
        if (size == text.size())
            return {size, false};
        auto const next = byte(size);
        if (size == 1 ? next < lowest || next > highest : next < 0x80 || next > 0xbf)
            return {size, false};
    }
    return {length, true};
}

class Conversion
{
public:
    Conversion(char const* to, char const* from) : handle_(::iconv_open(to, from)) {}
    Conversion(Conversion const&) = delete;
    Conversion& operator=(Conversion const&) = delete;
    ~Conversion()
    {
        if (is_known())
            ::iconv_close(handle_);
    }

    bool is_known() const noexcept { return handle_ != reinterpret_cast<iconv_t>(-1); }

    /// @param unknown is called with what cannot be converted: returns how many bytes of it to leave out, after having
    /// appended what stands for them.
    template <class Unknown>
    std::string convert(std::string_view text, Unknown unknown)
    {
        std::string result;
        std::array<char, 4096> out;
        auto* in = const_cast<char*>(text.data()); // iconv() changes the pointer only
        std::size_t left = text.size();
        while (left > 0) {
            auto* end = out.data();
            std::size_t room = out.size();
            auto const code = ::iconv(handle_, &in, &left, &end, &room);
            auto const error = errno;
            result.append(out.data(), end);
            if (code == static_cast<std::size_t>(-1) && error != E2BIG) {
                auto const skipped = std::min(left, unknown(std::string_view(in, left), result));
                in += skipped;
                left -= skipped;
            }
        }
        auto* end = out.data();
        std::size_t room = out.size();
        ::iconv(handle_, nullptr, nullptr, &end, &room); // back to the initial state of the encoding
        result.append(out.data(), end);
        return result;
    }

private:
    iconv_t handle_;
};

} // namespace

std::optional<std::string> replace_ill_formed(std::string_view text)
{
    std::optional<std::string> result;
    std::size_t position = 0;
    while (position < text.size()) {
        auto const [size, is_character] = first_character(text.substr(position));
        if (!is_character && !result)
            result.emplace(text.substr(0, position));
        if (result)
            result->append(is_character ? text.substr(position, size) : replacement);
        position += size;
    }
    return result;
}

TextCodec::TextCodec(std::string encoding)
{
    std::string name = encoding;
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
    if (name == "utf-8" || name == "utf8")
        return;
    encoding_ = name == "latin-1" || name == "latin1" ? "ISO-8859-1" : std::move(encoding);
    // What iconv() would take for its own options, or for the locale's encoding, is no name.
    bool const is_name =
        !encoding_.empty() && encoding_.find_first_of(std::string_view("/ \0", 3)) == std::string::npos;
    if (!is_name || !Conversion("UTF-8", encoding_.c_str()).is_known() ||
        !Conversion(encoding_.c_str(), "UTF-8").is_known())
        throw std::invalid_argument("'" + encoding_ + "' is no encoding that is known here");
}

std::optional<std::string> TextCodec::decode(std::string_view body) const
{
    if (encoding_.empty())
        return replace_ill_formed(body);
    return Conversion("UTF-8", encoding_.c_str()).convert(body, [](std::string_view, std::string& result) {
        result += replacement;
        return std::size_t{1};
    });
}

std::optional<std::string> TextCodec::encode(std::string_view text) const
{
    if (encoding_.empty())
        return std::nullopt;
    return Conversion(encoding_.c_str(), "UTF-8").convert(text, [](std::string_view rest, std::string& result) {
        result += '?';
        return first_character(rest).first;
    });
}

} // namespace arbalest::classic::detail
