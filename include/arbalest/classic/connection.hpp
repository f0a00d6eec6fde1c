#pragma once

#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/classic/connection_options.hpp>
#include <arbalest/export.hpp>
#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/protocol/stomp_version.hpp>
#include <arbalest/transport/tls_options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest::classic {

class HeartbeatListener;

namespace detail {
class ConnectionCore;
class ConnectionSetup;
} // namespace detail

/// A connection to a broker for programs without coroutines: every operation blocks the thread that calls it, and
/// listeners are told what happens. All members may be called from any thread, and from inside of a callback.
///
/// It has a thread for its listeners, and one for I/O unless it is given an executor. On a thread that runs that
/// executor's context, inside of a strand or outside, the blocking members throw OperationInProgress: they would wait
/// for themselves. When nobody runs the executor, or its io_context was stopped, they throw Timeout after 10 s, or
/// after ConnectionOptions::timeout if that is shorter.
///
/// The operations throw SessionClosed, with Outcome::not_sent, when there is no connection; what ended it when it ends
/// meanwhile; InvalidFrame for a frame that cannot be encoded, or whose receipt is awaited already; Timeout when there
/// is no room in the write buffer for as long as ConnectionOptions::timeout. None of them waits for the broker's
/// answer: that comes to the listeners. An ERROR does not end the connection unless the broker closes it.
///
/// When a listener is slow, what it has not yet seen is kept; beyond 1000 messages or 4 MiB of them, no more is read
/// from the broker than it takes to see its heart-beats.
class ARBALEST_DECL BaseConnection
{
public:
    BaseConnection(BaseConnection const&) = delete;
    BaseConnection& operator=(BaseConnection const&) = delete;
    /// Closes the connection at once, without DISCONNECT; messages that no listener has seen yet are lost. Waits for
    /// callbacks that are running, unless it is called from inside of one.
    virtual ~BaseConnection();

    /// Attaches a listener by a name; one of that name is replaced. @throws std::invalid_argument when there is none.
    void set_listener(std::string_view name, std::shared_ptr<ConnectionListener> listener);
    /// The listener of that name; nullptr when there is none.
    std::shared_ptr<ConnectionListener> get_listener(std::string_view name) const;
    /// Removes the listener of that name. @returns whether there was one.
    bool remove_listener(std::string_view name);

    /// Starts the threads. connect() does so by itself; this is there for code that calls it.
    void start();
    /// Ends the connection at once, without DISCONNECT, and waits until the listeners have been told everything; from
    /// inside of a callback it does not wait. Does nothing when there is no connection.
    /// @param timeout how long to wait; zero, the default: without limit. @returns false when that was too short.
    bool stop(std::chrono::nanoseconds timeout = {});

    /// Whether CONNECTED has come and the connection has not ended since.
    bool is_connected() const;

    /// Connects to the first of the brokers that can be reached, as ConnectionOptions say, and sends CONNECT
    /// (STOMP 1.2, "CONNECT or STOMP Frame"). Returns when on_connecting was told and CONNECT is sent or, with `wait`,
    /// when CONNECTED has come and on_connected was told (for which listeners get 5 s). From inside of a callback both
    /// are told after that callback.
    /// @param username, passcode empty: none. @param wait default false. @param headers of CONNECT.
    /// @throws ConnectError when no broker can be reached or, with `wait`, when there is no CONNECTED: an ERROR
    /// instead, another version, nothing in time. OperationInProgress when there is a connection already. One that is
    /// ending is waited for, up to 10 s.
    void connect(std::string_view username = {}, std::string_view passcode = {}, bool wait = false,
                 Headers headers = {});

    /// Ends the connection in order: waits for outstanding receipts, sends DISCONNECT, waits for its receipt, closes;
    /// no longer than 2 s. Does nothing when there is no connection; one that is being made is given up.
    /// @param receipt the `receipt` header of DISCONNECT; empty: one is made. @param headers of DISCONNECT.
    void disconnect(std::string_view receipt = {}, Headers headers = {});

    /// Sends a message (STOMP 1.2, "SEND"). Returns when it is in the write buffer. Ask for a receipt by a header
    /// `receipt`; it comes to ConnectionListener::on_receipt.
    /// @param body default empty. @param destination must be given. @param content_type empty: none.
    void send(std::string_view body = {}, std::string_view destination = {}, std::string_view content_type = {},
              Headers headers = {});

    /// Subscribes (STOMP 1.2, "SUBSCRIBE"); the messages come to the listeners.
    /// @param id by which the subscription is known; empty: one is made, but in STOMP 1.0, where none is sent then.
    /// @param ack "auto", "client" or "client-individual". Default "auto". @returns the id.
    std::string subscribe(std::string_view destination, std::string_view id = {}, std::string_view ack = "auto",
                          Headers headers = {});

    /// Ends a subscription (STOMP 1.2, "UNSUBSCRIBE"): that of the id or, without one, the last one of the destination.
    /// @throws InvalidFrame when there is neither, or no such subscription to take the id from.
    void unsubscribe(std::string_view destination = {}, std::string_view id = {}, Headers headers = {});

    /// Acknowledges a message (STOMP 1.2, "ACK"), or refuses it ("NACK", which 1.0 has not: InvalidFrame).
    /// @param id the message's `ack` header in STOMP 1.2, its `message-id` before. @param subscription the message's
    /// `subscription` header, which 1.1 needs. @param transaction empty: none.
    void ack(std::string_view id, std::string_view subscription = {}, std::string_view transaction = {},
             Headers headers = {});
    void nack(std::string_view id, std::string_view subscription = {}, std::string_view transaction = {},
              Headers headers = {});

    /// Begins a transaction (STOMP 1.2, "BEGIN"); put its id into the `transaction` header of what belongs to it.
    /// @param transaction its id; empty: one is made. @returns the id.
    std::string begin(std::string_view transaction = {}, Headers headers = {});
    /// Commits a transaction ("COMMIT"), or aborts it ("ABORT").
    void commit(std::string_view transaction, Headers headers = {});
    void abort(std::string_view transaction, Headers headers = {});

    /// Sends any frame, on_send included.
    void send_frame(Frame frame);

    /// Uses TLS for these brokers; for a WSConnection: a secure WebSocket. The broker's certificate and host name are
    /// always checked, against `ca_certs` or else the system's authorities.
    /// @param key_file the private key, if it is not in `cert_file`. @param cert_file our own certificate. @param
    /// ca_certs the authorities that are trusted. All in PEM format; empty: none. @param password of the private key.
    void set_ssl(std::vector<HostAndPort> const& for_hosts, std::string key_file = {}, std::string cert_file = {},
                 std::string ca_certs = {}, std::string password = {});
    /// The same with all options of TLS, stomp.py's cert_validator and ssl_version among them: a context of one's own
    /// has them.
    void set_ssl(std::vector<HostAndPort> const& for_hosts, TlsOptions options);
    /// The options for a broker; nullopt when it is not reached over TLS.
    std::optional<TlsOptions> get_ssl(HostAndPort const& host_and_port) const;

    /// The version that is spoken.
    StompVersion version() const noexcept;
    /// The periods that hold on our side; zero where there is none or no connection.
    HeartBeat negotiated_heart_beat() const;
    /// The brokers in the order in which they are tried.
    std::vector<HostAndPort> const& host_and_ports() const noexcept;

protected:
    explicit BaseConnection(detail::ConnectionSetup setup);

private:
    friend class HeartbeatListener;
    std::shared_ptr<detail::ConnectionCore> core_;
};

/// A connection that speaks STOMP 1.0.
class ARBALEST_DECL Connection10 : public BaseConnection
{
public:
    /// @param options default: as in ConnectionOptions.
    explicit Connection10(ConnectionOptions options = ConnectionOptions());
    /// To these brokers: `Connection10 connection({{"localhost", 61613}})`.
    explicit Connection10(std::vector<HostAndPort> host_and_ports);
    /// With an executor for its I/O, which somebody else runs. It must outlive the connection.
    Connection10(boost::asio::any_io_executor executor, ConnectionOptions options);
};

/// A connection that speaks STOMP 1.1.
class ARBALEST_DECL Connection11 : public BaseConnection
{
public:
    explicit Connection11(ConnectionOptions options = ConnectionOptions()); ///< As Connection.
    /// To these brokers: `Connection11 connection({{"localhost", 61613}})`.
    explicit Connection11(std::vector<HostAndPort> host_and_ports);
    Connection11(boost::asio::any_io_executor executor, ConnectionOptions options);
};

/// A connection that speaks STOMP 1.2.
class ARBALEST_DECL Connection12 : public BaseConnection
{
public:
    explicit Connection12(ConnectionOptions options = ConnectionOptions()); ///< As Connection.
    /// To these brokers: `Connection12 connection({{"localhost", 61613}})`.
    explicit Connection12(std::vector<HostAndPort> host_and_ports);
    Connection12(boost::asio::any_io_executor executor, ConnectionOptions options);
};

/// As in stomp.py.
using Connection = Connection11;

} // namespace arbalest::classic
