#include "../protocol/client_frames.hpp"
#include "../protocol/peer_text.hpp"
#include "../transport/peer_protocol.hpp"
#include "broker_list.hpp"
#include "session_guards.hpp"
#include "subprotocol.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <string>
#include <utility>

// How a connection begins: CONNECT and CONNECTED.
namespace arbalest::detail {

namespace asio = boost::asio;

asio::awaitable<bool> SessionImpl::connect(std::shared_ptr<SessionImpl> impl, std::unique_ptr<Transport> transport)
{
    std::shared_ptr<StompError> failure;
    try {
        if (transport)
            co_return co_await connect_over(impl, std::move(transport));
        co_return co_await keep_connecting(impl, nullptr);
    } catch (StompError const& error) {
        failure = error.with_outcome(error.outcome());
    }
    impl->finish(failure, CloseReason::normal);
    failure->raise();
}

void SessionImpl::connecting(std::string const& url)
{
    hooks_.observe("on_connecting", [&](Observer& observer) { observer.on_connecting(url); });
    ConnectionEvent event;
    event.state = ConnectionEvent::State::connecting;
    event.url = url;
    event.attempt = std::max(reconnection_.schedule.attempts(), 1U);
    events_.publish(std::move(event));
}

asio::awaitable<bool> SessionImpl::perform_handshake(std::shared_ptr<SessionImpl> impl,
                                                     std::unique_ptr<Transport> transport, Handshake handshake)
{
    // Whoever is cancelled here leaves no connection behind.
    struct CloseUnlessConnected
    {
        explicit CloseUnlessConnected(SessionImpl& impl) noexcept : impl(impl) {}
        ~CloseUnlessConnected()
        {
            if (!impl.handshake_.end() || impl.ending_.has_come())
                return;
            impl.conversation_.reset();
            impl.drop_link(CloseReason::normal, true);
        }
        SessionImpl& impl;
    };
    impl->ending_.check();
    impl->handshake_.begin();
    CloseUnlessConnected const guard(*impl);
    impl->start(std::move(transport), handshake);
    while (impl->handshake_.in_progress() && !impl->ending_.has_come()) {
        PeerWaiter waiter(*impl);
        co_await impl->handshake_.waiters.wait(impl->executor_, waiter);
    }
    if (impl->handshake_.failure())
        impl->handshake_.failure()->raise();
    impl->ending_.check();
    co_return true;
}

void SessionImpl::start(std::unique_ptr<Transport> transport, Handshake const& handshake)
{
    current_ = std::make_shared<Connection>(std::move(transport), config_->limits);
    ++connection_number_;
    auto const endpoint = endpoint_of(*current_->transport);
    hooks_.observe("on_transport_connected", [&](Observer& observer) { observer.on_transport_connected(endpoint); });
    ConnectRequest request;
    request.host = handshake.host;
    request.login = handshake.login;
    request.passcode = handshake.passcode;
    request.client_id = config_->client_id;
    request.accept_versions = config_->accept_versions;
    request.heart_beat = config_->heart_beat;
    request.headers = &handshake.headers;
    request.stomp_command = config_->connect_with_stomp_command;
    auto frame = connect_frame(request);
    conversation_.start();
    write(frame, nullptr, TransmitOptions());
    // As hooks and the user's own headers have made it.
    if (!conversation_.start(frame)) {
        auto const value = std::string(frame.header("heart-beat").value_or(""));
        throw InvalidConfig("heart-beat header of CONNECT", "'" + value + "'",
                            "it must be two numbers of milliseconds with a comma between them");
    }
    // Last, because they start at once, and a transport that fails at once ends the connection here.
    auto const self = shared_from_this();
    auto const connection = current_;
    asio::co_spawn(executor_, run_to_end(self, connection, run_reader(self, connection)), asio::detached);
    asio::co_spawn(executor_, run_to_end(self, connection, run_writer(self, connection)), asio::detached);
}

// A transport whose operation throws when it is started, as those of Asio do without memory, destroys the coroutine
// that awaits it, and the exception leaves io_context::run(). A session without reader or writer must not go on.
asio::awaitable<void> SessionImpl::run_to_end(std::shared_ptr<SessionImpl> impl, std::shared_ptr<Connection> connection,
                                              asio::awaitable<void> loop)
{
    class Guard
    {
    public:
        Guard(SessionImpl& impl, Connection const& connection) noexcept : impl_(impl), connection_(connection) {}
        Guard(Guard const&) = delete;
        Guard& operator=(Guard const&) = delete;
        ~Guard()
        {
            if (!has_returned && !connection_.ended && impl_.is_alive())
                impl_.release_there([](SessionImpl& impl) { impl.out_of_memory(); });
        }

        bool has_returned = false;

    private:
        SessionImpl& impl_;
        Connection const& connection_;
    };
    Guard guard(*impl, *connection);
    co_await std::move(loop);
    guard.has_returned = true;
}

// A peer that speaks something else is not waited for: its bytes may look like the beginning of a frame for ever.
void SessionImpl::check_first_bytes(std::string_view bytes, Connection const& connection)
{
    auto const& first = handshake_.first_bytes();
    if (handshake_.add_first_bytes(bytes) && is_not_stomp(first))
        on_connection_lost(std::make_shared<MalformedFrame>(describe_peer(first), connection.decoder.offset()),
                           CloseReason::error);
}

void SessionImpl::handle_connected(Frame const& frame, Connection& connection)
{
    if (config_->websocket.check_subprotocol) {
        auto const subprotocol = connection.transport->subprotocol();
        auto const named = version_of_subprotocol(subprotocol);
        if (named && *named != conversation_.version()) {
            on_connection_lost(std::make_shared<MalformedFrame>(
                                   "the broker chose version " + std::string(to_string(conversation_.version())) +
                                       ", but the subprotocol '" + peer_text(subprotocol) + "'",
                                   connection.decoder.offset()),
                               CloseReason::error);
            return;
        }
    }
    connection.decoder.set_version(conversation_.version());
    info_.set_connected(conversation_.version(), conversation_.server(), conversation_.negotiated_heart_beat());
    hooks_.observe("on_connected", [&](Observer& observer) { observer.on_connected(frame); });
}

// CONNECTED came, and what was read together with it has not ended the connection.
void SessionImpl::complete_handshake()
{
    info_.connections.add(1);
    reconnection_.schedule.connected(Clock::now());
    info_.set_open(true);
    if (info_.connections.get() > 1)
        subscribe_all_again();
    handshake_.end(); // nothing else was sent before this
    handshake_.waiters.wake_all(executor_);
    resume();
    ConnectionEvent event;
    event.state = ConnectionEvent::State::connected;
    event.url = events_.last().url;
    events_.publish(std::move(event));
}

// Lets go of the connection: its reader and writer end by themselves.
void SessionImpl::drop_link(CloseReason reason, bool at_once)
{
    auto const connection = std::exchange(current_, nullptr);
    if (!connection)
        return;
    info_.set_disconnected();
    connection->end();
    connection->writer.wake_all(executor_);
    connection->reader.wake_all(executor_);
    connection->flushers.wake_all(executor_);
    if (!connection->transport)
        return;
    Hooks::Scope const scope(hooks_); // transports may be the user's, and this is the middle of a step
    if (!at_once) {
        try {
            asio::co_spawn(executor_, close_link(shared_from_this(), connection, reason), asio::detached);
            return;
        } catch (std::bad_alloc const&) {
            // Closed at once, then.
        }
    }
    connection->transport->abort();
}

} // namespace arbalest::detail
