#include "url.hpp"

#include <boost/url/parse.hpp>
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
    std::uint16_t default_port;
    Carrier carrier;
    bool tls;
};

constexpr std::array schemes{
    Scheme{"stomp", 61613, Carrier::tcp, false},       Scheme{"stomp+tls", 61614, Carrier::tcp, true},
    Scheme{"stomp+ssl", 61614, Carrier::tcp, true},    Scheme{"stomps", 61614, Carrier::tcp, true},
    Scheme{"ws", 80, Carrier::websocket, false},       Scheme{"wss", 443, Carrier::websocket, true},
    Scheme{"sockjs+http", 80, Carrier::sockjs, false}, Scheme{"sockjs+https", 443, Carrier::sockjs, true},
};

// Zero for what is none. Not Boost.URL's port_number(), which lets some numbers over 65535 through.
std::uint16_t parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, error] = std::from_chars(text.data(), last, port);
    return error == std::errc() && end == last ? port : std::uint16_t{0};
}

} // namespace

BrokerUrl parse_url(std::string_view text)
{
    auto const parsed = boost::urls::parse_uri(text);
    if (!parsed)
        throw std::invalid_argument("not a URL: " + parsed.error().message());
    auto const& view = *parsed;
    // Before the scheme is named: without an authority it may be the login of "login:passcode@host".
    if (!view.has_authority() || view.encoded_host_address().empty())
        throw std::invalid_argument("a URL without a host");
    BrokerUrl url;
    url.scheme = view.scheme();
    std::ranges::transform(url.scheme, url.scheme.begin(), [](unsigned char c) { return std::tolower(c); });
    auto const scheme = std::ranges::find(schemes, url.scheme, &Scheme::name);
    if (scheme == schemes.end())
        throw std::invalid_argument("'" + url.scheme + "' is no scheme that can be connected to");
    url.host = view.host_address();
    // The system would take a NUL for the end of the name, and connect to another host.
    if (std::ranges::any_of(url.host, [](unsigned char c) { return std::iscntrl(c) != 0; }))
        throw std::invalid_argument("a URL with a control character in its host");
    // An empty port is the default one (RFC 3986, 6.2.3).
    std::string const port = view.port();
    url.port = port.empty() ? scheme->default_port : parse_port(port);
    if (url.port == 0)
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
        std::string const path = view.path();
        if (path.size() > 1)
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
    return url;
}

} // namespace arbalest::detail
