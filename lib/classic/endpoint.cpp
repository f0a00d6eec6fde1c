#include "endpoint.hpp"

#include "../session/connect_texts.hpp"
#include "brokers.hpp"
#include <arbalest/session/error.hpp>
#include <arbalest/session/with_timeout.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <random>
#include <sstream>
#include <utility>

namespace arbalest::classic::detail {

namespace asio = boost::asio;

Endpoint::Endpoint(HostAndPort broker, arbalest::detail::TransportKind transport_kind,
                   std::optional<TlsOptions> const& tls, std::string const& target)
    : host_and_port(std::move(broker))
{
    bool const is_websocket = transport_kind == arbalest::detail::TransportKind::websocket;
    url.host = host_and_port.host;
    url.port = host_and_port.port;
    url.transport_kind = transport_kind;
    url.tls = tls.has_value();
    url.target = target;
    url.scheme = is_websocket ? (tls ? "wss" : "ws") : (tls ? "stomp+tls" : "stomp");
    std::ostringstream shown;
    shown << url.scheme << "://" << host_and_port;
    if (is_websocket)
        shown << target.substr(0, target.find('?')); // a query may hold what is secret
    url.shown = shown.str();
    if (tls)
        options.tls = *tls;
}

asio::awaitable<std::unique_ptr<Transport>> try_endpoint(Endpoint endpoint, std::chrono::nanoseconds limit,
                                                         std::shared_ptr<std::vector<ConnectAttempt>> attempts)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const shown = endpoint.url.shown;
    auto const known = attempts->size();
    auto const interrupted = std::make_shared<std::vector<ConnectAttempt>>(); // under way at the timeout
    arbalest::detail::OnFailedAttempt const failed = [attempts, interrupted, shown](ConnectAttempt attempt) {
        attempt.url = shown;
        auto const& list = attempt.code == asio::error::operation_aborted ? interrupted : attempts;
        list->push_back(std::move(attempt));
    };
    ConnectAttempt attempt;
    attempt.url = shown;
    attempt.phase = ConnectPhase::tcp;
    try {
        auto connecting =
            arbalest::detail::connect_transport(executor, endpoint.url, std::move(endpoint.options), failed);
        auto transport = co_await arbalest::detail::with_configured_timeout(limit, std::move(connecting));
        co_return transport;
    } catch (Timeout const& error) {
        if (interrupted->empty())
            interrupted->push_back(attempt);
        for (auto& each : *interrupted) {
            each.code = error.code();
            bool const is_http = each.phase == ConnectPhase::http;
            each.message =
                arbalest::detail::describe_timeout(each.phase, is_http ? each.message : std::string(), {},
                                                   std::chrono::duration_cast<std::chrono::milliseconds>(limit));
            attempts->push_back(each);
        }
    } catch (boost::system::system_error const& error) {
        if (error.code() == asio::error::operation_aborted)
            throw;
        // Most have been noted where they happened.
        if (attempts->size() == known) {
            attempt.code = error.code();
            attempt.message = error.what();
            attempts->push_back(attempt);
        }
    }
    co_return nullptr;
}

namespace {

// Of tries without end, only the last ones are worth remembering.
constexpr std::size_t most_attempts = 100;

double random_part()
{
    thread_local std::minstd_rand generator{std::random_device()()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

} // namespace

asio::awaitable<Established> connect_any(ConnectPlan plan)
{
    auto const attempts = std::make_shared<std::vector<ConnectAttempt>>();
    auto const& options = plan.options;
    int failures = 0;
    unsigned rounds = 0;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (options.reconnect_attempts_max < 0 || failures < options.reconnect_attempts_max) {
        if (rounds > 0) {
            timer.expires_after(reconnect_sleep(options, rounds, random_part()));
            co_await timer.async_wait(asio::use_awaitable);
            if (attempts->size() > most_attempts)
                attempts->clear();
        }
        ++rounds;
        for (auto const& endpoint : plan.endpoints) {
            auto trying = try_endpoint(endpoint, plan.limit, attempts);
            auto transport = co_await std::move(trying);
            if (transport) {
                Established established;
                established.host_and_port = endpoint.host_and_port;
                established.transport = std::move(transport);
                co_return established;
            }
            if (options.reconnect_attempts_max >= 0)
                ++failures;
        }
    }
    throw ConnectError(std::move(*attempts));
}

} // namespace arbalest::classic::detail
