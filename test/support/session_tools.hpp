#pragma once

#include "session_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace arbalest::test {

/// Remembers every frame, and the order of what an observer is told.
class FrameLog : public Observer
{
public:
    void on_connecting(std::string_view url) override { events.push_back("connecting " + std::string(url)); }
    void on_connected(Frame const&) override { events.push_back("connected"); }
    void on_frame_sent(Frame const& frame) override
    {
        events.push_back("sent " + std::string(frame.command()));
        sent.push_back(frame);
    }
    void on_frame_received(Frame const& frame) override
    {
        events.push_back("received " + std::string(frame.command()));
        received.push_back(frame);
    }
    void on_error_frame(Frame const&) override { events.push_back("error frame"); }
    void on_closed(Failure const& cause) override { events.push_back("closed: " + cause.code().message()); }

    /// Whether a RECEIPT for this frame has been received.
    bool confirmed(Frame const& frame) const
    {
        auto const id = frame.header("receipt");
        return id && std::ranges::any_of(received, [&](Frame const& answer) {
                   return answer.command() == "RECEIPT" && answer.header("receipt-id") == id;
               });
    }
    /// How many frames with that command were sent.
    std::size_t count_sent(std::string_view command) const
    {
        auto const matches = [&](Frame const& frame) { return frame.command() == command; };
        return static_cast<std::size_t>(std::ranges::count_if(sent, matches));
    }

    std::vector<Frame> sent;
    std::vector<Frame> received;
    std::vector<std::string> events;
};

/// What an operation throws; a Failure that is none when it succeeds.
template <class T>
asio::awaitable<Failure> failure_of(asio::awaitable<T> operation)
{
    Failure failure;
    try {
        co_await std::move(operation);
    } catch (...) {
        failure = Failure(std::current_exception());
    }
    co_return failure;
}

/// Whether a failure is of that very type.
template <class Error>
bool is(Failure const& failure)
{
    if (!failure)
        return false;
    try {
        failure.raise();
    } catch (Error const&) {
        return true;
    } catch (...) {
        return false;
    }
}

/// The failure as that type, which it must be of; valid until the next call for that type.
template <class Error>
Error const& as(Failure const& failure)
{
    try {
        failure.raise();
    } catch (Error const& error) {
        static std::optional<Error> kept;
        kept.emplace(error);
        return *kept;
    }
}

inline bool is_aborted(Failure const& failure)
{
    return failure && failure.code() == asio::error::operation_aborted;
}

/// An operation that runs in the background of a test.
template <class T>
class Task
{
public:
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    bool done = false;
    Failure failure;
    std::optional<Value> value;
    asio::cancellation_signal signal;

    void cancel() { signal.emit(asio::cancellation_type::terminal); }
};

/// Starts an operation. It can be cancelled until it is done.
template <class T>
std::shared_ptr<Task<T>> start(asio::any_io_executor executor, asio::awaitable<T> operation)
{
    auto const task = std::make_shared<Task<T>>();
    auto const finish = [task](std::exception_ptr thrown) {
        task->done = true;
        task->signal.slot().clear();
        if (thrown)
            task->failure = Failure(thrown);
    };
    if constexpr (std::is_void_v<T>) {
        asio::co_spawn(executor, std::move(operation), asio::bind_cancellation_slot(task->signal.slot(), finish));
    } else {
        asio::co_spawn(
            executor, std::move(operation),
            asio::bind_cancellation_slot(task->signal.slot(), [task, finish](std::exception_ptr thrown, T v) {
                if (!thrown)
                    task->value.emplace(std::move(v));
                finish(thrown);
            }));
    }
    return task;
}

/// Suspends until the condition holds; fails the test when that takes more than a minute, which leaves room for
/// sanitizers.
template <class Condition>
asio::awaitable<void> until(Condition condition)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    auto const end = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
        BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end, "what was waited for did not happen");
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

template <class T>
asio::awaitable<void> finished(std::shared_ptr<Task<T>> task)
{
    Task<T> const* const watched = task.get();
    co_await until([watched] { return watched->done; });
}

/// Lets everything else that is ready have its turn, several times over.
inline asio::awaitable<void> others_go_on(int rounds = 20)
{
    auto const executor = co_await asio::this_coro::executor;
    for (int i = 0; i < rounds; ++i)
        co_await asio::post(executor, asio::use_awaitable);
}

/// An embedded broker with its faults, for what no real broker does when asked to.
class EmbeddedFixture : public ContextFixture
{
public:
    explicit EmbeddedFixture(BrokerConfig config = BrokerConfig()) : broker(context.get_executor(), std::move(config))
    {
        broker.listen();
    }

    asio::awaitable<StompSession> connect(StompConfig config = StompConfig()) const
    {
        StompClient client(std::move(config));
        return client.connect(broker.url());
    }

    EmbeddedBroker broker;
};

/// Receipts for everything, and a limit for them.
inline StompConfig confirming(std::chrono::milliseconds limit = 10s)
{
    StompConfig config;
    config.auto_receipt = true;
    config.receipt_timeout = limit;
    return config;
}

} // namespace arbalest::test
