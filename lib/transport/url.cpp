#include "url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace arbalest::detail {

namespace {

struct Scheme
{
    std::string_view name;
    std::uint16_t default_port; // zero: a path in place of host and port
    Carrier carrier;
    bool tls;
};

constexpr std::array schemes{
    Scheme{"stomp", 61613, Carrier::tcp, false},        Scheme{"stomp+tls", 61614, Carrier::tcp, true},
    Scheme{"stomp+ssl", 61614, Carrier::tcp, true},     Scheme{"stomps", 61614, Carrier::tcp, true},
    Scheme{"ws", 80, Carrier::websocket, false},        Scheme{"wss", 443, Carrier::websocket, true},
    Scheme{"stomp+unix", 0, Carrier::tcp, false},       Scheme{"sockjs+http", 80, Carrier::sockjs, false},
    Scheme{"sockjs+https", 443, Carrier::sockjs, true},
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

BrokerUrl parse_url(std::string_view text)
{
    std::string without_zone(text);
    auto const zone = take_zone(without_zone);
    auto const parsed = boost::urls::parse_uri(without_zone);
    if (!parsed)
        throw std::invalid_argument("not a URL: " + parsed.error().message());
    auto const& view = *parsed;
    BrokerUrl url;
    url.scheme = view.scheme();
    std::ranges::transform(url.scheme, url.scheme.begin(), [](unsigned char c) { return std::tolower(c); });
    auto const scheme = std::ranges::find(schemes, url.scheme, &Scheme::name);
    bool const is_local = scheme != schemes.end() && scheme->default_port == 0;
    // Before the scheme is named: without an authority it may be the login of "login:passcode@host".
    if (!is_local && (!view.has_authority() || view.encoded_host_address().empty()))
        throw std::invalid_argument("a URL without a host");
    if (is_local && (!view.has_authority() || !view.encoded_host_address().empty() || view.has_port()))
        throw std::invalid_argument("a stomp+unix URL has neither host nor port, but three slashes before its path");
    if (scheme == schemes.end())
        throw std::invalid_argument("'" + url.scheme + "' is no scheme that can be connected to");
    url.host = view.host_address() + decoded_zone(zone);
    // The system would take a NUL for the end of the name, and connect to another host.
    if (std::ranges::any_of(url.host, [](unsigned char c) { return std::iscntrl(c) != 0; }))
        throw std::invalid_argument("a URL with a control character in its host");
    // An empty port is the default one (RFC 3986, 6.2.3).
    std::string const port = view.port();
    url.port = port.empty() ? scheme->default_port : parse_port(port);
    if (url.port == 0 && !is_local)
        throw std::invalid_argument("a URL whose port is not between 1 and 65535");
    // A passcode that holds a raw slash looks like a port and a path. It must not be taken for one: paths are shown.
    auto const rest = view.encoded_path();
    auto const query = view.encoded_query();
    if ((!rest.empty() && rest.front() != '/') || rest.find('@') != rest.npos || query.find('@') != query.npos)
        throw std::invalid_argument("a URL in which '/', '?' or '@' is not percent-encoded");
    url.login = view.user();
    url.passcode = view.password();
    url.carrier = scheme->carrier;
    url.tls = scheme->tls;
    if (view.has_fragment())
        throw std::invalid_argument("a " + url.scheme + " URL has no fragment");
    if (url.carrier == Carrier::tcp) {
        if (view.has_query())
            throw std::invalid_argument("a " + url.scheme + " URL has no query");
        std::string path = view.path();
        if (is_local && (path.size() < 2 || path.find('\0') != path.npos))
            throw std::invalid_argument("a stomp+unix URL without the path of a socket");
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
