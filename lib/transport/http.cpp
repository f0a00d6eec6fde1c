#include "http.hpp"

#include "../protocol/peer_text.hpp"

#include <algorithm>
#include <array>
#include <openssl/evp.h>
#include <set>
#include <utility>

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
                                : "the server redirects to " + peer_text(location);
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

std::string describe_status(unsigned status, std::string_view reason)
{
    auto text = std::to_string(status);
    if (!reason.empty())
        text += ' ' + peer_text(reason);
    return text;
}

namespace {

/// The next part of a list, without blanks around it.
std::string_view take_part(std::string_view& list, char separator)
{
    auto const size = std::min(list.find(separator), list.size());
    auto part = list.substr(0, size);
    list.remove_prefix(std::min(size + 1, list.size()));
    while (part.starts_with(' ') || part.starts_with('\t'))
        part.remove_prefix(1);
    while (part.ends_with(' ') || part.ends_with('\t'))
        part.remove_suffix(1);
    return part;
}

// Of permessage-deflate; 8 is allowed, but zlib has no such window.
bool is_window_size(std::string_view value)
{
    if (value.size() > 2 && value.starts_with('"') && value.ends_with('"'))
        value = value.substr(1, value.size() - 2);
    constexpr std::array<std::string_view, 7> sizes{"9", "10", "11", "12", "13", "14", "15"};
    return std::ranges::find(sizes, value) != sizes.end();
}

} // namespace

bool are_extensions_offered(std::string_view extensions, bool deflate)
{
    bool is_chosen = false;
    while (!extensions.empty()) {
        auto extension = take_part(extensions, ',');
        if (extension.empty())
            continue; // RFC 9110, 5.6.1: empty elements of a list are ignored
        if (!deflate || std::exchange(is_chosen, true) || take_part(extension, ';') != "permessage-deflate")
            return false;
        std::set<std::string_view> seen;
        while (!extension.empty()) {
            auto value = take_part(extension, ';');
            auto const name = take_part(value, '=');
            bool const has_window = name == "server_max_window_bits" || name == "client_max_window_bits";
            bool const is_flag = name == "server_no_context_takeover" || name == "client_no_context_takeover";
            if (!seen.insert(name).second || (has_window ? !is_window_size(value) : !is_flag || !value.empty()))
                return false;
        }
    }
    return true;
}

} // namespace arbalest::detail
