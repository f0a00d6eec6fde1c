#pragma once

#include "raw_client.hpp"
#include "support/certificates.hpp"
#include <arbalest/broker/broker_config.hpp>

#include <boost/test/unit_test.hpp>

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

/// Runs a test once for each kind, on a broker that listens for it.
template <class Test>
void for_all_kinds(Test test, BrokerConfig const& config = with_certificate())
{
    for (auto const kind : all_kinds) {
        BOOST_TEST_CONTEXT(kind)
        {
            Fixture it(kind, config);
            test(it, kind);
        }
    }
}

/// Waits until the broker has no connections.
inline void wait_until_gone(Fixture& it)
{
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
}

} // namespace arbalest::broker::test
