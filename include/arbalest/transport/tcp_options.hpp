#pragma once

#include <chrono>
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
    /// After how many seconds of silence the first probe is sent, how many seconds lie between two, and how many may be
    /// left unanswered before the connection fails (TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT); with `keep_alive` only.
    /// Zero: as the system has it. Default 0.
    std::chrono::seconds keep_alive_idle{0};
    std::chrono::seconds keep_alive_interval{0};
    int keep_alive_probes = 0;
    /// How long what was sent may stay unacknowledged before the connection fails (TCP_USER_TIMEOUT, RFC 5482), in
    /// milliseconds. Zero: as the system has it, often 15 minutes. Default 0.
    std::chrono::milliseconds user_timeout{0};
    /// How long a connection attempt to one of a host's addresses may take before the next one is tried beside it
    /// (RFC 8305, "Connection Attempt Delay"), in milliseconds. The first that succeeds ends the others. Zero: all at
    /// once. Default 250 ms.
    std::chrono::milliseconds connection_attempt_delay{250};
    /// The local address to connect from, in numbers; empty for whichever the system takes. Default empty.
    std::string local_address;
    /// The local port to connect from; 0 for any. Default 0.
    unsigned short local_port = 0;
};

} // namespace arbalest
