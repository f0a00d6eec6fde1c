#pragma once

#include <arbalest/classic/connection_options.hpp>
#include <arbalest/classic/host_and_port.hpp>

#include <chrono>
#include <vector>

namespace arbalest::classic::detail {

/// @throws std::invalid_argument for a host that is none, and for a timeout that is negative or not a number.
void check_options(ConnectionOptions const& options);

/// Whether the host is this machine.
bool is_local(std::string const& host);

/// The brokers in the order in which they are tried.
std::vector<HostAndPort> order_brokers(ConnectionOptions const& options, HostAndPort const& otherwise);

/// How long the sleep with this number, from 1, is. @param random between 0 and 1.
std::chrono::nanoseconds reconnect_sleep(ConnectionOptions const& options, unsigned number, double random);

} // namespace arbalest::classic::detail
