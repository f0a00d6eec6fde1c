#pragma once

#include "support/certificates.hpp"
#include <arbalest/broker/broker_config.hpp>

#include <array>
#include <ostream>

namespace arbalest {

// For Boost.Test, which finds it here.
std::ostream& operator<<(std::ostream& out, Listen kind);

} // namespace arbalest

namespace arbalest::broker::test {

inline constexpr std::array all_kinds{Listen::tcp, Listen::tls, Listen::websocket, Listen::secure_websocket};

/// One for the whole program.
arbalest::test::TestAuthority& authority();

/// The same with a certificate of that authority for the loopback address.
BrokerConfig with_certificate(BrokerConfig config = BrokerConfig());

} // namespace arbalest::broker::test
