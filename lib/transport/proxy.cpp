#include "proxy.hpp"

#include "../protocol/peer_text.hpp"
#include "http.hpp"
#include "http_head.hpp"
#include "url.hpp"
#include <arbalest/transport/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

// Reads the head of the proxy's answer. Returns whether more came than that.
asio::awaitable<bool> read_answer(ConnectedStream& socket, HttpHead& answer, boost::system::error_code& code)
{
    bool has_more = false;
    while (!code && answer.state() == HttpHead::State::incomplete) {
        std::array<char, 1024> piece;
        auto const size =
            co_await socket.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, code));
        has_more = answer.take(std::string_view(piece.data(), size)) < size;
    }
    co_return has_more;
}

struct ProxyScheme
{
    std::string_view name;
    ProxyUrl::Kind kind;
    std::uint16_t default_port;
};

constexpr std::array proxy_schemes{
    ProxyScheme{"http", ProxyUrl::Kind::http, 80}, ProxyScheme{"https", ProxyUrl::Kind::https, 443},
    ProxyScheme{"socks5", ProxyUrl::Kind::socks5, 1080},
    ProxyScheme{"socks5h", ProxyUrl::Kind::socks5, 1080}, // as curl calls it when the proxy resolves names
};

constexpr std::size_t longest_socks5_text = 255; // RFC 1929

} // namespace

ProxyUrl parse_proxy(std::string_view text)
{
    std::string without_zone(text);
    auto const zone = take_zone(without_zone);
    auto const parsed = boost::urls::parse_uri(without_zone);
    if (!parsed)
        throw std::invalid_argument("the proxy is not a URL: " + parsed.error().message());
    auto const& view = *parsed;
    std::string scheme = view.scheme();
    std::ranges::transform(scheme, scheme.begin(), [](unsigned char c) { return std::tolower(c); });
    auto const known = std::ranges::find(proxy_schemes, scheme, &ProxyScheme::name);
    if (known == proxy_schemes.end())
        throw std::invalid_argument("the proxy is no http://, https:// or socks5:// URL");
    auto const path = view.encoded_path();
    if (view.encoded_host_address().empty() || (!path.empty() && path != "/") || view.has_query() ||
        view.has_fragment())
        throw std::invalid_argument("the proxy is not " + scheme +
                                    "://host:port, or holds '/', '?' or '@' that is not percent-encoded");
    ProxyUrl proxy;
    proxy.kind = known->kind;
    proxy.host = view.host_address() + decoded_zone(zone);
    if (!is_field_value(proxy.host))
        throw std::invalid_argument("the proxy's host holds a control character");
    std::string const port = view.port();
    proxy.port = known->default_port;
    if (!port.empty()) {
        auto const* const last = port.data() + port.size();
        auto const [end, error] = std::from_chars(port.data(), last, proxy.port);
        if (error != std::errc() || end != last || proxy.port == 0)
            throw std::invalid_argument("the proxy's port is not between 1 and 65535");
    }
    if (!view.has_userinfo())
        return proxy;
    if (proxy.kind != ProxyUrl::Kind::socks5) {
        proxy.authorization = basic_credentials(view.user(), view.password());
        return proxy;
    }
    proxy.login = view.user();
    proxy.passcode = view.password();
    if (proxy.login.empty() || proxy.login.size() > longest_socks5_text || proxy.passcode.size() > longest_socks5_text)
        throw std::invalid_argument("user and password of a SOCKS5 proxy are 1 to 255 bytes long");
    return proxy;
}

asio::awaitable<ConnectedStream> open_tunnel(ConnectedStream socket, ProxyUrl proxy, std::string host,
                                             std::uint16_t port, OnFailedAttempt failed)
{
    ConnectAttempt attempt;
    attempt.phase = ConnectPhase::http;
    attempt.endpoint = remote_text(socket.lowest_layer());

    auto const authority = authority_text(host, port, 0);
    auto request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
    if (!proxy.authorization.empty())
        request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
    request += "\r\n";
    co_await asio::async_write(socket, asio::buffer(request), asio::redirect_error(asio::use_awaitable, attempt.code));
    HttpHead answer;
    bool const has_more = co_await read_answer(socket, answer, attempt.code);
    attempt.http_status = answer.status();
    bool const accepts = answer.status() >= 200 && answer.status() <= 299;
    if (answer.state() == HttpHead::State::not_http) {
        attempt.code = transport_errc::not_http;
        attempt.message = "the proxy does not speak HTTP: it sent '" + peer_text(answer.text(), 60) + '\'';
    } else if (answer.status() != 0 && !accepts) {
        // Whatever became of the connection then.
        if (attempt.code != asio::error::operation_aborted)
            attempt.code = transport_errc::proxy_refused;
        attempt.message = "the proxy answered " + describe_status(answer.status(), answer.reason());
        attempt.hint = attempt.http_status == 407 ? hint_for_status(407, {}, true)
                                                  : "the proxy may not reach " + authority + ", or not allow it";
    } else if (attempt.code == asio::error::operation_aborted) {
        attempt.message = "the proxy did not answer";
    } else if (attempt.code) {
        attempt.message = "the proxy did not answer: " + attempt.code.message();
    } else if (answer.state() == HttpHead::State::too_long) {
        attempt.code = transport_errc::not_http;
        attempt.message = "the proxy's answer is too long";
    } else if (has_more) {
        // Nobody behind the tunnel speaks before us.
        attempt.code = transport_errc::not_http;
        attempt.message = "the proxy sent something behind its answer";
    }
    if (attempt.code)
        fail_attempt(failed, std::move(attempt));
    co_return socket;
}

} // namespace arbalest::detail
