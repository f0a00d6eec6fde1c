#include "../protocol/client_frames.hpp"
#include "../session/session_impl.hpp"
#include "brokers.hpp"
#include "connection_core.hpp"
#include "endpoint.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <charconv>
#include <exception>
#include <future>
#include <span>
#include <utility>

// How a connection begins: a transport, CONNECT, CONNECTED.
namespace arbalest::classic::detail {

namespace asio = boost::asio;
using arbalest::detail::SessionImpl;
using arbalest::detail::TransportKind;

namespace {

constexpr std::chrono::nanoseconds default_limit = std::chrono::seconds(15);
constexpr auto connect_margin = std::chrono::seconds(5);

HostAndPort peer_of(Transport const& transport)
{
    auto const endpoint = transport.remote_endpoint();
    auto const colon = endpoint.rfind(':');
    HostAndPort peer(endpoint.substr(0, colon), 0);
    if (colon != endpoint.npos)
        std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), peer.port);
    if (peer.host.starts_with('[') && peer.host.ends_with(']'))
        peer.host = peer.host.substr(1, peer.host.size() - 2);
    return peer;
}

std::vector<StompVersion> offered_versions(Frame const& connect_frame)
{
    auto const offered = connect_frame.header("accept-version");
    std::vector<StompVersion> versions;
    std::string_view rest = offered.value_or("1.0");
    while (!rest.empty()) {
        auto const comma = rest.find(',');
        if (auto const version = parse_stomp_version(rest.substr(0, comma)))
            versions.push_back(*version);
        rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    }
    if (versions.empty())
        throw InvalidFrame("a listener has left no version that can be spoken", "accept-version");
    return versions;
}

} // namespace

Failure ConnectionCore::given_up_failure()
{
    return Failure(std::make_exception_ptr(SessionClosed("connecting was given up")));
}

std::chrono::nanoseconds ConnectionCore::connect_limit() const
{
    return setup_.options.timeout ? limit_of(*setup_.options.timeout) : default_limit;
}

WebSocketOptions ConnectionCore::websocket_options() const
{
    WebSocketOptions options;
    options.headers = setup_.header;
    options.subprotocols = {"v" +
                            std::string(setup_.version == StompVersion::v1_2   ? "12"
                                        : setup_.version == StompVersion::v1_1 ? "11"
                                                                               : "10") +
                            ".stomp"};
    options.payload = setup_.binary_mode ? WebSocketPayload::binary : WebSocketPayload::text;
    return options;
}

void ConnectionCore::connect(std::string_view username, std::string_view passcode, bool wait, Headers const& headers)
{
    refuse_on_io_thread();
    auto const number = begin_attempt();
    std::shared_ptr<Cancellable> attempt;
    bool was_told = false;
    try {
        start();
        {
            Lock const lock(mutex_);
            attempt = attempt_;
        }
        auto established = establish(attempt);
        was_told = true;
        tell_connecting(established.host_and_port);
        auto frame = make_connect_frame(username, passcode, headers);
        tell_send(frame);
        open(number, attempt, std::move(established.transport), std::move(frame));
    } catch (...) {
        attempt_failed(number, was_told, std::current_exception());
        throw;
    }
    if (wait)
        wait_until_decided(number);
}

// A connection that was given up, or that has ended without anybody here having been told yet, is gone in a moment;
// unless it waits for this very thread.
void ConnectionCore::await_end_of_last(Lock& lock)
{
    auto const here = std::this_thread::get_id();
    if (establishing_ == here || disconnecting_ == here)
        return;
    changed_.wait_for(lock, executor_limit, [this] {
        bool const is_ending = phase_ == Phase::open ? !session_.is_open() : phase_ != Phase::idle && given_up_;
        return closing_ || !is_ending;
    });
}

std::uint64_t ConnectionCore::begin_attempt()
{
    Lock lock(mutex_);
    await_end_of_last(lock);
    if (closing_)
        throw SessionClosed("the connection object is being destroyed");
    if (phase_ == Phase::open)
        throw OperationInProgress("there is a connection already");
    if (phase_ != Phase::idle)
        throw OperationInProgress("a connection is being made already");
    phase_ = Phase::establishing;
    establishing_ = std::this_thread::get_id();
    given_up_ = false;
    closed_early_.reset();
    connected_event_ = 0;
    subscriptions_.clear();
    attempt_ = std::make_shared<Cancellable>();
    return ++number_;
}

// Before there was a session; what comes later goes through opened() or closed().
void ConnectionCore::attempt_failed(std::uint64_t number, bool was_told, std::exception_ptr failure)
{
    Lock lock(mutex_);
    if (number_ != number || phase_ != Phase::establishing)
        return;
    if (was_told) {
        finish_connection(lock, Failure(failure));
        return;
    }
    phase_ = Phase::idle;
    establishing_.reset();
    failure_ = Failure(failure);
    attempt_.reset();
    changed_.notify_all();
}

Established ConnectionCore::establish(std::shared_ptr<Cancellable> const& attempt)
{
    Established established;
    if (setup_.ws) {
        established.transport = setup_.ws.take(websocket_options());
        if (!established.transport) {
            ConnectAttempt used;
            used.phase = ConnectPhase::prepare;
            used.code = make_error_code(errc::connect_failed);
            used.message = "the open web socket was used for a connection already";
            throw ConnectError({used});
        }
        established.host_and_port = peer_of(*established.transport);
        return established;
    }
    ConnectPlan plan;
    plan.options = setup_.options;
    plan.limit = connect_limit();
    for (auto const& broker : brokers_) {
        auto const tls = tls_for(broker);
        Endpoint endpoint(broker, setup_.over_websocket ? TransportKind::websocket : TransportKind::tcp, tls,
                          setup_.target);
        endpoint.url.login = setup_.login;
        endpoint.url.passcode = setup_.passcode;
        endpoint.options.tcp.keep_alive = setup_.options.keepalive;
        if (setup_.options.bind_host_port) {
            endpoint.options.tcp.local_address = setup_.options.bind_host_port->host;
            endpoint.options.tcp.local_port = setup_.options.bind_host_port->port;
        }
        endpoint.options.websocket = websocket_options();
        plan.endpoints.push_back(std::move(endpoint));
    }
    require_running();
    try {
        return block_on(attempt, executor_, connect_any(std::move(plan)));
    } catch (boost::system::system_error const& error) {
        if (error.code() == asio::error::operation_aborted)
            given_up_failure().raise();
        throw;
    }
}

// What is tried at the loopback in place of another name of this machine is reached, and has to prove who it is, as
// that other one.
std::optional<TlsOptions> ConnectionCore::tls_for(HostAndPort const& broker) const
{
    if (auto options = get_ssl(broker))
        return options;
    for (auto const& other : brokers_) {
        auto options = other.port == broker.port && broker.host == "127.0.0.1" && is_local(other.host) ? get_ssl(other)
                                                                                                       : std::nullopt;
        if (!options)
            continue;
        if (options->server_name.empty())
            options->server_name = other.host;
        return options;
    }
    return std::nullopt;
}

// An executor that was given, and that nobody runs, would let us wait for ever.
void ConnectionCore::require_running() const
{
    auto const runs = std::make_shared<std::promise<void>>();
    asio::post(executor_, [runs] { runs->set_value(); });
    auto const limit = std::min(connect_limit(), executor_limit);
    if (runs->get_future().wait_for(limit) != std::future_status::ready)
        throw Timeout(limit);
}

// The listeners hear of it before CONNECT is sent; but from inside of a callback, not before that returns. One of them
// may give the connection up, and wait until it has ended.
void ConnectionCore::tell_connecting(HostAndPort const& broker)
{
    auto const event = dispatcher_->push(Event(broker));
    auto const limit = connect_limit();
    auto const is_given_up = [this] { return given_up_.load(); };
    if (!dispatcher_->runs_here() && !dispatcher_->wait_for(event, end_of(limit), is_given_up) && !given_up_)
        throw Timeout(limit);
    if (given_up_)
        given_up_failure().raise();
}

Frame ConnectionCore::make_connect_frame(std::string_view username, std::string_view passcode,
                                         Headers const& headers) const
{
    arbalest::detail::ConnectRequest request;
    request.accept_versions = std::span(&setup_.version, 1);
    request.login = username;
    request.passcode = passcode;
    request.headers = &headers;
    if (setup_.version != StompVersion::v1_0) {
        request.host = setup_.options.vhost.empty() ? "/" : setup_.options.vhost;
        request.heart_beat = setup_.options.heartbeats;
    }
    auto frame = arbalest::detail::connect_frame(request);
    if (setup_.version == StompVersion::v1_0 && frame.header("host") == "")
        frame.remove_header("host"); // 1.0 has none
    return frame;
}

StompConfig ConnectionCore::make_config(Frame const& connect_frame) const
{
    StompConfig config;
    // A listener may have changed what is offered.
    config.accept_versions = offered_versions(connect_frame);
    config.heart_beat = HeartBeat();
    if (auto const value = connect_frame.header("heart-beat")) {
        auto const heart_beat = parse_heart_beat(*value);
        if (!heart_beat)
            throw InvalidFrame("'" + std::string(*value) + "' is no heart-beat header", "heart-beat");
        config.heart_beat = *heart_beat;
    }
    config.heart_beat_tolerance.receive_scale = receive_scale_;
    config.connect_timeout = std::chrono::ceil<std::chrono::milliseconds>(connect_limit());
    config.auto_content_length = setup_.options.auto_content_length;
    config.error_frames_are_fatal = false; // as stomp.py has it: the broker decides
    config.websocket = websocket_options();
    return config;
}

void ConnectionCore::open(std::uint64_t number, std::shared_ptr<Cancellable> const& attempt,
                          std::unique_ptr<Transport> transport, Frame connect_frame)
{
    Lock lock(mutex_);
    if (given_up_ || number_ != number)
        given_up_failure().raise();
    auto config = make_config(connect_frame);
    std::weak_ptr<ConnectionCore> const weak = shared_from_this();
    auto const throttle = std::make_shared<Throttle>([dispatcher = dispatcher_] { return dispatcher->is_full(); });
    auto const ours = config.heart_beat;
    bridge_ = std::make_shared<Bridge>(
        dispatcher_, std::move(connect_frame),
        [throttle, ours, weak, number](Frame const& frame) {
            if (auto const self = weak.lock())
                self->connected(number, frame);
            auto const theirs = parse_heart_beat(frame.header("heart-beat").value_or("0,0")).value_or(HeartBeat());
            auto const period = negotiate(ours, theirs).receive;
            if (period.count() > 0)
                throttle->set_look(std::max<std::chrono::nanoseconds>(period / 2, std::chrono::milliseconds(5)));
        },
        [weak, number](Failure const& cause) {
            if (auto const self = weak.lock())
                self->closed(number, cause);
        });
    throttle_ = throttle;
    config.interceptor = bridge_;
    std::vector<std::shared_ptr<Observer>> observers{setup_.options.observer, bridge_};
    config.observer = combine_observers(std::move(observers));
    auto throttled = std::make_unique<ThrottledTransport>(std::move(transport), throttle);
    phase_ = Phase::connecting;
    establishing_.reset();
    lock.unlock();

    Cancellable::run(attempt, executor_, StompSession::over(std::move(throttled), std::move(config)),
                     [self = shared_from_this(), number](std::exception_ptr failure, StompSession session) {
                         self->opened(number, failure, std::move(session));
                     });
}

void ConnectionCore::connected(std::uint64_t number, Frame const& frame)
{
    Lock const lock(mutex_); // so that whoever is told finds the number of the event
    if (number_ == number)
        connected_event_ = dispatcher_->push(Event(Event::Kind::connected, frame));
}

void ConnectionCore::opened(std::uint64_t number, std::exception_ptr failure, StompSession session)
{
    Lock lock(mutex_);
    if (number_ != number || phase_ != Phase::connecting)
        return;
    if (failure) {
        finish_connection(lock, Failure(failure));
        return;
    }
    last_opened_ = number;
    if (given_up_) {
        finish_connection(lock, given_up_failure());
        return;
    }
    if (closed_early_) {
        auto const cause = *closed_early_;
        finish_connection(lock, cause);
        return;
    }
    phase_ = Phase::open;
    session_ = std::move(session);
    attempt_.reset();
    changed_.notify_all();
}

void ConnectionCore::closed(std::uint64_t number, Failure const& cause)
{
    Lock lock(mutex_);
    if (number_ != number)
        return;
    if (phase_ == Phase::connecting)
        closed_early_ = cause; // opened() comes soon, and knows more
    else if (phase_ == Phase::open)
        finish_connection(lock, cause);
}

// From here on there may be another connection, so the listeners' events come first.
void ConnectionCore::finish_connection(Lock& lock, Failure cause)
{
    bool const was_silent = cause.code() == errc::missing_heart_beat ||
                            (closed_early_ && closed_early_->code() == errc::missing_heart_beat);
    if (was_silent)
        dispatcher_->push(Event(Event::Kind::heart_beat_timeout));
    dispatcher_->push(Event(Event::Kind::disconnected));
    dispatcher_->push(Event(Event::Kind::receiver_loop_completed));
    phase_ = Phase::idle;
    establishing_.reset();
    // What cancelled it matters more than that it was cancelled.
    failure_ = given_up_ && cause.code() == asio::error::operation_aborted ? given_up_failure() : std::move(cause);
    closed_early_.reset();
    disconnecting_.reset();
    attempt_.reset();
    throttle_.reset();
    auto const bridge = std::exchange(bridge_, nullptr);
    auto const session = std::exchange(session_, StompSession());
    changed_.notify_all();
    lock.unlock();
    // The handles go without the lock: their ends come back.
}

void ConnectionCore::wait_until_decided(std::uint64_t number)
{
    Lock lock(mutex_);
    auto const limit = connect_limit() + connect_margin;
    auto const is_decided = [this, number] { return number_ != number || phase_ != Phase::connecting; };
    if (!changed_.wait_for(lock, limit, is_decided)) {
        give_up();
        throw Timeout(limit);
    }
    if (last_opened_ >= number) {
        auto const event = connected_event_;
        lock.unlock();
        if (!dispatcher_->runs_here())
            dispatcher_->wait_for(event, Dispatcher::Clock::now() + callback_grace);
        return;
    }
    auto const failure = failure_;
    lock.unlock();
    (failure ? failure : given_up_failure()).raise();
}

} // namespace arbalest::classic::detail
