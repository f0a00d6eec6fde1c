#pragma once

#include <arbalest/protocol/frame.hpp>
#include <arbalest/transport/connect_attempt.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

// What a ConnectError says.
namespace arbalest::detail {

/// The summary first, and what is the same several times once.
/// @param rounds how often the URLs were gone through.
std::string describe_attempts(std::vector<ConnectAttempt> const& attempts, unsigned rounds);

/// How far an attempt came that took too long.
/// @param pending what was waited for, if the transport has said it. @param first_bytes what the peer has sent.
std::string describe_timeout(ConnectPhase phase, std::string_view pending, std::string_view first_bytes,
                             std::chrono::milliseconds limit);

/// What to try after an ERROR instead of CONNECTED; empty when nothing comes to mind.
std::string hint_for_error(Frame const& error, bool has_login, bool has_passcode);

} // namespace arbalest::detail
