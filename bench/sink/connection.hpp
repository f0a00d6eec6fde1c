#pragma once

#include "channel.hpp"
#include "conversation.hpp"
#include "websocket.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bench {

/// One client of the sink: joins a channel, a WebSocket where that is wanted, and the conversation.
class Connection
{
public:
    /// @param scratch what all connections read into; what is not whole yet is kept by each.
    Connection(int descriptor, ssl_ctx_st* tls, bool websocket, unsigned heart_beat, std::vector<char>& scratch);

    int descriptor() const noexcept { return channel_.descriptor(); }

    /// There is something to read. Returns false when the client has gone.
    bool on_readable();
    /// There is room to write. Returns false when the client has gone.
    bool on_writable();
    /// Sends a heart-beat if one was promised. Returns false when the client has gone.
    bool beat();

    /// Whether something waits for room to write.
    bool wants_to_write() const noexcept { return written_ != out_.size() || conversation_.pushing(); }

private:
    void receive(std::string_view bytes);

    Channel channel_;
    std::optional<WebSocket> websocket_;
    Conversation conversation_;
    std::vector<char>& scratch_;
    std::string raw_;     // read, but no whole frame yet
    std::string payload_; // of WebSocket messages, likewise
    std::string out_;
    std::size_t written_ = 0;
};

} // namespace bench
