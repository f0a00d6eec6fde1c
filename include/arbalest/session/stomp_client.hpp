#pragma once

#include <arbalest/export.hpp>
#include <arbalest/session/stomp_config.hpp>
#include <arbalest/session/stomp_session.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace arbalest {

/// Opens sessions. It holds nothing but the configuration, which it copies; it may be destroyed before its sessions.
class ARBALEST_DECL StompClient
{
public:
    /// Sessions live on the executor of whoever calls connect(), which in a multi-threaded program must be a strand.
    explicit StompClient(StompConfig config);
    StompClient(); ///< With the default configuration.
    /// Sessions live on the given executor.
    StompClient(boost::asio::any_io_executor executor, StompConfig config);

    /// Connects to a broker and opens a session: resolve, TCP (to each address in turn), what the URL's scheme says on
    /// top of it, CONNECT, CONNECTED, all within `connect_timeout`.
    ///
    /// @param url `scheme://[user[:password]@]host[:port][/…]`, percent-encoded (RFC 3986). Schemes, with their default
    /// ports: `stomp` (61613) and, over TLS, `stomp+tls`, also written `stomp+ssl` and `stomps` (61614), whose path is
    /// the virtual host; `ws` (80), `wss` (443), `sockjs+http` (80) and `sockjs+https` (443), whose path and query are
    /// those of the HTTP request, and whose user and password are sent there too (Basic authentication, RFC 7617).
    /// @returns the session, on the caller's executor, wherever the session itself lives.
    /// @throws InvalidConfig or InvalidFrame, before anything is tried, when a setting has a value that it cannot have,
    /// or that cannot be put into CONNECT; ConnectError with everything that was tried. A failed, timed-out or
    /// cancelled connect leaves no socket; a resolution that hangs is abandoned. All types of cancellation mean the
    /// same.
    boost::asio::awaitable<StompSession> connect(std::string_view url) const;

    /// Tries the URLs in the order given, or in a random one with `shuffle_urls`, each within `connect_timeout`, and
    /// opens a session on the first that works.
    /// @throws as above; ConnectError then holds the attempts at all of them.
    boost::asio::awaitable<StompSession> connect(std::vector<std::string> urls) const;

    /// Connects, runs the function, and disconnects in every case. An exception of the function's is rethrown. When it
    /// is cancelled, the session disconnects by itself, without being waited for. Cancellation is that of what it waits
    /// for: connect(), the function's own operations, disconnect().
    /// @param function called with a `StompSession`; returns an awaitable. Kept alive until it is done.
    /// @returns what the function returns.
    template <class Function>
    std::invoke_result_t<Function&, StompSession> use(std::string_view url, Function function) const;

    /// The configuration of the sessions.
    StompConfig const& config() const noexcept { return *config_; }

private:
    std::shared_ptr<StompConfig const> config_;
    std::optional<boost::asio::any_io_executor> executor_;
};

} // namespace arbalest

#include <arbalest/session/impl/use.hpp>
