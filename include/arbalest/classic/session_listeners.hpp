#pragma once

#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/export.hpp>
#include <arbalest/session/stomp_config.hpp>
#include <arbalest/session/stomp_session.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <string_view>

// Listeners on a session of coroutines.
namespace arbalest::classic {

/// Attaches a listener to a session by a name; one of that name is replaced. From any thread; takes effect on the
/// session's executor, for what happens from then on.
///
/// The listener is called on the session's executor, in the middle of its work, and must not block there. The session's
/// subscriptions get the messages as well, after on_message and as on_before_message has left them; what that skips
/// they never see. Receipts of the session's own operations are told, too. A listener may end the session from a
/// callback, by StompSession::start_disconnect().
/// @throws std::invalid_argument when there is no listener. SessionClosed for an empty handle.
ARBALEST_DECL void set_listener(StompSession const& session, std::string_view name,
                                std::shared_ptr<ConnectionListener> listener);

/// The same for a listener that may block: it is called on an executor of its own, for instance of an
/// `asio::thread_pool`, one callback after the other and in the same order, so that it holds up nothing, not even a
/// heart-beat. But for on_send, on_before_message and on_disconnecting, whose effect is awaited: they are called on the
/// session's executor in any case.
///
/// What it has not been told yet is limited as a subscription's buffer is (StompConfig::subscription_buffer): beyond
/// the soft limits the session stops reading unless somebody waits for something on it, and at the hard limit the
/// listener gets no more messages of this connection, which Observer::on_callback_failed() reports once, with
/// SlowConsumer.
/// @param executor must live until the session has ended.
ARBALEST_DECL void set_listener(StompSession const& session, std::string_view name,
                                std::shared_ptr<ConnectionListener> listener, boost::asio::any_io_executor executor);

/// Attaches a listener to every session that is made with this configuration from now on, so that it hears of
/// on_connecting and on_connected as well. Several sessions call it each on their own executor, and at the same time if
/// those are different threads. Such listeners can be found and removed in the configuration and in the session alike:
/// one that is removed is removed for all of them. One that is attached to a session by the same name takes the place
/// of that of the configuration, for this session.
ARBALEST_DECL void set_listener(StompConfig& config, std::string_view name,
                                std::shared_ptr<ConnectionListener> listener);
ARBALEST_DECL void set_listener(StompConfig& config, std::string_view name,
                                std::shared_ptr<ConnectionListener> listener, boost::asio::any_io_executor executor);

/// The listener of that name; nullptr when there is none. From any thread.
ARBALEST_DECL std::shared_ptr<ConnectionListener> get_listener(StompSession const& session, std::string_view name);
ARBALEST_DECL std::shared_ptr<ConnectionListener> get_listener(StompConfig const& config, std::string_view name);

/// Removes the listener of that name. From any thread, also from inside of a callback: when it returns, no callback of
/// that listener starts any more on this thread.
/// @returns whether there was one.
ARBALEST_DECL bool remove_listener(StompSession const& session, std::string_view name);
ARBALEST_DECL bool remove_listener(StompConfig const& config, std::string_view name);

} // namespace arbalest::classic
