#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace arbalest {

/// The kind of the WebSocket messages that are sent (RFC 6455, 5.6). Both kinds are read in any case; text that is not
/// UTF-8 ends the connection (8.1), so a broker that sends arbitrary bytes as text must be told not to: RabbitMQ by
/// `web_stomp.ws_frame = binary`.
enum class WebSocketPayload : std::uint8_t {
    automatic, ///< Text where a frame is UTF-8, else binary.
    text,      ///< Text, whatever the bytes are. A peer that checks them closes with 1007 when they are not UTF-8.
    binary,    ///< Binary.
};

/// How STOMP is spoken over WebSocket (`ws`, `wss`) and, as far as it applies, over SockJS (`sockjs+http`,
/// `sockjs+https`: no subprotocols, text only). Each STOMP frame is a message of its own.
class WebSocketOptions
{
public:
    WebSocketOptions() = default;

    /// Further header fields of the handshake, in order: a bearer token, cookies. One that the handshake has already is
    /// replaced. Default empty.
    std::vector<std::pair<std::string, std::string>> headers;
    /// The User-Agent of the handshake. Default "arbalest"; empty sends none.
    std::string user_agent = "arbalest";
    /// The subprotocols that are offered (RFC 6455, 1.9), the preferred first; one of a version of STOMP that is not in
    /// StompConfig::accept_versions is left out. Default those of STOMP 1.2, 1.1 and 1.0.
    std::vector<std::string> subprotocols{"v12.stomp", "v11.stomp", "v10.stomp"};
    /// Whether a subprotocol that the server chooses must be one of those. One that chooses none is content. Default
    /// true.
    bool check_subprotocol = true;

    /// The kind of messages that are sent. Default WebSocketPayload::automatic.
    WebSocketPayload payload = WebSocketPayload::automatic;
    /// Offers compression (RFC 7692), at the price of about 300 KiB of memory. Default false.
    bool permessage_deflate = false;
    /// The largest message that is read, in bytes; a larger one ends the connection with close code 1009. Zero means no
    /// limit. Default 129 MiB, room for a frame with the largest body of Limits.
    std::size_t max_message_size = std::size_t{129} << 20;
    /// A ping is sent when nothing was written for that long, since some brokers close silent connections whatever the
    /// STOMP heart-beats are. Zero: none. Default 30 s. Pings of the peer are answered while the session reads: not
    /// while it has stopped reading because of a slow consumer.
    std::chrono::milliseconds ping_interval{30'000};
    /// Cuts a STOMP frame that is longer into several messages of at most so many bytes, for servers with a limit that
    /// put them together again (Spring). Zero: never. Default 0.
    std::size_t split_large_frames = 0;
    /// Adds the NUL to messages that do not end in one, for servers that forget it. Messages of nothing but line ends
    /// are heart-beats and stay as they are. Each message must then hold whole frames. Default false.
    bool append_missing_nul = false;
};

} // namespace arbalest
