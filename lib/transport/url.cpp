#include "url.hpp"

#include "../protocol/peer_text.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace arbalest::detail {

namespace {

struct Scheme
{
    std::string_view name;
    std::uint16_t default_port; // zero: a path in place of host and port
    TransportKind transport_kind;
    bool tls;
};

constexpr std::array schemes{
    Scheme{"stomp", 61613, TransportKind::tcp, false},        Scheme{"stomp+tls", 61614, TransportKind::tcp, true},
    Scheme{"stomp+ssl", 61614, TransportKind::tcp, true},     Scheme{"stomps", 61614, TransportKind::tcp, true},
    Scheme{"ws", 80, TransportKind::websocket, false},        Scheme{"wss", 443, TransportKind::websocket, true},
    Scheme{"stomp+unix", 0, TransportKind::tcp, false},       Scheme{"sockjs+http", 80, TransportKind::sockjs, false},
    Scheme{"sockjs+https", 443, TransportKind::sockjs, true},
};

// Zero for what is none. Not Boost.URL's port_number(), which lets some numbers over 65535 through.
std::uint16_t parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, error] = std::from_chars(text.data(), last, port);
    return error == std::errc() && end == last ? port : std::uint16_t{0};
}

constexpr std::string_view zone_start = "%25";

bool is_zone_character(unsigned char c)
{
    return std::isalnum(c) != 0 || std::string_view("-._~%").find(static_cast<char>(c)) != std::string_view::npos;
}

bool are_digits(std::string_view text) noexcept
{
    return std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_scheme(std::string_view text) noexcept
{
    auto const belongs = [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; };
    return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
           std::ranges::all_of(text, belongs);
}

// The part before "://"; empty when there is none.
std::string_view scheme_of(std::string_view text) noexcept
{
    auto const end = text.find("://");
    auto const scheme = text.substr(0, end == text.npos ? 0 : end);
    return is_scheme(scheme) ? scheme : std::string_view();
}

std::string lower_case(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
    return result;
}

// What to write in place of a scheme that is none of ours.
std::string_view canonical_scheme(std::string_view scheme) noexcept
{
    if (scheme == "tcp" || scheme == "nio" || scheme == "stomp+nio" || scheme == "stomp+tcp")
        return "stomp://";
    if (scheme == "ssl" || scheme == "tls" || scheme == "nio+ssl" || scheme == "stomp+nio+ssl")
        return "stomp+tls://";
    if (scheme == "http")
        return "ws://, or sockjs+http:// for SockJS";
    if (scheme == "https")
        return "wss://, or sockjs+https:// for SockJS";
    return "stomp://, stomp+tls://, ws://, wss://, sockjs+http:// or sockjs+https://";
}

// What parsers only call a syntax error. Empty when there is nothing of that kind.
std::string find_mistake(std::string_view text)
{
    auto const scheme = scheme_of(text);
    if (text.empty())
        return "it is empty; expected is something like stomp://localhost:61613";
    if (scheme.empty()) {
        auto const shown = mask_url(text);
        bool const is_address = text.find_first_of("/?#@ ") == text.npos && shown == text;
        return "it has no scheme; write " + (is_address ? "stomp://" + shown : std::string("stomp://host:port")) +
               ", or stomp+tls:// for TLS";
    }
    auto const rest = text.substr(scheme.size() + 3);
    auto const at = rest.rfind('@');
    auto const credentials = rest.substr(0, at == rest.npos ? 0 : at);
    constexpr std::string_view delimiters = "/?#@[]";
    if (auto const bad = credentials.find_first_of(delimiters); bad != credentials.npos) {
        char const byte = credentials[bad];
        auto const code = byte == '/'   ? "%2F"
                          : byte == '?' ? "%3F"
                          : byte == '#' ? "%23"
                          : byte == '@' ? "%40"
                          : byte == '[' ? "%5B"
                                        : "%5D";
        return std::string("it has a raw '") + byte + "' before its last '@'; in a login or a passcode write " + code +
               (byte == '/' || byte == '?' || byte == '#' ? ", or %40 for an '@' that belongs to the path" : "");
    }
    auto const is_blank = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
    if (std::ranges::any_of(text, is_blank))
        return "it has a blank or a control character; write %20 for a space, or leave it out";
    for (auto percent = text.find('%'); percent != text.npos; percent = text.find('%', percent + 1)) {
        auto const digits = text.substr(percent + 1, 2);
        if (digits.size() < 2 || !std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; }))
            return "it has a '%' that no two hexadecimal digits follow; write %25 for a percent sign";
    }
    auto const authority = rest.substr(credentials.size() + (at == rest.npos ? 0 : 1));
    auto const host = authority.substr(0, authority.find_first_of("/?#"));
    if (std::ranges::count(host, ':') > 1 && !host.starts_with('['))
        return "an IPv6 address stands in brackets, for instance stomp://[::1]:61613";
    if (auto const colon = host.rfind(':'); colon != host.npos && host.find(']', colon) == host.npos &&
                                            !host.substr(colon + 1).empty() && parse_port(host.substr(colon + 1)) == 0)
        return "its port is not a number between 1 and 65535";
    return {};
}

} // namespace

std::string take_zone(std::string& text)
{
    auto const authority = text.find("//");
    if (authority == text.npos)
        return {};
    auto const authority_end = std::min(text.find_first_of("/?#", authority + 2), text.size());
    auto const literal = text.find('[', authority);
    auto const zone = text.find(zone_start, literal);
    auto const literal_end = text.find(']', literal);
    if (literal_end >= authority_end || zone >= literal_end)
        return {};
    auto taken = text.substr(zone, literal_end - zone);
    if (taken.size() == zone_start.size() || !std::ranges::all_of(taken, is_zone_character) ||
        !boost::urls::make_pct_string_view(taken))
        return {};
    text.erase(zone, taken.size());
    return taken;
}

std::string decoded_zone(std::string_view zone)
{
    return zone.empty() ? std::string() : boost::urls::pct_string_view(zone).decode();
}

UrlError::UrlError(std::string const& shown, std::string reason)
    : std::invalid_argument('\'' + shown + "' cannot be used: " + reason), reason_(std::move(reason))
{
}

std::string mask_url(std::string_view text)
{
    constexpr std::string_view mask = "***";
    auto const scheme = scheme_of(text);
    std::string shown(text.substr(0, scheme.empty() ? 0 : scheme.size() + 3));
    auto rest = text.substr(shown.size());
    if (auto const at = rest.rfind('@'); at != rest.npos) {
        shown += mask;
        shown += '@';
        rest.remove_prefix(at + 1);
    }
    auto const end = std::min(rest.find_first_of("/?#"), rest.size());
    auto const host = rest.substr(0, end);
    auto const bracket = host.starts_with('[') ? host.find(']') : std::string_view::npos;
    auto const colon = host.find(':', bracket == host.npos ? 0 : bracket);
    shown += host.substr(0, colon);
    if (colon != host.npos) {
        shown += ':';
        auto const port = host.substr(colon + 1);
        shown += are_digits(port) ? port : mask;
    }
    auto const path = rest.substr(end);
    auto const query = path.find_first_of("?#");
    shown += path.substr(0, query);
    if (query != path.npos) {
        shown += path[query];
        shown += mask;
    }
    return peer_text(shown);
}

BrokerUrl parse_url(std::string_view text)
{
    auto const fail = [text](std::string reason) { throw UrlError(mask_url(text), std::move(reason)); };
    auto const scheme_name = lower_case(scheme_of(text));
    auto const scheme = std::ranges::find(schemes, scheme_name, &Scheme::name);
    // The scheme first: it is what is most often wrong, and with another one the rest may mean something else.
    if (!scheme_name.empty() && scheme == schemes.end())
        fail("'" + peer_text(scheme_name) + "' is no scheme that can be connected to; use " +
             std::string(canonical_scheme(scheme_name)));
    if (auto mistake = find_mistake(text); !mistake.empty())
        fail(std::move(mistake));
    bool const is_local = scheme->default_port == 0;
    std::string without_zone(text);
    auto const zone = take_zone(without_zone);
    auto const parsed = boost::urls::parse_uri(without_zone);
    if (!parsed)
        fail("it is not a URL: " + parsed.error().message());
    auto const& view = *parsed;
    if (!is_local && (!view.has_authority() || view.encoded_host_address().empty()))
        fail("it has no host; expected is something like " + scheme_name + "://localhost");
    if (is_local && (!view.has_authority() || !view.encoded_host_address().empty() || view.has_port()))
        fail("a stomp+unix URL has neither host nor port, but three slashes before its path");
    BrokerUrl url;
    url.scheme = scheme_name;
    url.host = view.host_address() + decoded_zone(zone);
    // The system would take a NUL for the end of the name, and connect to another host.
    if (std::ranges::any_of(url.host, [](unsigned char c) { return std::iscntrl(c) != 0; }))
        fail("its host has a control character");
    // An empty port is the default one (RFC 3986, 6.2.3).
    std::string const port = view.port();
    url.port = port.empty() ? scheme->default_port : parse_port(port);
    if (url.port == 0 && !is_local)
        fail("its port is not a number between 1 and 65535");
    // A passcode that holds a raw slash looks like a port and a path. It must not be taken for one: paths are shown.
    auto const rest = view.encoded_path();
    auto const query = view.encoded_query();
    if ((!rest.empty() && rest.front() != '/') || rest.find('@') != rest.npos || query.find('@') != query.npos)
        fail("'/', '?' or '@' is not percent-encoded");
    url.login = view.user();
    url.passcode = view.password();
    url.transport_kind = scheme->transport_kind;
    url.tls = scheme->tls;
    if (view.has_fragment())
        fail("it has a '#'; write %23 where that belongs to a name");
    if (url.transport_kind == TransportKind::tcp) {
        if (view.has_query())
            fail("it has a '?', but a " + scheme_name + " URL has no query");
        std::string path = view.path();
        if (is_local && (path.size() < 2 || path.find('\0') != path.npos))
            fail("it has no path of a socket");
        if (is_local)
            url.socket_path = std::move(path);
        else if (path.size() > 1)
            url.virtual_host = path.substr(1);
    } else {
        url.target = rest.empty() ? "/" : std::string(rest);
        if (view.has_query())
            url.target += '?' + std::string(query);
    }
    boost::urls::url shown(view);
    shown.remove_userinfo();
    shown.remove_query();
    url.shown = shown.buffer();
    if (!zone.empty())
        url.shown.insert(url.shown.find(']'), zone);
    return url;
}

} // namespace arbalest::detail
