#include "http.hpp"

#include <algorithm>
#include <openssl/evp.h>

namespace arbalest::detail {

std::string basic_credentials(std::string_view user, std::string_view password)
{
    std::string plain(user);
    plain += ':';
    plain += password;
    std::string encoded((plain.size() + 2) / 3 * 4 + 1, '\0'); // with the NUL that OpenSSL adds
    auto const* const bytes = reinterpret_cast<unsigned char const*>(plain.data());
    auto const size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), bytes, static_cast<int>(plain.size()));
    encoded.resize(static_cast<std::size_t>(size));
    return "Basic " + encoded;
}

std::string authority_text(std::string_view host, std::uint16_t port, std::uint16_t default_port)
{
    std::string text(host);
    if (host.find(':') != host.npos)
        text = '[' + text.substr(0, text.find('%')) + ']'; // a zone means nothing to others (RFC 6874, 4)
    if (port != default_port)
        text += ':' + std::to_string(port);
    return text;
}

bool is_field_name(std::string_view name) noexcept
{
    auto const is_token = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    };
    return !name.empty() && std::ranges::all_of(name, is_token);
}

bool is_field_value(std::string_view value) noexcept
{
    return std::ranges::none_of(value, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

std::string hint_for_status(unsigned status, std::string_view location, bool through_proxy)
{
    switch (status) {
    case 200:
    case 400: // Spring's
    case 404:
        return "there is no WebSocket at that path; a SockJS endpoint has one at its path with /websocket behind it";
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return location.empty() ? std::string("the server redirects, and does not say where to")
                                : "the server redirects to " + printable_excerpt(location);
    case 401:
    case 403:
        return "the server wants other credentials: user and password in the URL, or WebSocketOptions::headers; or it "
               "does not allow the Origin";
    case 407:
        return "the proxy wants credentials: http://user:password@host:port";
    case 502:
    case 503:
    case 504:
        return through_proxy ? "the answer may come from the proxy: can it reach the host?" : std::string();
    default:
        return {};
    }
}

std::string printable_excerpt(std::string_view text)
{
    constexpr std::size_t longest = 200;
    std::string result;
    for (char const byte : text.substr(0, longest))
        result += byte >= ' ' && byte <= '~' ? byte : '?';
    if (text.size() > longest)
        result += "…";
    return result;
}

} // namespace arbalest::detail
