#pragma once

#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/export.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace arbalest::classic {

/// Waits for a certain receipt, and for the end of the connection: a thread by the wait functions, a coroutine by the
/// async_wait functions. For every timeout, zero means no limit.
///
/// In a callback the thread functions would wait for what only comes when the callback has returned: they then return
/// false at the timeout.
class ARBALEST_DECL WaitingListener : public virtual ConnectionListener
{
public:
    /// @param receipt the `receipt-id` to wait for; empty: none.
    explicit WaitingListener(std::string receipt);
    ~WaitingListener() override;
    WaitingListener(WaitingListener const&) = delete;
    WaitingListener& operator=(WaitingListener const&) = delete;

    /// Blocks until the receipt comes; at once if it has come since the last successful wait.
    /// @param timeout default 10 s. @returns true when the receipt has come, false at the timeout.
    bool wait_on_receipt(std::chrono::nanoseconds timeout = std::chrono::seconds(10));
    /// Blocks until the connection has ended; at once if one has ended already.
    /// @param timeout default 10 s. @returns true when it has ended, false at the timeout.
    bool wait_on_disconnected(std::chrono::nanoseconds timeout = std::chrono::seconds(10));

    /// The same for coroutines. They complete on the caller's executor; cancelling throws `operation_aborted`. The
    /// listener may be destroyed meanwhile: then they return false at the timeout.
    boost::asio::awaitable<bool>
    async_wait_on_receipt(std::chrono::nanoseconds timeout = std::chrono::seconds(10)) const;
    boost::asio::awaitable<bool>
    async_wait_on_disconnected(std::chrono::nanoseconds timeout = std::chrono::seconds(10)) const;

    /// The receipt that is waited for.
    std::string const& receipt() const noexcept { return receipt_; }

    void on_receipt(Frame const& frame) override;
    void on_disconnected() override;

private:
    struct State;
    std::string const receipt_;
    std::shared_ptr<State> state_;
};

} // namespace arbalest::classic
