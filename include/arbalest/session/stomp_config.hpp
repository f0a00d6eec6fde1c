#pragma once

#include <arbalest/engine/subscription_buffer.hpp>
#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/protocol/limits.hpp>
#include <arbalest/protocol/stomp_version.hpp>
#include <arbalest/session/connect_parameters.hpp>
#include <arbalest/session/reconnect_policy.hpp>
#include <arbalest/transport/tcp_options.hpp>
#include <arbalest/transport/tls_options.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace arbalest {

class Interceptor;
class Observer;

namespace detail {
/// Whether the library was built without NDEBUG, whatever the program is built with.
ARBALEST_DECL bool asserts_by_default() noexcept;
} // namespace detail

/// The buffer between senders and the connection.
class WriteBuffer
{
public:
    WriteBuffer() = default;
    /// @param limit in bytes, as below.
    WriteBuffer(std::size_t limit) noexcept : limit(limit) {}

    /// How many bytes may wait to be written before senders are suspended, not counting what is being written. A larger
    /// frame enters an empty buffer. Zero: a send waits until its frame was written to the socket. Default 64 KiB.
    std::size_t limit = std::size_t{64} << 10;
};

/// The settings of a session: plain fields of a named object. For every duration, zero means no limit; none may be
/// negative, and however long one is, it counts. connect() and over() throw InvalidConfig for a value that a field
/// cannot have, before any I/O.
class StompConfig
{
public:
    StompConfig() = default;

    /// The `login` and `passcode` headers of CONNECT (STOMP 1.2, "CONNECT or STOMP Frame"); empty means none.
    /// Credentials in a `stomp` or `stomp+tls` URL win. Those in the URL of a WebSocket or of SockJS are for the HTTP
    /// request (Basic authentication, RFC 7617), and used here only when `login` is empty. Default empty.
    std::string login;
    std::string passcode;
    /// The `host` header of CONNECT, the virtual host. Default: the path of a `stomp://` URL, else "/".
    std::optional<std::string> host;
    /// The `client-id` header of CONNECT, which ActiveMQ wants for durable subscriptions. Default empty, which sends
    /// none.
    std::string client_id;
    /// Further headers of CONNECT, in order; one that the session makes of other fields is replaced. What is sent in
    /// `heart-beat` and `accept-version` is what is negotiated. Default empty.
    std::vector<std::pair<std::string, std::string>> connect_headers;
    /// Opens with the command STOMP, which 1.0 brokers do not know, instead of CONNECT. Default false.
    bool connect_with_stomp_command = false;
    /// What is offered to the broker (STOMP 1.2, "Protocol Negotiation"). Default 1.2, 1.1 and 1.0.
    std::vector<StompVersion> accept_versions{StompVersion::v1_2, StompVersion::v1_1, StompVersion::v1_0};

    /// Asks for a receipt on every frame that may carry one: SEND, SUBSCRIBE, UNSUBSCRIBE, ACK, NACK, BEGIN, COMMIT and
    /// ABORT. Their operations then wait for it. Default false.
    bool auto_receipt = false;
    /// How long a receipt is waited for, from the call; then the operation fails with LostReceipt. The clock is read
    /// when the frame is about to be written, which is as soon as the caller suspends, unless an earlier write is still
    /// under way: then at the call. Default 10 s.
    std::chrono::milliseconds receipt_timeout{10'000};
    /// From the resolution of the host's name to CONNECTED, for each URL. Default 15 s.
    std::chrono::milliseconds connect_timeout{15'000};
    /// Whether disconnect() sends DISCONNECT and waits for its receipt (STOMP 1.2, "Graceful Shutdown"). Default true.
    /// Without it the connection is closed at once: what is still in the write buffer is lost, and what waits fails.
    bool graceful_disconnect = true;
    /// How long disconnect() takes at most: outstanding receipts and DISCONNECT's. Then the connection is closed
    /// anyway, without an error from disconnect(). Default 2 s.
    std::chrono::milliseconds disconnect_timeout{2'000};

    /// How often we promise to send something, and want to hear from the broker (STOMP 1.2, "Heart-beating"). Zero
    /// turns a direction off. Default 10 s each way.
    HeartBeat heart_beat{std::chrono::milliseconds(10'000), std::chrono::milliseconds(10'000)};
    /// How far ahead of time we send, and how much lateness we forgive, as factors of the period. Default 0.8 and 1.5.
    HeartBeatTolerance heart_beat_tolerance;

    /// Adds a content-length to every SEND with a body (ActiveMQ makes a BytesMessage of it). Default true.
    bool auto_content_length = true;
    /// An ERROR ends the session, as the specification has it. Off: the session stays open, as RabbitMQ and ActiveMQ
    /// keep it after most ERRORs; one that names an operation fails that, any other goes to the observer. Default true.
    bool error_frames_are_fatal = true;
    /// ack() and nack() of a message whose subscription or connection is gone, or which was settled before, throw
    /// StaleMessage instead of returning false. Default false.
    bool strict_acks = false;

    /// What the broker may send; more ends the session with MalformedFrame. Default as in Limits.
    Limits limits;
    /// The buffer of each subscription that brings none of its own. Default as in SubscriptionBuffer.
    SubscriptionBuffer subscription_buffer;
    /// The buffer between senders and the connection. Default as in WriteBuffer.
    WriteBuffer write_buffer;
    /// How connect() makes TCP connections; of no effect on StompSession::over(). Default as in TcpOptions.
    TcpOptions tcp;
    /// How connect() makes TLS connections; of no effect on StompSession::over(). Default as in TlsOptions.
    TlsOptions tls;
    /// How STOMP is spoken over WebSocket and SockJS. Its `check_subprotocol` also makes a CONNECTED with another
    /// version than the subprotocol's fail the connect. Default as in WebSocketOptions.
    WebSocketOptions websocket;
    /// A proxy for connect(), whatever the URL's scheme but `stomp+unix`; it resolves the host's name. An HTTP proxy,
    /// "http://host:port" or over TLS "https://host:port", is asked for a tunnel (RFC 9110, 9.3.6);
    /// "socks5://host:port" is a SOCKS5 proxy (RFC 1928). "http://user:password@host:port" logs in: by Basic
    /// authentication (RFC 7617), or as in RFC 1929. Default empty: none.
    std::string proxy;
    /// How TLS connections to an `https` proxy are made. Default as in TlsOptions.
    TlsOptions proxy_tls;
    /// Called before every attempt to connect, and awaited; may change what it is made with: fetch a fresh token, for
    /// instance. Runs on the session's executor, within `connect_timeout`, and is cancelled with the attempt. What it
    /// throws, of whatever type, fails the attempt (ConnectPhase::prepare). Default none.
    std::function<boost::asio::awaitable<void>(ConnectParameters&)> before_connect;
    /// Whether connect() tries several URLs in a random order instead of the given one. Default false.
    bool shuffle_urls = false;
    /// What a session does that has lost its connection: nothing given, it ends; else it gets another, and goes on with
    /// what it was doing. Of no effect on StompSession::over(), which knows no way to a second connection. Default
    /// none.
    std::optional<ReconnectPolicy> reconnect;

    /// Gets every MESSAGE and RECEIPT that belongs to nobody. Called on the session's executor; it may use the session
    /// in the same way as an Observer may, and what it throws changes nothing. Default none.
    std::function<void(Frame const&)> on_unhandled;
    /// May change frames. Default none.
    std::shared_ptr<Interceptor> interceptor;
    /// Looks on; see combine_observers() for several. Default none.
    std::shared_ptr<Observer> observer;

    /// Checks at every step that the session's executor runs nothing concurrently, and ends the program with a message
    /// when it does: the executor of a multi-threaded program must be a strand. Default: on in a library that was built
    /// without NDEBUG.
    bool assert_no_concurrency = detail::asserts_by_default();
};

} // namespace arbalest
