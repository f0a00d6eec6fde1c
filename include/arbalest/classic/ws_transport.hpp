#pragma once

#include <arbalest/classic/connection_options.hpp>
#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/transport/tls_options.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace arbalest::classic {

/// Whether received data is nothing but line ends, that is heart-beats.
using IsEol = std::function<bool(std::string_view data)>;

/// What stomp.py passes to the web socket besides.
class WSTransportOptions
{
public:
    WSTransportOptions() = default;

    /// The limit for connecting and for a frame to be written, in seconds; zero means no limit. Default none given: 15
    /// s, and no limit.
    std::optional<Seconds> timeout;
    /// Further header fields of the handshake. Default none.
    Headers header;
    /// Whether frames are sent as binary messages instead of text. Default false.
    bool binary_mode = false;
    /// For `wss`.
    TlsOptions tls;
};

/// A WebSocket that carries STOMP frames and knows nothing else of STOMP: no CONNECT, no heart-beats, no listeners;
/// WSConnection has these. Every operation blocks; it has a thread of its own for I/O. One thread may send while
/// another receives; stop() and is_connected() may be called from any.
class ARBALEST_DECL WSTransport
{
public:
    /// @param url `ws://` or `wss://`. @param auto_decode, encoding as in ConnectionOptions; for receive_frame() and
    /// send(). @param is_eol_fc what counts as heart-beats; default: data of line feeds, with or without carriage
    /// returns before them. @throws std::invalid_argument for an URL or an encoding that is none.
    explicit WSTransport(std::string_view url, bool auto_decode = true, std::string encoding = "utf-8",
                         IsEol is_eol_fc = {}, WSTransportOptions options = WSTransportOptions());
    /// As stop().
    ~WSTransport();
    WSTransport(WSTransport const&) = delete;
    WSTransport& operator=(WSTransport const&) = delete;

    /// Opens the WebSocket (RFC 6455, 4.1), once or after a stop(). Does nothing when it is open.
    /// @throws ConnectError.
    void start();
    /// Closes it in order, and ends what still sends or receives. Does nothing when it is not open.
    /// @param timeout how long to wait for the server's answer; then it is closed anyway. Zero, the default: 1 s.
    void stop(std::chrono::nanoseconds timeout = {});

    /// Sends a frame as one message; an empty frame is a heart-beat. It is encoded as STOMP 1.2 wants it. Returns when
    /// the system has taken it. @throws SessionClosed when it is not open, ConnectionLost when it breaks, InvalidFrame,
    /// Timeout after which it is closed.
    void send(Frame frame);

    /// Receives data: what has come of one or more messages, the last of which may be a part. Heart-beats come as data,
    /// too, also together with frames.
    /// @returns the data, never empty. @throws SessionClosed when it is not open or was stopped meanwhile,
    /// ConnectionLost when the server has closed it or it breaks.
    std::string receive();

    /// Receives a whole frame and decodes it, out of the same data as receive(). @throws MalformedFrame; as above.
    Frame receive_frame();

    /// Whether it is open.
    bool is_connected() const;
    /// Whether data is nothing but line ends, as `is_eol_fc` has it.
    bool is_eol(std::string_view data) const;
    /// How many times receive() has returned nothing but line ends; heart-beats that came with a frame do not count.
    std::uint64_t heart_beats() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace arbalest::classic
