#include "broker_list.hpp"

#include "../protocol/time.hpp"
#include "../transport/connect_transport.hpp"
#include "../transport/peer_protocol.hpp"
#include "../transport/url.hpp"
#include "connect_texts.hpp"
#include "login_refusal.hpp"
#include "session_impl.hpp"
#include "subprotocol.hpp"
#include <arbalest/session/error.hpp>
#include <arbalest/session/with_timeout.hpp>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

// What is known of an attempt while it goes on. Shared, because a timeout leaves the coroutine behind that fills it in.
class Opening
{
public:
    Opening() = default;

    std::vector<ConnectAttempt> attempts;
    std::vector<ConnectAttempt> interrupted; // under way when the operation was cancelled
    std::shared_ptr<Frame const> error_frame;
    ConnectPhase phase = ConnectPhase::resolve;
    std::string endpoint;
    std::optional<BrokerUrl> url;
    bool has_login = false;
    bool has_passcode = false;
};

// What to try instead where the peer is no STOMP broker, or does not look like one.
std::string hint_for_bytes(Opening const& opening, std::string const& first_bytes, boost::system::error_code code)
{
    if (!opening.url)
        return {};
    auto const& url = *opening.url;
    if (!first_bytes.empty())
        return is_not_stomp(first_bytes) ? hint_for_peer(first_bytes, url.transport_kind, url.tls) : std::string();
    if (code == errc::connection_lost && url.transport_kind == TransportKind::tcp && !url.tls)
        return "if that is a TLS port, use stomp+tls://";
    return {};
}

ConnectAttempt describe(Opening const& opening, std::string const& url)
{
    ConnectAttempt attempt;
    attempt.url = url;
    attempt.phase = opening.phase;
    attempt.endpoint = opening.endpoint;
    return attempt;
}

boost::system::system_error noted()
{
    return boost::system::system_error(make_error_code(errc::connect_failed));
}

// What the caller's cancellation or a timeout has brought about is no failed attempt. The code alone does not tell: a
// hook may throw operation_aborted because something of its own was cancelled.
asio::awaitable<void> rethrow_if_cancelled(std::exception_ptr thrown)
{
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        std::rethrow_exception(thrown);
}

// CONNECT and CONNECTED on a transport that is connected.
asio::awaitable<bool> perform_handshake(std::shared_ptr<SessionImpl> impl, std::unique_ptr<Transport> transport,
                                        Handshake handshake, std::shared_ptr<Opening> opening)
{
    opening->phase = ConnectPhase::stomp;
    opening->endpoint = endpoint_of(*transport);
    opening->has_login = !handshake.login.empty();
    opening->has_passcode = !handshake.passcode.empty();
    auto const url = handshake.url;
    auto attempt = describe(*opening, url);
    std::exception_ptr thrown;
    try {
        co_return co_await SessionImpl::perform_handshake(impl, std::move(transport), std::move(handshake));
    } catch (InvalidFrame const&) {
        throw; // the caller's own CONNECT headers, which no other broker would take either
    } catch (InvalidConfig const&) {
        throw;
    } catch (ErrorFrameReceived const& error) {
        attempt.code = error.code();
        attempt.message = error.what();
        attempt.hint = hint_for_error(error.frame(), opening->has_login, opening->has_passcode);
        attempt.login_refused = is_login_refusal(error.frame());
        opening->error_frame = std::make_shared<Frame const>(error.frame());
    } catch (boost::system::system_error const& error) {
        thrown = std::current_exception();
        attempt.code = error.code();
        auto const& first_bytes = impl->first_bytes();
        attempt.message = is_not_stomp(first_bytes) ? describe_peer(first_bytes) : error.what();
        attempt.hint = hint_for_bytes(*opening, first_bytes, error.code());
    } catch (...) { // an interceptor's
        thrown = std::current_exception();
        attempt.code = make_error_code(errc::connect_failed);
        attempt.message = Failure(thrown).what();
    }
    if (thrown)
        co_await rethrow_if_cancelled(thrown);
    opening->attempts.push_back(std::move(attempt));
    throw noted();
}

// What an attempt is made with: as the configuration has it, then as the user's hook wants it.
asio::awaitable<ConnectParameters> prepare(std::shared_ptr<SessionImpl> impl, ConnectParameters parameters,
                                           std::shared_ptr<Opening> opening)
{
    auto const& config = impl->config();
    opening->phase = ConnectPhase::prepare;
    opening->endpoint.clear();
    parameters.connect_headers = config.connect_headers;
    parameters.websocket_headers = config.websocket.headers;
    if (config.host)
        parameters.host = *config.host;
    impl->connecting(parameters.url);
    if (!config.before_connect)
        co_return parameters;
    auto attempt = describe(*opening, parameters.url);
    std::exception_ptr thrown;
    try {
        co_await config.before_connect(parameters);
    } catch (boost::system::system_error const& error) {
        thrown = std::current_exception();
        attempt.code = error.code();
        attempt.message = error.what();
    } catch (...) {
        thrown = std::current_exception();
        attempt.code = make_error_code(errc::connect_failed);
        attempt.message = Failure(thrown).what();
    }
    impl->check_unfinished();
    if (!thrown)
        co_return parameters;
    co_await rethrow_if_cancelled(thrown);
    impl->hooks().callback_failed("before_connect", thrown);
    opening->attempts.push_back(std::move(attempt));
    throw noted();
}

Handshake handshake_of(ConnectParameters parameters, std::string url)
{
    Handshake handshake;
    handshake.url = std::move(url);
    handshake.login = std::move(parameters.login);
    handshake.passcode = std::move(parameters.passcode);
    handshake.host = std::move(parameters.host);
    handshake.headers = std::move(parameters.connect_headers);
    return handshake;
}

asio::awaitable<bool> open_url(std::shared_ptr<SessionImpl> impl, BrokerUrl url, unsigned number,
                               std::shared_ptr<Opening> opening)
{
    auto const& config = impl->config();
    auto const shown = url.shown;
    opening->url = url;
    ConnectParameters given;
    given.url = shown;
    given.attempt = number;
    given.host = url.virtual_host.empty() ? "/" : url.virtual_host;
    // With HTTP in between, credentials in the URL are first of all for that.
    bool const url_counts = url.transport_kind == TransportKind::tcp || config.login.empty();
    given.login = url_counts && !url.login.empty() ? url.login : config.login;
    given.passcode = url_counts && !url.passcode.empty() ? url.passcode : config.passcode;
    auto parameters = co_await prepare(impl, std::move(given), opening);

    opening->phase = ConnectPhase::resolve;
    OnFailedAttempt const failed = [opening, shown](ConnectAttempt attempt) {
        attempt.url = shown;
        if (attempt.code != asio::error::operation_aborted)
            opening->attempts.push_back(std::move(attempt));
        else
            opening->interrupted.push_back(std::move(attempt));
    };
    TransportOptions options;
    options.tcp = config.tcp;
    options.tls = config.tls;
    options.websocket = config.websocket;
    options.websocket.headers = std::move(parameters.websocket_headers);
    // A version that would not be accepted is not offered.
    std::erase_if(options.websocket.subprotocols, [&](std::string const& name) {
        auto const version = version_of_subprotocol(name);
        return version && std::ranges::find(config.accept_versions, *version) == config.accept_versions.end();
    });
    options.proxy = config.proxy;
    options.proxy_tls = config.proxy_tls;
    auto transport = co_await connect_transport(impl->executor(), url, std::move(options), failed);
    auto handshake = handshake_of(std::move(parameters), shown);
    co_return co_await perform_handshake(impl, std::move(transport), std::move(handshake), std::move(opening));
}

asio::awaitable<bool> open_transport(std::shared_ptr<SessionImpl> impl, std::unique_ptr<Transport> transport,
                                     std::shared_ptr<Opening> opening)
{
    auto const url = endpoint_of(*transport);
    ConnectParameters given;
    given.url = url;
    given.host = "/";
    given.login = impl->config().login;
    given.passcode = impl->config().passcode;
    ConnectParameters parameters;
    try {
        parameters = co_await prepare(impl, std::move(given), opening);
    } catch (...) {
        transport->abort();
        throw;
    }
    auto handshake = handshake_of(std::move(parameters), url);
    co_return co_await perform_handshake(impl, std::move(transport), std::move(handshake), std::move(opening));
}

void add_timeout(Opening& opening, std::string const& url, SessionImpl const& impl)
{
    auto interrupted = std::exchange(opening.interrupted, {});
    if (interrupted.empty())
        interrupted.push_back(describe(opening, url));
    auto const first_bytes = opening.phase == ConnectPhase::stomp ? impl.first_bytes() : std::string();
    for (auto& attempt : interrupted) {
        attempt.code = make_error_code(errc::timeout);
        attempt.message =
            describe_timeout(attempt.phase, attempt.phase == ConnectPhase::http ? attempt.message : std::string(),
                             first_bytes, impl.config().connect_timeout);
        opening.attempts.push_back(std::move(attempt));
    }
}

void add_unusable(Opening& opening, std::string const& url, std::string const& reason)
{
    ConnectAttempt attempt;
    attempt.url = mask_url(url);
    attempt.code = boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
    attempt.message = reason;
    opening.attempts.push_back(std::move(attempt));
}

std::vector<std::size_t> order_of(BrokerList const& route, bool shuffle)
{
    std::vector<std::size_t> order(route.urls.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (shuffle)
        std::ranges::shuffle(order, std::minstd_rand(std::random_device()()));
    else if (!order.empty())
        std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(route.first % order.size()),
                    order.end());
    return order;
}

} // namespace

asio::awaitable<bool> connect_over(std::shared_ptr<SessionImpl> impl, std::unique_ptr<Transport> transport)
{
    auto const opening = std::make_shared<Opening>();
    auto const url = endpoint_of(*transport);
    auto const limit = impl->config().connect_timeout;
    auto operation = open_transport(impl, std::move(transport), opening);
    try {
        co_return co_await with_configured_timeout(clock_span(limit), std::move(operation));
    } catch (Timeout const&) {
        add_timeout(*opening, url, *impl);
    } catch (boost::system::system_error const& error) {
        if (error.code() != errc::connect_failed)
            throw;
    }
    throw ConnectError(std::move(opening->attempts), opening->error_frame);
}

asio::awaitable<bool> connect_once(std::shared_ptr<SessionImpl> impl, std::shared_ptr<BrokerList> route)
{
    auto const opening = std::make_shared<Opening>();
    auto const limit = impl->config().connect_timeout;
    for (auto const position : order_of(*route, impl->config().shuffle_urls)) {
        impl->check_unfinished(); // by a hook, or meanwhile
        route->current = position;
        BrokerUrl url;
        std::string unusable;
        try {
            url = parse_url(route->urls[position]);
        } catch (UrlError const& error) {
            unusable = error.reason();
        }
        if (!unusable.empty()) {
            add_unusable(*opening, route->urls[position], unusable);
            continue;
        }
        opening->error_frame.reset();
        auto const shown = url.shown;
        auto const known = opening->attempts.size();
        auto operation = open_url(impl, std::move(url), ++route->attempts, opening);
        try {
            co_await with_configured_timeout(clock_span(limit), std::move(operation));
            route->attempts = 0;
            co_return true;
        } catch (Timeout const&) {
            add_timeout(*opening, shown, *impl);
        } catch (StompError const&) {
            throw; // InvalidFrame or InvalidConfig
        } catch (boost::system::system_error const& error) {
            // Every failure has been noted by then; what has not is the caller's cancellation.
            if (error.code() == asio::error::operation_aborted || opening->attempts.size() == known)
                throw;
        }
    }
    throw ConnectError(std::move(opening->attempts), opening->error_frame);
}

} // namespace arbalest::detail
