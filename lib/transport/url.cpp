#include "url.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace arbalest::detail {

namespace {

struct Scheme
{
    std::string_view name;
    std::uint16_t default_port;
};

constexpr std::array schemes{Scheme{"stomp", 61613}};

} // namespace

BrokerUrl parse_url(std::string_view text)
{
    auto const parsed = boost::urls::parse_uri(text);
    if (!parsed)
        throw std::invalid_argument("not a URL: " + parsed.error().message());
    auto const& view = *parsed;
    BrokerUrl url;
    url.scheme = view.scheme();
    std::ranges::transform(url.scheme, url.scheme.begin(), [](unsigned char c) { return std::tolower(c); });
    auto const scheme = std::ranges::find(schemes, url.scheme, &Scheme::name);
    if (scheme == schemes.end())
        throw std::invalid_argument("'" + url.scheme + "' is no scheme that can be connected to");
    if (!view.has_authority() || view.encoded_host_address().empty())
        throw std::invalid_argument("a URL without a host");
    url.host = view.host_address();
    url.port = view.has_port() ? view.port_number() : scheme->default_port;
    if (url.port == 0)
        throw std::invalid_argument("'" + std::string(view.port()) + "' is no port");
    url.login = view.user();
    url.passcode = view.password();
    std::string const path = view.path();
    if (path.size() > 1)
        url.virtual_host = path.substr(1);
    if (view.has_query() || view.has_fragment())
        throw std::invalid_argument("a " + url.scheme + " URL has no query and no fragment");
    boost::urls::url shown(view);
    shown.remove_userinfo();
    url.shown = shown.buffer();
    return url;
}

} // namespace arbalest::detail
