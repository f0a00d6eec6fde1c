#pragma once

/// The classic interface, for people who port Python or older code: listeners by stomp.py's names, and connections that
/// block. It pulls in neither Boost.Beast nor OpenSSL.

#include <arbalest/classic/connection.hpp>
#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/classic/connection_options.hpp>
#include <arbalest/classic/heartbeat_listener.hpp>
#include <arbalest/classic/host_and_port.hpp>
#include <arbalest/classic/printing_listener.hpp>
#include <arbalest/classic/session_listeners.hpp>
#include <arbalest/classic/stats_listener.hpp>
#include <arbalest/classic/test_listener.hpp>
#include <arbalest/classic/waiting_listener.hpp>
#include <arbalest/classic/ws_connection.hpp>
#include <arbalest/classic/ws_transport.hpp>
#include <arbalest/session/error.hpp>
#include <arbalest/session/observer.hpp>
