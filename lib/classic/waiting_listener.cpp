#include "wait_queue.hpp"
#include <arbalest/classic/waiting_listener.hpp>

#include <utility>

namespace arbalest::classic {

namespace asio = boost::asio;

struct WaitingListener::State : detail::WaitQueue
{
    bool received = false;
    bool disconnected = false;

    // A receipt that was waited for is used up; the end of a connection stays.
    bool take_receipt() { return std::exchange(received, false); }
};

WaitingListener::WaitingListener(std::string receipt) : receipt_(std::move(receipt)), state_(std::make_shared<State>())
{
}

WaitingListener::~WaitingListener() = default;

bool WaitingListener::wait_on_receipt(std::chrono::nanoseconds timeout)
{
    return state_->wait(timeout, [this] { return state_->take_receipt(); });
}

bool WaitingListener::wait_on_disconnected(std::chrono::nanoseconds timeout)
{
    return state_->wait(timeout, [this] { return state_->disconnected; });
}

asio::awaitable<bool> WaitingListener::async_wait_on_receipt(std::chrono::nanoseconds timeout) const
{
    auto* const state = state_.get();
    return detail::WaitQueue::async_wait(state_, timeout, [state] { return state->take_receipt(); });
}

asio::awaitable<bool> WaitingListener::async_wait_on_disconnected(std::chrono::nanoseconds timeout) const
{
    auto* const state = state_.get();
    return detail::WaitQueue::async_wait(state_, timeout, [state] { return state->disconnected; });
}

void WaitingListener::on_receipt(Frame const& frame)
{
    if (receipt_.empty() || frame.header("receipt-id") != receipt_)
        return;
    state_->change([this] { state_->received = true; });
}

void WaitingListener::on_disconnected()
{
    state_->change([this] { state_->disconnected = true; });
}

} // namespace arbalest::classic
