#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace arbalest {

namespace detail {
class SessionImpl;
class SubscriptionState;
} // namespace detail

/// A received message (STOMP 1.2, "MESSAGE"). It owns its bytes. Copying copies them.
class ARBALEST_DECL Message
{
public:
    /// An empty message, as co_spawn needs it.
    Message() noexcept = default;

    /// The first header of that name, unescaped; nullopt when absent. The view lives as long as the message.
    std::optional<std::string_view> header(std::string_view name) const noexcept { return frame_.header(name); }
    /// All headers, unescaped, in the order in which they came, repeated ones too.
    HeaderList headers() const noexcept { return frame_.headers(); }
    /// The body, as a view into the message; of a temporary message, as a string of its own.
    std::string_view body() const& noexcept { return frame_.body(); }
    std::string body() && { return std::string(frame_.body()); }

    /// The headers that the specification names; empty when absent.
    std::string_view destination() const noexcept { return header("destination").value_or(""); }
    std::string_view content_type() const noexcept { return header("content-type").value_or(""); }
    std::string_view message_id() const noexcept { return header("message-id").value_or(""); }
    std::string_view subscription() const noexcept { return header("subscription").value_or(""); }

    /// The frame as it came.
    Frame const& frame() const noexcept { return frame_; }

    /// The same as StompSession::ack() and nack() on the session from which the message came, in cancellation, too.
    boost::asio::awaitable<bool> ack() const;
    boost::asio::awaitable<bool> nack() const;

private:
    friend class detail::SessionImpl;
    friend class detail::SubscriptionState;
    Message(Frame frame, std::shared_ptr<detail::SubscriptionState> subscription, std::uint64_t connection,
            std::uint64_t sequence) noexcept
        : frame_(std::move(frame)), subscription_(std::move(subscription)), connection_(connection), sequence_(sequence)
    {
    }

    Frame frame_;
    std::shared_ptr<detail::SubscriptionState> subscription_;
    std::uint64_t connection_ = 0; // which of the session's connections it came over
    std::uint64_t sequence_ = 0;   // by which the subscription knows it while it is unsettled; 0 when it need not
};

} // namespace arbalest
