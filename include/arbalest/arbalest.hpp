#pragma once

/// Everything that a STOMP client takes. It pulls in neither Boost.Beast nor OpenSSL.

#include <arbalest/protocol/ack_mode.hpp>
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/frame_decoder.hpp>
#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/protocol/limits.hpp>
#include <arbalest/protocol/stomp_version.hpp>
#include <arbalest/session/as_result.hpp>
#include <arbalest/session/connect_parameters.hpp>
#include <arbalest/session/connection_events.hpp>
#include <arbalest/session/error.hpp>
#include <arbalest/session/failure.hpp>
#include <arbalest/session/interceptor.hpp>
#include <arbalest/session/message.hpp>
#include <arbalest/session/observer.hpp>
#include <arbalest/session/outgoing_message.hpp>
#include <arbalest/session/receipt.hpp>
#include <arbalest/session/reconnect_policy.hpp>
#include <arbalest/session/stomp_client.hpp>
#include <arbalest/session/stomp_config.hpp>
#include <arbalest/session/stomp_session.hpp>
#include <arbalest/session/subscription.hpp>
#include <arbalest/session/transaction.hpp>
#include <arbalest/session/with_timeout.hpp>
#include <arbalest/transport/error.hpp>
#include <arbalest/transport/stream_transport.hpp>
#include <arbalest/transport/transport.hpp>
