#include "job.hpp"
#include "tally.hpp"
#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/classic/session_listeners.hpp>
#include <arbalest/session/interceptor.hpp>
#include <arbalest/session/message.hpp>
#include <arbalest/session/outgoing_message.hpp>
#include <arbalest/session/subscription.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {

namespace asio = boost::asio;
using arbalest::StompSession;
using arbalest::Subscription;

namespace {

/// Gives a broker what it shall deliver.
asio::awaitable<void> preload(StompSession& session, ClientJob const& job)
{
    std::string const body(job.body, 'x');
    for (std::size_t i = 1; i <= job.count; ++i) {
        arbalest::OutgoingMessage message(job.destination, body);
        if (i % job.window == 0 || i == job.count) // no more in flight than a broker likes
            message.with_receipt();
        co_await session.send(std::move(message));
    }
}

/// Swallows messages before they come to a subscription.
class Hook : public arbalest::Interceptor
{
public:
    Hook(Tally tally, asio::steady_timer& done) : tally(tally), done_(done) {}

    bool on_incoming(arbalest::Frame& frame) override
    {
        if (frame.command() != "MESSAGE")
            return true;
        tally.add(frame);
        if (tally.complete())
            done_.cancel();
        return false;
    }

    Tally tally;

private:
    asio::steady_timer& done_;
};

class Listener : public arbalest::classic::ConnectionListener
{
public:
    Listener(Tally tally, asio::steady_timer& done) : tally(tally), done_(done) {}

    void on_message(arbalest::Frame const& frame) override
    {
        tally.add(frame);
        if (tally.complete())
            done_.cancel();
    }

    Tally tally;

private:
    asio::steady_timer& done_;
};

asio::awaitable<void> wait_for_cancel(asio::steady_timer& timer)
{
    try {
        co_await timer.async_wait(asio::use_awaitable);
    } catch (boost::system::system_error const& error) {
        if (error.code() != asio::error::operation_aborted)
            throw;
        co_return;
    }
    throw std::runtime_error("not everything came in time");
}

/// What the consumers of several subscriptions share.
struct Fan
{
    explicit Fan(Tally tally) : tally(tally) {}

    Tally tally;
    std::optional<asio::steady_timer> done;
};

asio::awaitable<void> consume(Subscription inbox, std::shared_ptr<Fan> fan)
{
    while (auto message = co_await inbox.next()) {
        fan->tally.add(*message);
        if (fan->tally.complete())
            fan->done->cancel();
    }
}

} // namespace

std::string push_destination(ClientJob const& job)
{
    if (job.preload)
        return job.destination;
    return "/push/" + std::to_string(job.subscriptions) + "/" + std::to_string(job.count) + "/" +
           std::to_string(job.body);
}

asio::awaitable<void> deliver(StompSession session, ClientJob const& job, Measurement& measurement)
{
    if (job.preload)
        co_await preload(session, job);
    std::vector<Subscription> others;
    for (std::size_t i = 0; i < job.others; ++i) {
        auto other = co_await session.subscribe("/queue/nobody-sends-here");
        others.push_back(std::move(other));
    }
    co_await session.flush();
    Tally tally(job, measurement);
    measurement.start();
    auto inbox = co_await session.subscribe(push_destination(job));
    while (!tally.complete()) {
        auto const message = co_await inbox.next();
        if (!message)
            break;
        tally.add(*message);
    }
    measurement.stop(job.count);
    tally.check();
}

// Takes what is there without awaiting it.
asio::awaitable<void> deliver_try(StompSession session, ClientJob const& job, Measurement& measurement)
{
    if (job.preload)
        co_await preload(session, job);
    Tally tally(job, measurement);
    measurement.start();
    auto inbox = co_await session.subscribe(push_destination(job));
    while (!tally.complete()) {
        bool const more = co_await inbox.ready();
        if (!more)
            break;
        while (auto const message = inbox.try_receive())
            tally.add(*message);
    }
    measurement.stop(job.count);
    tally.check();
}

// Hands out messages from inside of the reader, to a hook.
asio::awaitable<void> deliver_hook(StompSession session, ClientJob const& job, Measurement& measurement)
{
    if (job.preload)
        co_await preload(session, job);
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer done(executor, std::chrono::minutes(5));
    auto const hook = std::make_shared<Hook>(Tally(job, measurement), done);
    session.add_interceptor(hook);
    measurement.start();
    auto const inbox = co_await session.subscribe(push_destination(job));
    co_await wait_for_cancel(done);
    measurement.stop(job.count);
    session.remove_interceptor(hook);
    hook->tally.check();
}

// Hands them to a listener, which runs where it does by default. The SUBSCRIBE is a raw one, as somebody sends it who
// has listeners only: a subscription of the session's would keep the messages as well.
asio::awaitable<void> deliver_listener(StompSession session, ClientJob const& job, Measurement& measurement)
{
    if (job.preload)
        co_await preload(session, job);
    auto const executor = co_await asio::this_coro::executor;
    asio::steady_timer done(executor, std::chrono::minutes(5));
    auto const listener = std::make_shared<Listener>(Tally(job, measurement), done);
    arbalest::classic::set_listener(session, "bench", listener);
    arbalest::Frame subscribe("SUBSCRIBE");
    subscribe.add_header("id", "listened-to");
    subscribe.add_header("destination", push_destination(job));
    subscribe.add_header("ack", "auto");
    measurement.start();
    co_await session.send_raw(std::move(subscribe));
    co_await wait_for_cancel(done);
    measurement.stop(job.count);
    arbalest::classic::remove_listener(session, "bench");
    listener->tally.check();
}

// Many subscriptions on one session, each with a consumer of its own.
asio::awaitable<void> fan(StompSession session, ClientJob const& job, Measurement& measurement)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const shared = std::make_shared<Fan>(Tally(job, measurement));
    shared->done.emplace(executor, std::chrono::minutes(5));
    auto const destination = push_destination(job);
    for (std::size_t i = 1; i <= job.subscriptions; ++i) {
        if (i == job.subscriptions) { // with the last one the messages begin to come
            co_await session.flush();
            measurement.start();
        }
        auto inbox = co_await session.subscribe(destination);
        asio::co_spawn(executor, consume(std::move(inbox), shared), [](std::exception_ptr failure) {
            if (failure)
                std::rethrow_exception(failure);
        });
    }
    co_await wait_for_cancel(*shared->done);
    measurement.stop(job.count);
    shared->tally.check();
    // The consumers end with the session, which main() disconnects.
}

} // namespace bench
