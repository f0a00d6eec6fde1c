#include "../protocol/utf8.hpp"
#include <arbalest/transport/error.hpp>
#include <arbalest/transport/impl/websocket_tools.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace arbalest::detail {

namespace {

constexpr std::uint16_t closed_normally = 1000;

} // namespace

bool is_sent_as_binary(std::string_view frame, WebSocketPayload payload) noexcept
{
    return payload == WebSocketPayload::binary || (payload == WebSocketPayload::automatic && !is_utf8(frame));
}

std::size_t next_part(std::string_view rest, std::size_t limit, bool binary) noexcept
{
    if (limit == 0 || rest.size() <= limit)
        return rest.size();
    auto size = limit;
    if (!binary) {
        while (size > 0 && is_continuation(rest[size]))
            --size;
        // A limit of less than a character, or no UTF-8 at all.
        if (size == 0 || limit - size > 3)
            size = limit;
    }
    return size;
}

std::uint16_t close_code(CloseReason reason) noexcept
{
    switch (reason) {
    case CloseReason::error:
        return 3001;
    case CloseReason::missing_heart_beat:
        return 3002;
    case CloseReason::normal:
        break;
    }
    return closed_normally;
}

std::string_view close_text(CloseReason reason) noexcept
{
    switch (reason) {
    case CloseReason::error:
        return "STOMP error";
    case CloseReason::missing_heart_beat:
        return "missing STOMP heart-beat";
    case CloseReason::normal:
        break;
    }
    return {};
}

void throw_peer_closed(std::uint16_t code, std::string_view reason)
{
    // A close frame without a code is an orderly end as well.
    if (code == 0 || code == closed_normally)
        throw PeerClosed(boost::asio::error::eof, reason);
    throw PeerClosed(boost::system::error_code(code, websocket_close_category()), reason);
}

bool is_truncation(boost::system::error_code const& code) noexcept
{
    return code == boost::asio::ssl::error::stream_truncated;
}

void NulAppender::take(std::string_view bytes) noexcept
{
    if (bytes.empty())
        return;
    has_frame_ = has_frame_ || std::ranges::any_of(bytes, [](char c) { return c != '\n' && c != '\r'; });
    // Line ends behind the NUL of a frame belong to no other.
    for (char const byte : bytes) {
        if (byte == '\0')
            ends_in_nul_ = true;
        else if (byte != '\n' && byte != '\r')
            ends_in_nul_ = false;
    }
}

bool NulAppender::ends_without() noexcept
{
    bool const missing = has_frame_ && !ends_in_nul_;
    has_frame_ = false;
    ends_in_nul_ = false;
    return missing;
}

} // namespace arbalest::detail
