#pragma once

#include "blocking.hpp"
#include "bridge.hpp"
#include "connection_setup.hpp"
#include "context_probe.hpp"
#include "dispatcher.hpp"
#include "endpoint.hpp"
#include "io_thread.hpp"
#include "limit.hpp"
#include "listener_table.hpp"
#include "throttled_transport.hpp"
#include <arbalest/session/failure.hpp>
#include <arbalest/session/stomp_session.hpp>
#include <arbalest/transport/connect_attempt.hpp>
#include <arbalest/transport/tls_options.hpp>
#include <arbalest/transport/websocket_options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace arbalest::classic::detail {

/// What a BaseConnection does. Members may be called from any thread unless they say otherwise.
class ConnectionCore : public std::enable_shared_from_this<ConnectionCore>
{
public:
    static std::shared_ptr<ConnectionCore> make(ConnectionSetup setup);
    explicit ConnectionCore(ConnectionSetup setup);

    ListenerTable& listeners() noexcept { return *listeners_; }
    StompVersion version() const noexcept { return setup_.version; }
    std::vector<HostAndPort> const& brokers() const noexcept { return brokers_; }

    void start();
    bool stop(std::chrono::nanoseconds timeout);
    /// The connection's destructor: ends everything.
    void close();
    bool is_connected() const;
    HeartBeat negotiated_heart_beat() const;

    void connect(std::string_view username, std::string_view passcode, bool wait, Headers const& headers);
    void disconnect(std::string_view receipt, Headers const& headers);
    void send_frame(Frame frame);

    void set_heart_beat_receive_scale(double scale);
    void set_ssl(std::vector<HostAndPort> const& for_hosts, TlsOptions const& options);
    std::optional<TlsOptions> get_ssl(HostAndPort const& broker) const;

    std::string next_id(char const* prefix) { return prefix + std::to_string(++last_id_); }
    void remember_subscription(std::string_view id, std::string_view destination);
    /// Forgets a subscription. @returns its id: the one given or, if that is empty, that of the last subscription to
    /// the destination; empty when there is none.
    std::string forget_subscription(std::string_view id, std::string_view destination);

private:
    enum class Phase : std::uint8_t {
        idle,
        establishing, // towards a transport
        connecting,   // CONNECT is sent
        open,
    };
    using Lock = std::unique_lock<std::mutex>;

    // How long listeners are waited for where the order of callbacks wants it.
    static constexpr auto callback_grace = std::chrono::seconds(5);

    // connection_core.cpp
    void refuse_on_io_thread() const;
    void report(std::string const& callback, std::exception_ptr failure);
    void room();
    void give_up(); // with the lock held
    void tell_send(Frame& frame);
    void tell_disconnecting(std::uint64_t connected_event);
    bool end_now(Dispatcher::Clock::time_point end);
    std::shared_ptr<arbalest::detail::SessionImpl> wait_for_session();

    // connection_opening.cpp
    static Failure given_up_failure();
    void await_end_of_last(Lock& lock);
    std::uint64_t begin_attempt();
    void attempt_failed(std::uint64_t number, bool was_told, std::exception_ptr failure);
    Established establish(std::shared_ptr<Cancellable> const& attempt);
    void require_running() const;
    std::optional<TlsOptions> tls_for(HostAndPort const& broker) const;
    void tell_connecting(HostAndPort const& broker);
    Frame make_connect_frame(std::string_view username, std::string_view passcode, Headers const& headers) const;
    void open(std::uint64_t number, std::shared_ptr<Cancellable> const& attempt, std::unique_ptr<Transport> transport,
              Frame connect_frame);
    StompConfig make_config(Frame const& connect_frame) const;
    void wait_until_decided(std::uint64_t number);
    std::chrono::nanoseconds connect_limit() const;
    std::chrono::nanoseconds answer_limit() const;
    WebSocketOptions websocket_options() const;
    // On the executor.
    void connected(std::uint64_t number, Frame const& frame);
    void opened(std::uint64_t number, std::exception_ptr failure, StompSession session);
    void closed(std::uint64_t number, Failure const& cause);
    void finish_connection(Lock& lock, Failure cause);

    ConnectionSetup const setup_;
    std::vector<HostAndPort> const brokers_;
    TextCodec const codec_;
    std::shared_ptr<ListenerTable> const listeners_;
    std::shared_ptr<IoThread> const io_; // null: an executor was given
    boost::asio::any_io_executor const executor_;
    ContextProbe const context_;
    std::shared_ptr<Dispatcher> dispatcher_;
    std::atomic<std::uint64_t> last_id_{0};

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Phase phase_ = Phase::idle;
    std::uint64_t number_ = 0;                     // of the connection
    std::uint64_t last_opened_ = 0;                // the last one that came as far as CONNECTED
    std::uint64_t connected_event_ = 0;            // with which the listeners are told so
    std::shared_ptr<Cancellable> attempt_;         // in the phases that can be given up
    std::atomic<bool> given_up_{false};            // it was
    std::optional<std::thread::id> establishing_;  // who connects, as long as the phase says so
    bool closing_ = false;                         // the connection object is being destroyed
    std::optional<Failure> closed_early_;          // what ended the session before it was known here
    Failure failure_;                              // what ended the last connection
    StompSession session_;                         // while open
    std::shared_ptr<Bridge> bridge_;               // from connecting on
    std::shared_ptr<Throttle> throttle_;           // the same
    std::optional<std::thread::id> disconnecting_; // who disconnects
    double receive_scale_;
    std::vector<std::pair<HostAndPort, TlsOptions>> ssl_;
    std::vector<std::pair<std::string, std::string>> subscriptions_; // id, destination
};

} // namespace arbalest::classic::detail
