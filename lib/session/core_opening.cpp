#include "../protocol/client_frames.hpp"
#include "../protocol/peer_text.hpp"
#include "../transport/peer_protocol.hpp"
#include "core.hpp"
#include "route.hpp"
#include "subprotocol.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <string>
#include <utility>

// How a connection begins: CONNECT and CONNECTED.
namespace arbalest::detail {

namespace asio = boost::asio;

asio::awaitable<bool> Core::connect(std::shared_ptr<Core> core, std::unique_ptr<Transport> transport)
{
    std::shared_ptr<StompError> failure;
    try {
        if (transport)
            co_return co_await connect_over(core, std::move(transport));
        co_return co_await keep_connecting(core, nullptr);
    } catch (StompError const& error) {
        failure = error.with_outcome(error.outcome());
    }
    core->finish(failure, CloseReason::normal);
    failure->raise();
}

void Core::connecting(std::string const& url)
{
    hooks_.observe("on_connecting", [&](Observer& observer) { observer.on_connecting(url); });
    ConnectionEvent event;
    event.state = ConnectionEvent::State::connecting;
    event.url = url;
    event.attempt = std::max(schedule_.attempts(), 1U);
    events_.publish(std::move(event));
}

asio::awaitable<bool> Core::shake_hands(std::shared_ptr<Core> core, std::unique_ptr<Transport> transport,
                                        Handshake handshake)
{
    // Whoever is cancelled here leaves no connection behind.
    struct CloseUnlessConnected
    {
        explicit CloseUnlessConnected(Core& core) noexcept : core(core) {}
        ~CloseUnlessConnected()
        {
            if (!std::exchange(core.shaking_hands_, false) || core.finished_)
                return;
            core.conversation_.reset();
            core.drop_link(CloseReason::normal, true);
        }
        Core& core;
    };
    if (core->finished_)
        core->cause_->raise();
    core->shaking_hands_ = true;
    core->handshake_failure_ = nullptr;
    core->first_bytes_.clear();
    CloseUnlessConnected const guard(*core);
    core->start(std::move(transport), handshake);
    while (core->shaking_hands_ && !core->finished_) {
        PeerWaiter waiter(*core);
        co_await core->connecting_.wait(core->executor_, waiter);
    }
    if (core->handshake_failure_)
        core->handshake_failure_->raise();
    if (core->finished_)
        core->cause_->raise();
    co_return true;
}

void Core::start(std::unique_ptr<Transport> transport, Handshake const& handshake)
{
    link_ = std::make_shared<Link>(std::move(transport), config_->limits);
    ++connection_;
    auto const endpoint = endpoint_of(*link_->transport);
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
    auto const link = link_;
    asio::co_spawn(executor_, run_reader(self, link), asio::detached);
    asio::co_spawn(executor_, run_writer(self, link), asio::detached);
}

// A peer that speaks something else is not waited for: its bytes may look like the beginning of a frame for ever.
void Core::look_at_first_bytes(std::string_view bytes, Link const& link)
{
    bytes = bytes.substr(0, most_first_bytes - std::min(first_bytes_.size(), most_first_bytes));
    if (bytes.empty())
        return;
    first_bytes_ += bytes;
    if (is_not_stomp(first_bytes_))
        lose(std::make_shared<MalformedFrame>(describe_peer(first_bytes_), link.decoder.offset()), CloseReason::error);
}

void Core::handle_connected(Frame const& frame, Link& link)
{
    if (config_->websocket.check_subprotocol) {
        auto const subprotocol = link.transport->subprotocol();
        auto const named = version_of_subprotocol(subprotocol);
        if (named && *named != conversation_.version()) {
            lose(std::make_shared<MalformedFrame>("the broker chose version " +
                                                      std::string(to_string(conversation_.version())) +
                                                      ", but the subprotocol '" + peer_text(subprotocol) + "'",
                                                  link.decoder.offset()),
                 CloseReason::error);
            return;
        }
    }
    link.decoder.set_version(conversation_.version());
    info_.set_connected(conversation_.version(), conversation_.server(), conversation_.negotiated_heart_beat());
    hooks_.observe("on_connected", [&](Observer& observer) { observer.on_connected(frame); });
}

// CONNECTED came, and what was read together with it has not ended the connection.
void Core::complete_handshake()
{
    info_.connections.add(1);
    schedule_.connected(Clock::now());
    info_.set_open(true);
    if (info_.connections.get() > 1)
        subscribe_all_again();
    shaking_hands_ = false; // nothing else was sent before this
    connecting_.wake_all(executor_);
    resume();
    ConnectionEvent event;
    event.state = ConnectionEvent::State::connected;
    event.url = events_.last().url;
    events_.publish(std::move(event));
}

// Lets go of the connection: its reader and writer end by themselves.
void Core::drop_link(CloseReason reason, bool at_once)
{
    auto const link = std::exchange(link_, nullptr);
    if (!link)
        return;
    info_.set_disconnected();
    // What was known of this connection says nothing about the next.
    write_failure_.reset();
    read_on_until_ = TimePoint::max();
    next_look_ = TimePoint::max();
    horizon_ = ReadHorizon();
    link->end();
    link->writer.wake_all(executor_);
    link->reader.wake_all(executor_);
    link->flushers.wake_all(executor_);
    if (!link->transport)
        return;
    Hooks::Scope const scope(hooks_); // transports may be the user's, and this is the middle of a step
    if (at_once)
        link->transport->abort();
    else
        asio::co_spawn(executor_, close_link(shared_from_this(), link, reason), asio::detached);
}

} // namespace arbalest::detail
