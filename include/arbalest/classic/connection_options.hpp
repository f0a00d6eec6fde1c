#pragma once

#include <arbalest/classic/host_and_port.hpp>
#include <arbalest/protocol/heart_beat.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace arbalest {
class Observer;
} // namespace arbalest

namespace arbalest::classic {

/// Further headers of a frame, name and value; what stands in the frame already is replaced. Stands for stomp.py's
/// `headers` and for its keyword headers.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// Seconds, also parts of one.
using Seconds = std::chrono::duration<double>;

/// The options of Connection10, Connection11, Connection12 and WSConnection, by the names that stomp.py gives them.
/// Plain fields of a named object.
class ConnectionOptions
{
public:
    ConnectionOptions() = default;
    /// With these brokers.
    ConnectionOptions(std::vector<HostAndPort> brokers) : host_and_ports(std::move(brokers)) {}

    /// The brokers, tried in this order. Default empty: localhost, port 61613, for a WSConnection port 8080. A host
    /// that is neither a name nor an address is refused by the connection's constructor, with std::invalid_argument.
    std::vector<HostAndPort> host_and_ports;
    /// Whether those on this machine are tried first. Default true.
    bool prefer_localhost = true;
    /// Whether, for those on this machine that are named otherwise, 127.0.0.1 is tried before anything else. Default
    /// true.
    bool try_loopback_connect = true;

    // When none of the brokers can be reached, connect() sleeps and tries them all again. Sleep number n lasts
    // min(reconnect_sleep_max, reconnect_sleep_initial * (1 + reconnect_sleep_increase)^(n - 1)), and up to
    // reconnect_sleep_jitter times that longer.

    /// The first sleep, in seconds. Default 0.1.
    Seconds reconnect_sleep_initial{0.1};
    /// By what part of itself each sleep is longer than the one before. Default 0.5.
    double reconnect_sleep_increase = 0.5;
    /// The largest random part that is added to a sleep. Default 0.1.
    double reconnect_sleep_jitter = 0.1;
    /// The longest sleep but for that part, in seconds. Default 60.
    Seconds reconnect_sleep_max{60.0};
    /// After so many failed attempts, each broker counted by itself, no new round is begun. -1: tries without end.
    /// Default 3.
    int reconnect_attempts_max = 3;

    /// The limit for connecting to one broker, for the answer to CONNECT, and for a frame to find room in the write
    /// buffer, in seconds; zero means no limit. An idle connection has none. Default none given: 15 s for the first
    /// two, no limit for the last. A negative one is refused by the connection's constructor, with
    /// std::invalid_argument.
    std::optional<Seconds> timeout;
    /// How often we can send, and want to receive, in milliseconds; zero turns a direction off. Not for STOMP 1.0.
    /// Default none.
    HeartBeat heartbeats;
    /// The system's keep-alive probes. Default off.
    bool keepalive = false;
    /// The `host` header of CONNECT. Not for STOMP 1.0. Default empty: "/".
    std::string vhost;
    /// Whether the bodies of received frames are text in `encoding`, and are made UTF-8: whatever is no such text
    /// becomes U+FFFD. Set it to false for bodies that are to be taken as they came. Default true.
    bool auto_decode = true;
    /// The encoding of bodies: "utf-8", "us-ascii", "iso-8859-1" ("latin-1") or whatever the system's iconv() knows.
    /// Bodies that are sent are taken for UTF-8 and put into it; with "utf-8" they are sent as they are. Default
    /// "utf-8".
    std::string encoding = "utf-8";
    /// Adds a content-length to every frame with a body. Default true.
    bool auto_content_length = true;
    /// After how many periods without a byte the broker counts as gone. Default 1.5.
    double heart_beat_receive_scale = 1.5;
    /// The local address, in numbers, and port to connect from; an empty address or port 0 for any. Default none.
    std::optional<HostAndPort> bind_host_port;

    /// Looks on, and is told which listener has thrown what. Called on the executor of the connection. Default none.
    std::shared_ptr<Observer> observer;
};

} // namespace arbalest::classic
