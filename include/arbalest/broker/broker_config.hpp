#pragma once

#include <arbalest/broker/listen.hpp>
#include <arbalest/protocol/heart_beat.hpp>
#include <arbalest/protocol/limits.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace arbalest {

/// What an EmbeddedBroker is like. Make one, set the fields that matter, hand it over; the broker keeps a copy.
class BrokerConfig
{
public:
    BrokerConfig() = default;

    /// The address to listen on, in digits (IPv4 or IPv6). Default "127.0.0.1": nobody from outside gets in.
    std::string address = "127.0.0.1";
    /// The port to listen on for plain TCP. Default 0: one that the system chooses, see EmbeddedBroker::port().
    std::uint16_t port = 0;
    /// What Listen::tls and Listen::secure_websocket need.
    BrokerTls tls;
    /// What WebSockets are like.
    BrokerWebSocket websocket;

    /// Who may connect: login → passcode. Default empty: anybody, with or without credentials (STOMP 1.2, "CONNECT or
    /// STOMP Frame").
    std::map<std::string, std::string> credentials;
    /// The values of the `host` header that are served. Default empty: every value, and none at all.
    std::vector<std::string> virtual_hosts;

    /// The versions that the broker speaks; the highest one that the client accepts is taken (STOMP 1.2, "Protocol
    /// Negotiation"). With 1.0 alone it behaves as a broker of that time: CONNECTED says nothing of versions and
    /// heart-beats. Default all three.
    std::vector<StompVersion> versions = {StompVersion::v1_0, StompVersion::v1_1, StompVersion::v1_2};
    /// The `server` header of CONNECTED. Default "arbalest-broker/0.1"; empty leaves the header out.
    std::string server = "arbalest-broker/0.1";

    /// How often the broker can send, and how often it wants to hear from a client (STOMP 1.2, "Heart-beating").
    /// Zero turns that direction off. Default 10 s each.
    HeartBeat heart_beat{std::chrono::seconds(10), std::chrono::seconds(10)};
    /// How early heart-beats are sent and how late they may come. A client that stays silent for longer is closed
    /// without ERROR, as RabbitMQ and ActiveMQ do.
    HeartBeatTolerance heart_beat_tolerance;

    /// What a client may send; a frame beyond that is malformed. Default as in Limits.
    Limits limits;
    /// How long a client may take from TCP's accept to CONNECT, the handshakes of TLS and WebSocket included. Zero
    /// means no limit. Default 10 s.
    std::chrono::milliseconds connect_timeout{std::chrono::seconds(10)};
    /// How long a connection that the broker closes has to take what is still to be written and to close its own side.
    /// Zero means no limit. Default 5 s.
    std::chrono::milliseconds close_timeout{std::chrono::seconds(5)};

    /// Whether the connection is closed behind an ERROR, as the specification demands (STOMP 1.2, "ERROR"). Default
    /// true. When false, refused frames leave it open as on RabbitMQ and ActiveMQ; a refused CONNECT, bytes that are no
    /// frame and a consumer that is too slow close it all the same.
    bool close_after_error = true;

    /// Whether a body is ignored on frames that must not have one (STOMP 1.2, "Body"), as RabbitMQ does; otherwise such
    /// a frame is refused with an ERROR. On SUBSCRIBE in STOMP 1.0 it is always ignored, as that specification has it.
    /// Default false.
    bool ignore_unexpected_bodies = false;

    /// How many messages may wait in one queue; a SEND beyond that is refused with an ERROR. Default 100000.
    std::size_t max_queue_depth = 100'000;
    /// How many bytes of memory the messages that wait in one queue may occupy; a SEND beyond that is refused as well.
    /// Default 1 GiB.
    std::size_t max_queue_bytes = std::size_t{1} << 30;
    /// How many destinations may exist; what names one more is refused with an ERROR. Default 100000.
    std::size_t max_destinations = 100'000;
    /// How many messages a subscription with client acknowledgement may hold unacknowledged when its SUBSCRIBE has no
    /// `prefetch-count` header. Zero means no limit. Default 0.
    std::size_t prefetch = 0;

    /// Above this many bytes waiting to be written to a connection, its subscriptions get no further messages until it
    /// has drained to half. Default 256 KiB.
    std::size_t output_high_water = std::size_t{256} << 10;
    /// Above this many bytes waiting to be written to a connection, nothing more is read from it. Only receipts of a
    /// client that does not read come so far. Default 16 MiB.
    std::size_t output_limit = std::size_t{16} << 20;
    /// How many bytes of messages may wait for one subscriber of a topic whose connection does not drain. Beyond that
    /// the connection gets an ERROR and is closed. Default 16 MiB.
    std::size_t topic_backlog = std::size_t{16} << 20;

    /// The clock that the `expires` header of a SEND is compared with. Called while the broker is locked: it must not
    /// call the broker. Default empty: the system's clock.
    std::function<std::chrono::system_clock::time_point()> wall_clock;

    /// How many received frames EmbeddedBroker::received_frames() remembers: the last ones. Default 0: none.
    std::size_t frame_log = 0;
};

} // namespace arbalest
