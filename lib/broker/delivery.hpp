#pragma once

#include "expiry.hpp"
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace arbalest::broker {

/// A message as it lies in a queue: the SEND frame that brought it, shared by all that hold it.
struct StoredMessage
{
    std::shared_ptr<Frame const> frame;
    /// Its place in its queue, which it keeps when it comes back.
    std::uint64_t sequence = 0;
    bool redelivered = false;
    Expiry expires = 0;
};

/// All that a MESSAGE frame consists of. The views last as long as the call that it is given to.
struct Delivery
{
    std::shared_ptr<Frame const> frame;
    std::string_view destination;
    /// None for a STOMP 1.0 subscription without id.
    std::optional<std::string_view> subscription;
    std::string_view message_id;
    /// Empty: no `ack` header.
    std::string_view ack;
    bool redelivered = false;
};

/// Appends the bytes of the MESSAGE frame. What that version has no way to express is left out (STOMP 1.2, "MESSAGE").
void append_message(std::string& out, Delivery const& delivery, StompVersion version);

/// Appends the bytes of a RECEIPT frame. @param id must be one that the version can express.
void append_receipt(std::string& out, std::string_view id, StompVersion version);

/// The MESSAGE as a frame, for whoever wants to look at it rather than to send it.
Frame to_frame(Delivery const& delivery, StompVersion version);

} // namespace arbalest::broker
