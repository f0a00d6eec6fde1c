#pragma once

#include <arbalest/classic/connection.hpp>
#include <arbalest/export.hpp>
#include <arbalest/transport/stream_transport.hpp>
#include <arbalest/transport/transport.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace arbalest::classic {

/// A WebSocket that is open already, or anything else that carries STOMP. Copies are the same one, and it can be used
/// for one connection.
class OpenWebSocket
{
public:
    /// None.
    OpenWebSocket() noexcept = default;
    /// @param stream for instance a `beast::websocket::stream` after its handshake, with
    /// <arbalest/transport/over_websocket.hpp> included. Its executor is run by the program.
    template <class Stream>
    requires(!std::is_convertible_v<Stream&&, std::unique_ptr<Transport>> &&
             !std::is_base_of_v<OpenWebSocket, std::remove_cvref_t<Stream>>) explicit OpenWebSocket(Stream stream)
    {
        auto const executor = boost::asio::any_io_executor(stream.get_executor());
        auto kept = std::make_shared<Stream>(std::move(stream));
        state_ = std::make_shared<State>(executor, [kept](WebSocketOptions const& options) {
            return TransportFor<Stream>::make(std::move(*kept), options);
        });
    }
    /// @param transport not null.
    explicit OpenWebSocket(std::unique_ptr<Transport> transport)
    {
        auto const executor = transport->get_executor();
        auto kept = std::make_shared<std::unique_ptr<Transport>>(std::move(transport));
        state_ = std::make_shared<State>(executor, [kept](WebSocketOptions const&) { return std::move(*kept); });
    }

    explicit operator bool() const noexcept { return state_ != nullptr; } ///< Whether there is one.
    /// There must be one.
    boost::asio::any_io_executor get_executor() const { return state_->executor; }
    /// Takes it; nullptr when there is none any more. From any thread, also of several copies at once.
    std::unique_ptr<Transport> take(WebSocketOptions const& options) const
    {
        bool const is_there = state_ && !state_->taken.exchange(true);
        return is_there ? std::exchange(state_->make, nullptr)(options) : nullptr;
    }

private:
    struct State
    {
        using Make = std::function<std::unique_ptr<Transport>(WebSocketOptions const&)>;
        State(boost::asio::any_io_executor executor, Make make) : executor(std::move(executor)), make(std::move(make))
        {
        }
        boost::asio::any_io_executor executor;
        Make make;
        std::atomic<bool> taken{false};
    };
    std::shared_ptr<State> state_;
};

/// The options of WSConnection.
class WSConnectionOptions : public ConnectionOptions
{
public:
    WSConnectionOptions() = default;
    /// With these brokers.
    WSConnectionOptions(std::vector<HostAndPort> brokers) : ConnectionOptions(std::move(brokers)) {}

    /// A WebSocket that is open already: the next connect() uses it instead of the brokers, and only that one. Its
    /// executor is that of the connection. Default none.
    OpenWebSocket ws;
    /// Path and query of the handshake, percent-encoded. Default empty: "/".
    std::string ws_path;
    /// Further header fields of the handshake. Default none.
    Headers header;
    /// Whether frames are sent as binary messages instead of text. Default false.
    bool binary_mode = false;
};

/// A connection that speaks STOMP 1.2 over a WebSocket.
class ARBALEST_DECL WSConnection : public BaseConnection
{
public:
    /// @param options default: as in WSConnectionOptions, to localhost, port 8080.
    explicit WSConnection(WSConnectionOptions options = WSConnectionOptions());
    /// @param url `ws://` or `wss://`, for instance "ws://localhost:61614/stomp"; it stands for `host_and_ports`,
    /// `ws_path` and set_ssl(). User and password in it are for the handshake (Basic authentication, RFC 7617).
    /// @throws std::invalid_argument when it is none.
    explicit WSConnection(std::string_view url, WSConnectionOptions options = WSConnectionOptions());
    explicit WSConnection(char const* url, WSConnectionOptions options = WSConnectionOptions())
        : WSConnection(std::string_view(url), std::move(options))
    {
    }
    /// With an executor for its I/O, which somebody else runs. It must outlive the connection.
    WSConnection(boost::asio::any_io_executor executor, WSConnectionOptions options);
    WSConnection(boost::asio::any_io_executor executor, std::string_view url, WSConnectionOptions options);
};

} // namespace arbalest::classic
