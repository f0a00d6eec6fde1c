#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

/// The server's half of a WebSocket (RFC 6455) for a sink that must be faster than its clients: no extensions, no
/// checks of text. Messages may be fragmented; the fragments are passed on as they come.
class WebSocket
{
public:
    /// Takes what is whole at the front of these bytes: the request of the handshake, then frames. Appends the payloads
    /// of messages to `payload` and what must be answered to `answers`. Returns how many bytes it took.
    /// @throws std::runtime_error when the bytes are neither.
    std::size_t receive(std::string_view bytes, std::string& payload, std::string& answers);

    /// Whether the client has said goodbye.
    bool closed() const noexcept { return closed_; }

    /// The head of a server's message of so many bytes, as a single text frame.
    static void append_head(std::string& out, std::size_t size);

private:
    std::size_t handshake(std::string_view bytes, std::string& answers);
    std::size_t read_frame(std::string_view bytes, std::string& payload, std::string& answers);

    bool open_ = false;
    bool closed_ = false;
};

} // namespace bench
