#pragma once

#include <arbalest/export.hpp>
#include <arbalest/session/failure.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace arbalest {

namespace detail {
class SessionImpl;
class EventQueue;
} // namespace detail

/// A step in the life of a session's connection.
class ConnectionEvent
{
public:
    enum class State : std::uint8_t {
        connecting, ///< A connection is being made.
        connected,  ///< CONNECTED came; subscriptions and unconfirmed messages have been put into the write buffer.
        lost,       ///< The connection is gone, and the session looks for another.
        waiting,    ///< The session waits before it tries again.
        closed,     ///< The session has ended. The last event.
    };

    ConnectionEvent() = default;

    State state = State::connecting;    ///< Which step.
    std::string url;                    ///< connecting, connected: where to, without credentials.
    unsigned attempt = 0;               ///< connecting, waiting: which attempt in a row, from 1.
    std::chrono::milliseconds delay{0}; ///< waiting: how long.
    Failure cause;                      ///< lost, closed: why; waiting: why the last attempt failed, if there was one.
};

/// The enumerator's name.
ARBALEST_DECL std::string_view to_string(ConnectionEvent::State state) noexcept;

/// An async channel of the steps in the life of a session's connection, from StompSession::connection_events(). It
/// begins with the step that was current then. Whoever falls more than 1000 steps behind loses the oldest. Movable, not
/// copyable; does not keep the session alive.
class ARBALEST_DECL ConnectionEvents
{
public:
    /// No channel; next() fails with SessionClosed.
    ConnectionEvents() noexcept = default;
    ConnectionEvents(ConnectionEvents&& other) noexcept = default;
    ConnectionEvents& operator=(ConnectionEvents&& other) noexcept = default;
    ~ConnectionEvents() = default;

    /// Waits for the next step. Completes on the caller's executor. Cancellation of every type ends the wait and loses
    /// nothing.
    /// @returns nullopt behind `closed`. @throws OperationInProgress when another next() waits; SessionClosed when the
    /// io_context of the session is gone.
    boost::asio::awaitable<std::optional<ConnectionEvent>> next();

private:
    friend class detail::SessionImpl;
    explicit ConnectionEvents(std::shared_ptr<detail::EventQueue> queue) noexcept;

    std::shared_ptr<detail::EventQueue> queue_;
};

} // namespace arbalest
