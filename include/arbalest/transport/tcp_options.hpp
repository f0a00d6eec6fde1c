#pragma once

#include <string>

namespace arbalest {

/// How TCP connections are made. An option that cannot be set, for instance a local address that is not this machine's,
/// makes the attempt fail (ConnectPhase::tcp); a local address that is none is InvalidConfig.
class TcpOptions
{
public:
    TcpOptions() = default;

    /// Switches Nagle's algorithm off (TCP_NODELAY). Arbalest writes in batches itself. Default true.
    bool no_delay = true;
    /// The system's keep-alive probes (SO_KEEPALIVE), for sessions without heart-beats. Default false.
    bool keep_alive = false;
    /// The local address to connect from, in numbers; empty for whichever the system takes. Default empty.
    std::string local_address;
    /// The local port to connect from; 0 for any. Default 0.
    unsigned short local_port = 0;
};

} // namespace arbalest
