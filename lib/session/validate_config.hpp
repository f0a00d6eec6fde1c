#pragma once

#include <arbalest/session/stomp_config.hpp>

#include <string>

namespace arbalest::detail {

/// Checks every field of a configuration, without any I/O: what a setting names outside of the program, for instance a
/// file, is judged when it is used.
/// @throws InvalidConfig for the first value that a field cannot have. InvalidFrame when CONNECT cannot hold what it is
/// to say.
void validate(StompConfig const& config);

/// The same for the buffer of a subscription. @param name of what holds it.
void validate(SubscriptionBuffer const& buffer, std::string const& name);

} // namespace arbalest::detail
