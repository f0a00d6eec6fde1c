#include "road.hpp"

#include <arbalest/session/error.hpp>
#include <arbalest/session/with_timeout.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <sstream>
#include <utility>

namespace arbalest::classic::detail {

namespace asio = boost::asio;

Road::Road(HostAndPort broker, arbalest::detail::Carrier carrier, std::optional<TlsOptions> const& tls,
           std::string const& target)
    : host_and_port(std::move(broker))
{
    bool const is_websocket = carrier == arbalest::detail::Carrier::websocket;
    url.host = host_and_port.host;
    url.port = host_and_port.port;
    url.carrier = carrier;
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

asio::awaitable<std::unique_ptr<Transport>> try_road(Road road, std::chrono::nanoseconds limit,
                                                     std::shared_ptr<std::vector<ConnectAttempt>> attempts)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const shown = road.url.shown;
    auto const known = attempts->size();
    arbalest::detail::OnFailedAttempt const failed = [attempts, shown](ConnectAttempt attempt) {
        attempt.url = shown;
        if (attempt.code != asio::error::operation_aborted)
            attempts->push_back(std::move(attempt));
    };
    ConnectAttempt attempt;
    attempt.url = shown;
    attempt.phase = ConnectPhase::tcp;
    try {
        auto connecting = arbalest::detail::connect_transport(executor, road.url, std::move(road.options), failed);
        auto transport = co_await with_timeout(limit, std::move(connecting));
        co_return transport;
    } catch (Timeout const& error) {
        attempt.code = error.code();
        attempt.message = "not connected within " +
                          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count()) + " ms";
        attempts->push_back(attempt);
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

} // namespace arbalest::classic::detail
