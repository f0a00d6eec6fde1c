#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The sink's half of a STOMP conversation: just enough to keep a client busy, in as few cycles as possible.
///
/// CONNECT is answered by CONNECTED, whatever has a `receipt` by a RECEIPT, SENDs are thrown away. A subscription to
/// "/push/SUBSCRIPTIONS/COUNT/SIZE" gets its share of COUNT messages with bodies of SIZE bytes as soon as there are so
/// many SUBSCRIPTIONS of that name on the connection, in turn. The `message-id` of each is the time at which it was
/// given to be written (see ../support/time_stamp.hpp).
class Conversation
{
public:
    /// @param websocket every frame is a WebSocket message of its own, else it is followed by a line feed.
    /// @param heart_beat the period promised to clients that want heart-beats, in ms; 0 for none.
    Conversation(bool websocket, unsigned heart_beat) : websocket_(websocket), heart_beat_(heart_beat) {}

    /// Takes the whole frames at the front of these bytes, appends the answers, and returns how many bytes it took.
    /// @throws std::runtime_error when the bytes are no frames.
    std::size_t receive(std::string_view bytes, std::string& answers);

    /// Whether there are messages left to push.
    bool pushing() const noexcept { return left_ != 0; }

    /// Appends the next batch of messages, about a quarter of a MiB.
    void push(std::string& out);

    /// Whether the client was promised heart-beats.
    bool beats() const noexcept { return beats_; }
    /// Appends a heart-beat.
    void beat(std::string& out) const { emit("\n", out); }

private:
    struct Head;
    struct Template
    {
        std::size_t offset; // of the frame in the batch
        std::size_t size;   // in the batch, framing included
        std::size_t id;     // where the message-id stands, from the batch's beginning
    };

    std::size_t read_frame(std::string_view bytes, std::string& answers);
    void handle(Head const& head, std::string& answers);
    void connected(Head const& head, std::string& answers);
    void subscribed(Head const& head);
    void make_batch();
    void emit(std::string_view frame, std::string& out) const;

    bool websocket_;
    unsigned heart_beat_;
    bool beats_ = false;

    std::string push_destination_;
    std::vector<std::string> push_ids_;
    std::size_t push_size_ = 0;
    std::uint64_t left_ = 0;
    std::string batch_;
    std::vector<Template> templates_;
};

} // namespace bench
