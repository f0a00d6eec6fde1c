#include "connection_core.hpp"

#include "../session/executor_probe.hpp"
#include "../session/session_impl.hpp"
#include "brokers.hpp"
#include <arbalest/session/with_timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

// A connection while it is there, and its end. How it begins is in connection_opening.cpp.
namespace arbalest::classic::detail {

namespace asio = boost::asio;
using arbalest::detail::SessionImpl;

namespace {

// Disconnecting takes 2 s at most.
constexpr auto wait_limit = executor_limit;

// How often to look whether the io_context was stopped.
constexpr auto stopped_period = std::chrono::milliseconds(20);

asio::any_io_executor executor_for(ConnectionSetup const& setup, std::shared_ptr<IoThread> const& io)
{
    if (io)
        return io->get_executor();
    return arbalest::detail::session_executor(setup.ws ? setup.ws.get_executor() : *setup.executor);
}

// Nobody waits for the receipt here, but DISCONNECT must not overtake it.
asio::awaitable<void> await_receipt(PendingReceipt pending)
{
    try {
        co_await pending.confirmed();
    } catch (std::exception const&) {
        // The listeners learn what came, and on_disconnected tells of the end.
    }
}

asio::awaitable<bool> put_into_buffer(std::shared_ptr<SessionImpl> core, Frame frame, std::chrono::nanoseconds limit)
{
    arbalest::detail::TransmitOptions options;
    options.raw = true;
    auto submitting = SessionImpl::submit(core, std::move(frame), options);
    if (limit < no_limit)
        submitting = with_timeout(limit, std::move(submitting));
    auto pending = co_await std::move(submitting);
    if (pending.valid()) {
        auto awaiting = await_receipt(std::move(pending));
        asio::co_spawn(core->executor(), std::move(awaiting), asio::detached);
    }
    co_return true;
}

} // namespace

std::shared_ptr<ConnectionCore> ConnectionCore::make(ConnectionSetup setup)
{
    check_options(setup.options);
    auto const core = std::make_shared<ConnectionCore>(std::move(setup));
    std::weak_ptr<ConnectionCore> const weak = core;
    core->dispatcher_ = std::make_shared<Dispatcher>(
        core->listeners_,
        [weak](std::string const& callback, std::exception_ptr failure) {
            if (auto const self = weak.lock())
                self->report(callback, failure);
        },
        [weak] {
            if (auto const self = weak.lock())
                self->room();
        },
        core->codec_, core->setup_.options.auto_decode);
    return core;
}

ConnectionCore::ConnectionCore(ConnectionSetup setup)
    : setup_(std::move(setup)), brokers_(order_brokers(setup_.options, setup_.otherwise)),
      codec_(setup_.options.encoding), listeners_(std::make_shared<ListenerTable>()),
      io_(setup_.executor || setup_.ws ? nullptr : std::make_shared<IoThread>()), executor_(executor_for(setup_, io_)),
      context_(executor_), receive_scale_(setup_.options.heart_beat_receive_scale)
{
}

void ConnectionCore::start()
{
    dispatcher_->start();
    if (io_)
        io_->start();
}

void ConnectionCore::refuse_on_io_thread() const
{
    if (context_.runs_here())
        throw OperationInProgress("a blocking operation was called on a thread that would have to carry it out");
}

void ConnectionCore::report(std::string const& callback, std::exception_ptr failure)
{
    if (!setup_.options.observer)
        return;
    asio::post(executor_, [observer = setup_.options.observer, callback, failure] {
        try {
            observer->on_callback_failed(callback, Failure(failure));
        } catch (...) {
            // An observer that throws is not told of itself.
        }
    });
}

void ConnectionCore::room()
{
    std::shared_ptr<SessionImpl> core;
    std::shared_ptr<Throttle> throttle;
    {
        std::lock_guard const lock(mutex_);
        core = SessionImpl::of(session_);
        throttle = throttle_;
    }
    if (core && throttle)
        core->run_there([throttle](SessionImpl&) { throttle->wake(); });
}

bool ConnectionCore::is_connected() const
{
    std::lock_guard const lock(mutex_);
    return phase_ == Phase::open && session_.is_open();
}

HeartBeat ConnectionCore::negotiated_heart_beat() const
{
    std::lock_guard const lock(mutex_);
    return phase_ == Phase::open ? session_.negotiated_heart_beat() : HeartBeat();
}

void ConnectionCore::set_heart_beat_receive_scale(double scale)
{
    std::lock_guard const lock(mutex_);
    receive_scale_ = scale;
}

void ConnectionCore::set_ssl(std::vector<HostAndPort> const& for_hosts, TlsOptions const& options)
{
    std::lock_guard const lock(mutex_);
    for (auto const& host : for_hosts) {
        std::erase_if(ssl_, [&](auto const& entry) { return entry.first == host; });
        ssl_.emplace_back(host, options);
    }
}

std::optional<TlsOptions> ConnectionCore::get_ssl(HostAndPort const& broker) const
{
    std::lock_guard const lock(mutex_);
    for (auto const& [host, options] : ssl_) {
        if (host == broker)
            return options;
    }
    return setup_.secure ? std::optional(TlsOptions()) : std::nullopt;
}

void ConnectionCore::remember_subscription(std::string_view id, std::string_view destination)
{
    std::lock_guard const lock(mutex_);
    subscriptions_.emplace_back(id, destination);
}

std::string ConnectionCore::forget_subscription(std::string_view id, std::string_view destination)
{
    std::lock_guard const lock(mutex_);
    auto const found = std::find_if(subscriptions_.rbegin(), subscriptions_.rend(), [&](auto const& known) {
        return id.empty() ? known.second == destination : known.first == id;
    });
    if (found == subscriptions_.rend())
        return std::string(id);
    auto const known = found->first;
    subscriptions_.erase(std::next(found).base());
    return known;
}

// An operation waits no longer for an executor that does nothing.
std::chrono::nanoseconds ConnectionCore::answer_limit() const
{
    return setup_.options.timeout ? std::min(limit_of(*setup_.options.timeout), executor_limit) : executor_limit;
}

// CONNECT may be under way: what is sent behind it waits for the answer.
std::shared_ptr<SessionImpl> ConnectionCore::wait_for_session()
{
    Lock lock(mutex_);
    auto const limit = connect_limit() + wait_limit;
    if (!changed_.wait_for(lock, limit, [this] { return phase_ != Phase::connecting; }))
        throw Timeout(limit);
    auto core = phase_ == Phase::open ? SessionImpl::of(session_) : nullptr;
    if (!core) {
        auto what = std::string("there is no connection");
        if (failure_)
            what += "; the last one: " + failure_.what();
        throw SessionClosed(what);
    }
    if (!core->is_alive())
        throw SessionClosed("the io_context of the connection is gone");
    return core;
}

void ConnectionCore::send_frame(Frame frame)
{
    refuse_on_io_thread();
    tell_send(frame);
    if (!frame.body().empty()) {
        if (auto const body = codec_.encode(frame.body()))
            frame.set_body(*body);
    }
    auto core = wait_for_session();
    auto const executor = core->executor();
    auto const limit = setup_.options.timeout ? limit_of(*setup_.options.timeout) : no_limit;
    block_on(std::make_shared<Cancellable>(), executor, put_into_buffer(std::move(core), std::move(frame), limit),
             answer_limit());
}

void ConnectionCore::tell_send(Frame& frame)
{
    listeners_->call_all(
        "on_send", [this](std::string const& callback, std::exception_ptr failure) { report(callback, failure); },
        [&](ConnectionListener& listener) { listener.on_send(frame); });
}

// In this thread, so that it comes before DISCONNECT whatever the listeners are busy with; but never before they have
// been told on_connected: whoever does not come to that gets it in turn.
void ConnectionCore::tell_disconnecting(std::uint64_t connected_event)
{
    bool const is_connected_told =
        dispatcher_->runs_here() ? dispatcher_->has_told(connected_event)
                                 : dispatcher_->wait_for(connected_event, Dispatcher::Clock::now() + callback_grace);
    if (!is_connected_told) {
        dispatcher_->push(Event(Event::Kind::disconnecting));
        return;
    }
    listeners_->call_all(
        "on_disconnecting",
        [this](std::string const& callback, std::exception_ptr failure) { report(callback, failure); },
        [](ConnectionListener& listener) { listener.on_disconnecting(); });
}

void ConnectionCore::disconnect(std::string_view receipt, Headers const& headers)
{
    refuse_on_io_thread();
    Lock lock(mutex_);
    // A listener may know of CONNECTED a moment earlier.
    if (phase_ == Phase::connecting && connected_event_ != 0)
        changed_.wait_for(lock, wait_limit, [this] { return phase_ != Phase::connecting; });
    if (phase_ == Phase::establishing || phase_ == Phase::connecting)
        give_up();
    if (phase_ != Phase::open)
        return;
    auto const number = number_;
    auto const has_ended = [this, number] { return number_ != number || phase_ != Phase::open; };
    auto const here = std::this_thread::get_id();
    if (disconnecting_) {
        if (*disconnecting_ != here) // else it is called by on_disconnecting
            changed_.wait_for(lock, wait_limit, has_ended);
        return;
    }
    disconnecting_ = here;
    auto const session = session_;
    auto const bridge = bridge_;
    auto const throttle = throttle_;
    auto const connected_event = connected_event_;
    lock.unlock();

    // What the listeners do may end it.
    auto const has_ended_now = [&] {
        Lock const again(mutex_);
        return has_ended();
    };
    tell_disconnecting(connected_event);
    if (has_ended_now())
        return;
    Frame frame("DISCONNECT");
    frame.add_header("receipt", receipt.empty() ? next_id("disconnect-") : std::string(receipt));
    for (auto const& [name, value] : headers)
        frame.set_header(name, value);
    tell_send(frame);
    if (has_ended_now())
        return;
    bridge->set_disconnect_frame(std::move(frame));
    // What it takes to see the receipt is read now.
    if (auto const core = SessionImpl::of(session))
        core->run_there([throttle](SessionImpl&) { throttle->open(); });
    session.start_disconnect();

    lock.lock();
    if (!changed_.wait_for(lock, wait_limit, has_ended))
        throw Timeout(wait_limit);
}

// Lets go of a connection that is being made; connect() fails then.
void ConnectionCore::give_up()
{
    given_up_ = true;
    dispatcher_->wake(); // on_connecting may be waited for
    if (attempt_)
        attempt_->cancel(attempt_, executor_);
}

// Ends a connection at once. Returns when it has ended, unless that takes too long.
bool ConnectionCore::end_now(Dispatcher::Clock::time_point end)
{
    Lock lock(mutex_);
    if (phase_ == Phase::establishing || phase_ == Phase::connecting)
        give_up();
    if (phase_ == Phase::establishing && establishing_ == std::this_thread::get_id()) {
        // on_send of CONNECT calls: connect() goes on only when that returns.
        finish_connection(lock, given_up_failure());
        return true;
    }
    auto const number = number_;
    auto const session = std::exchange(session_, StompSession());
    auto const core = SessionImpl::of(session);
    lock.unlock();
    // Others may hold a handle, too: disconnect() does while it tells the listeners.
    if (core)
        core->run_there([](SessionImpl& there) { there.owner_ended(); });
    lock.lock();
    end = std::min(end, Dispatcher::Clock::now() + wait_limit);
    auto const has_ended = [this, number] { return number_ != number || phase_ == Phase::idle; };
    while (!has_ended()) {
        bool const is_dead = (core && !core->is_alive()) || context_.is_stopped();
        if (is_dead && phase_ != Phase::establishing) {
            // Nobody is left who would tell of the end.
            finish_connection(lock, Failure(std::make_exception_ptr(
                                        SessionClosed("the io_context of the connection is gone, or was stopped"))));
            return true;
        }
        if (Dispatcher::Clock::now() >= end)
            return false;
        changed_.wait_until(lock, std::min(end, Dispatcher::Clock::now() + stopped_period));
    }
    return true;
}

bool ConnectionCore::stop(std::chrono::nanoseconds timeout)
{
    refuse_on_io_thread();
    auto const end = end_of(timeout);
    if (!end_now(end))
        return false;
    return dispatcher_->runs_here() || dispatcher_->wait_for(dispatcher_->last_event(), end);
}

void ConnectionCore::close()
{
    {
        Lock const lock(mutex_);
        closing_ = true;
    }
    bool const may_wait = !context_.runs_here();
    end_now(may_wait ? Dispatcher::Clock::time_point::max() : Dispatcher::Clock::time_point::min());
    dispatcher_->finish();
    if (io_)
        io_->finish();
}

} // namespace arbalest::classic::detail
