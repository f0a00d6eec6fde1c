#include "wait_queue.hpp"
#include <arbalest/classic/test_listener.hpp>

#include <cstddef>
#include <utility>

namespace arbalest::classic {

namespace asio = boost::asio;

struct TestListener::State : detail::WaitQueue
{
    std::vector<Frame> messages;
    std::size_t waited_for = 0; // so many of them
    std::optional<std::chrono::system_clock::time_point> timestamp;
    bool heartbeat = false;

    bool take_message(std::optional<Frame>& message)
    {
        if (waited_for == messages.size())
            return false;
        message = messages[waited_for++];
        return true;
    }
    bool take_heartbeat() { return std::exchange(heartbeat, false); }
};

TestListener::TestListener(std::string receipt, bool print_to_log, LogSink log)
    : WaitingListener(std::move(receipt)), PrintingListener(print_to_log, std::move(log)),
      state_(std::make_shared<State>())
{
}

TestListener::~TestListener() = default;

std::vector<Frame> TestListener::message_list() const
{
    std::lock_guard const lock(state_->mutex());
    return state_->messages;
}

std::optional<std::chrono::system_clock::time_point> TestListener::timestamp() const
{
    std::lock_guard const lock(state_->mutex());
    return state_->timestamp;
}

std::optional<Frame> TestListener::get_latest_message() const
{
    std::lock_guard const lock(state_->mutex());
    std::optional<Frame> latest;
    if (!state_->messages.empty())
        latest = state_->messages.back();
    return latest;
}

std::optional<Frame> TestListener::wait_for_message(std::chrono::nanoseconds timeout)
{
    std::optional<Frame> message;
    state_->wait(timeout, [&] { return state_->take_message(message); });
    return message;
}

bool TestListener::wait_for_heartbeat(std::chrono::nanoseconds timeout)
{
    return state_->wait(timeout, [this] { return state_->take_heartbeat(); });
}

namespace {

template <class State>
asio::awaitable<std::optional<Frame>> wait_for_message_of(std::shared_ptr<State> state,
                                                          std::chrono::nanoseconds timeout)
{
    std::optional<Frame> message;
    detail::WaitQueue::Take const take = [&message, &state] { return state->take_message(message); };
    auto waiting = detail::WaitQueue::async_wait(state, timeout, take);
    co_await std::move(waiting);
    co_return message;
}

} // namespace

asio::awaitable<std::optional<Frame>> TestListener::async_wait_for_message(std::chrono::nanoseconds timeout) const
{
    return wait_for_message_of(state_, timeout);
}

asio::awaitable<bool> TestListener::async_wait_for_heartbeat(std::chrono::nanoseconds timeout) const
{
    auto* const state = state_.get();
    return detail::WaitQueue::async_wait(state_, timeout, [state] { return state->take_heartbeat(); });
}

void TestListener::on_connecting(HostAndPort const& host_and_port)
{
    StatsListener::on_connecting(host_and_port);
    PrintingListener::on_connecting(host_and_port);
}

void TestListener::on_connected(Frame const& frame)
{
    PrintingListener::on_connected(frame);
}

void TestListener::on_disconnecting()
{
    PrintingListener::on_disconnecting();
}

void TestListener::on_disconnected()
{
    StatsListener::on_disconnected();
    PrintingListener::on_disconnected();
    WaitingListener::on_disconnected(); // last: whoever waits finds the rest done
}

void TestListener::on_message(Frame const& frame)
{
    StatsListener::on_message(frame);
    PrintingListener::on_message(frame);
    state_->change([&] {
        state_->messages.push_back(frame);
        state_->timestamp = std::chrono::system_clock::now();
    });
}

void TestListener::on_error(Frame const& frame)
{
    StatsListener::on_error(frame);
    PrintingListener::on_error(frame);
}

void TestListener::on_send(Frame& frame)
{
    StatsListener::on_send(frame);
    PrintingListener::on_send(frame);
}

void TestListener::on_receipt(Frame const& frame)
{
    PrintingListener::on_receipt(frame);
    WaitingListener::on_receipt(frame);
}

void TestListener::on_heartbeat()
{
    StatsListener::on_heartbeat();
    PrintingListener::on_heartbeat();
    state_->change([this] { state_->heartbeat = true; });
}

void TestListener::on_heartbeat_timeout()
{
    StatsListener::on_heartbeat_timeout();
    PrintingListener::on_heartbeat_timeout();
}

} // namespace arbalest::classic
