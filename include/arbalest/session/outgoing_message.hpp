#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace arbalest {

class Message;

/// A message to be sent (STOMP 1.2, "SEND"). It owns what it holds. Written as a chain:
/// `OutgoingMessage("/queue/orders").body("…").header("persistent", "true")`.
class ARBALEST_DECL OutgoingMessage
{
public:
    /// @param destination the `destination` header, in the broker's own syntax. Sending fails with InvalidFrame when it
    /// is empty.
    explicit OutgoingMessage(std::string_view destination);
    /// With a body; the same as calling body(), without a second allocation.
    OutgoingMessage(std::string_view destination, std::string_view body);

    /// A copy of a received message for another destination: its headers and its body, but not those that belong to the
    /// delivery (`receipt`, `subscription`, `message-id`, `ack`, `destination`, `content-length`, `redelivered`,
    /// `transaction`).
    static OutgoingMessage forward(Message const& message, std::string_view destination);
    /// The same for the destination at which it was received.
    static OutgoingMessage forward(Message const& message);

    /// The body, in bytes; it may contain anything. Default empty. The `content-length` header is added when the frame
    /// is encoded, unless `StompConfig::auto_content_length` is off.
    OutgoingMessage& body(std::string_view bytes) &;
    OutgoingMessage&& body(std::string_view bytes) && { return std::move(body(bytes)); }

    /// The `content-type` header, a MIME type.
    OutgoingMessage& content_type(std::string_view type) &;
    OutgoingMessage&& content_type(std::string_view type) && { return std::move(content_type(type)); }

    /// Adds a header behind those that are there; it is escaped when the frame is encoded. Of a header given twice, the
    /// receiver takes the first (STOMP 1.2, "Repeated Header Entries").
    OutgoingMessage& header(std::string_view name, std::string_view value) &;
    OutgoingMessage&& header(std::string_view name, std::string_view value) &&
    {
        return std::move(header(name, value));
    }

    /// Asks for a receipt, whatever `StompConfig::auto_receipt` says.
    OutgoingMessage& with_receipt() &
    {
        with_receipt_ = true;
        return *this;
    }
    OutgoingMessage&& with_receipt() && { return std::move(with_receipt()); }

    /// Asks for a receipt by this id, which must not be awaited by another operation.
    OutgoingMessage& receipt(std::string_view id) &;
    OutgoingMessage&& receipt(std::string_view id) && { return std::move(receipt(id)); }

    /// How long to wait for the receipt, from the call; zero: without limit. Default: `StompConfig::receipt_timeout`.
    /// The operation throws InvalidConfig for a negative one.
    OutgoingMessage& receipt_timeout(std::chrono::milliseconds limit) &
    {
        receipt_timeout_ = limit;
        return *this;
    }
    OutgoingMessage&& receipt_timeout(std::chrono::milliseconds limit) && { return std::move(receipt_timeout(limit)); }

    /// The frame as it stands.
    Frame const& frame() const& noexcept { return frame_; }
    Frame&& frame() && noexcept { return std::move(frame_); }
    /// Whether with_receipt() was called.
    bool wants_receipt() const noexcept { return with_receipt_; }
    /// Whether the destination given to the constructor is not empty.
    bool has_destination() const noexcept { return has_destination_; }
    /// The limit given to receipt_timeout(); nullopt when none was.
    std::optional<std::chrono::milliseconds> receipt_timeout() const noexcept { return receipt_timeout_; }

private:
    Frame frame_;
    bool has_destination_;
    bool with_receipt_ = false;
    std::optional<std::chrono::milliseconds> receipt_timeout_;
};

} // namespace arbalest
