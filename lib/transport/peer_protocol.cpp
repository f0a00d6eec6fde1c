#include "peer_protocol.hpp"

#include "../protocol/peer_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace arbalest::detail {

namespace {

using namespace std::string_view_literals;

enum class PeerProtocol : std::uint8_t {
    unknown,
    stomp,
    http,
    tls,
    ssh,
    amqp,
    open_wire,
};

// ActiveMQ begins with its WireFormatInfo: a length of four bytes, the type 1, and this.
constexpr std::string_view open_wire_magic = "ActiveMQ";
constexpr std::size_t open_wire_magic_position = 5;

// A TLS record (RFC 8446, 5.1): an alert or a part of the handshake, then a version that begins with 3.
constexpr char tls_alert = 0x15;
constexpr char tls_handshake = 0x16;

std::string_view without_line_ends(std::string_view text) noexcept
{
    auto const begin = text.find_first_not_of("\r\n");
    return text.substr(std::min(begin, text.size()));
}

PeerProtocol recognise(std::string_view first) noexcept
{
    if (first.starts_with("HTTP/"sv))
        return PeerProtocol::http;
    if (first.size() >= 2 && (first[0] == tls_alert || first[0] == tls_handshake) && first[1] == 3)
        return PeerProtocol::tls;
    if (first.starts_with("SSH-"sv))
        return PeerProtocol::ssh;
    if (first.starts_with("AMQP"sv))
        return PeerProtocol::amqp;
    if (first.size() > open_wire_magic_position && first.substr(open_wire_magic_position).starts_with(open_wire_magic))
        return PeerProtocol::open_wire;
    return is_not_stomp(first) ? PeerProtocol::unknown : PeerProtocol::stomp;
}

std::string first_line(std::string_view first)
{
    auto const text = without_line_ends(first);
    return '\'' + peer_text(text.substr(0, text.find_first_of("\r\n")), most_first_bytes) + '\'';
}

} // namespace

bool is_not_stomp(std::string_view first) noexcept
{
    auto const text = without_line_ends(first);
    constexpr std::array commands{"CONNECTED"sv, "ERROR"sv, "MESSAGE"sv, "RECEIPT"sv};
    return std::ranges::none_of(commands, [&](std::string_view command) {
        if (text.size() <= command.size())
            return command.starts_with(text);
        return text.starts_with(command) && (text[command.size()] == '\n' || text[command.size()] == '\r');
    });
}

std::string describe_peer(std::string_view first)
{
    switch (recognise(first)) {
    case PeerProtocol::http:
        return "the peer speaks HTTP: " + first_line(first);
    case PeerProtocol::tls:
        return "the peer speaks TLS";
    case PeerProtocol::ssh:
        return "the peer speaks SSH: " + first_line(first);
    case PeerProtocol::amqp:
        return "the peer speaks AMQP";
    case PeerProtocol::open_wire:
        return "the peer speaks OpenWire";
    case PeerProtocol::stomp:
        return "the peer speaks STOMP: " + first_line(first);
    case PeerProtocol::unknown:
        break;
    }
    return "the peer speaks something else: it sent '" + peer_text(first, most_first_bytes) + '\'';
}

std::string hint_for_peer(std::string_view first, TransportKind transport_kind, bool tls)
{
    switch (recognise(first)) {
    case PeerProtocol::http:
        return transport_kind == TransportKind::tcp ? tls ? "use wss://" : "use ws://" : std::string();
    case PeerProtocol::tls:
        if (transport_kind == TransportKind::tcp)
            return "a TLS port? use stomp+tls://";
        return transport_kind == TransportKind::websocket ? "a TLS port? use wss://"
                                                          : "a TLS port? use sockjs+https://";
    case PeerProtocol::stomp:
        return transport_kind == TransportKind::tcp ? "" : tls ? "use stomp+tls://" : "use stomp://";
    case PeerProtocol::ssh:
        return "that is an SSH port; a broker's port for STOMP is usually 61613";
    case PeerProtocol::amqp:
        return "that is an AMQP port; the broker's port for STOMP is usually 61613, and RabbitMQ has it only with the "
               "plugin rabbitmq_stomp";
    case PeerProtocol::open_wire:
        return "that is an OpenWire port; ActiveMQ's port for STOMP is usually 61613";
    case PeerProtocol::unknown:
        break;
    }
    return "a broker's port for STOMP is usually 61613, with TLS 61614";
}

} // namespace arbalest::detail
