#include <arbalest/transport/error.hpp>
#include <arbalest/transport/impl/websocket_tools.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstring>

namespace arbalest::detail {

namespace {

constexpr std::uint16_t closed_normally = 1000;

bool is_continuation(char byte) noexcept
{
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// How many bytes the character has that the bytes begin with; zero when it is malformed or cut short.
std::size_t character_size(std::string_view bytes) noexcept
{
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    unsigned const first = byte(0);
    if (first < 0x80)
        return 1;
    auto const size = first >= 0xc2 && first <= 0xdf   ? std::size_t{2}
                      : first >= 0xe0 && first <= 0xef ? std::size_t{3}
                      : first >= 0xf0 && first <= 0xf4 ? std::size_t{4}
                                                       : std::size_t{0};
    if (size == 0 || bytes.size() < size)
        return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if (!is_continuation(bytes[i]))
            return 0;
    }
    // Overlong forms, surrogates, and what lies beyond Unicode show in the second byte.
    unsigned const second = byte(1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f))
        return 0;
    return size;
}

template <std::size_t count>
bool is_ascii(char const* words) noexcept
{
    std::uint64_t word[count];
    std::memcpy(word, words, sizeof word);
    std::uint64_t all = 0;
    for (auto const one : word)
        all |= one;
    return (all & 0x8080808080808080u) == 0;
}

} // namespace

bool is_utf8(std::string_view bytes) noexcept
{
    while (!bytes.empty()) {
        // Nearly everything is ASCII.
        if (bytes.size() >= 64 && is_ascii<8>(bytes.data())) {
            bytes.remove_prefix(64);
            continue;
        }
        if (bytes.size() >= 8 && is_ascii<1>(bytes.data())) {
            bytes.remove_prefix(8);
            continue;
        }
        auto const size = character_size(bytes);
        if (size == 0)
            return false;
        bytes.remove_prefix(size);
    }
    return true;
}

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
        throw boost::system::system_error(boost::asio::error::eof);
    boost::system::error_code const error(code, websocket_close_category());
    if (reason.empty())
        throw boost::system::system_error(error);
    throw boost::system::system_error(error, std::string(reason));
}

bool is_truncation(boost::system::error_code const& code) noexcept
{
    return code == boost::asio::ssl::error::stream_truncated;
}

void MissingNul::take(std::string_view bytes) noexcept
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

bool MissingNul::ends_without() noexcept
{
    bool const missing = has_frame_ && !ends_in_nul_;
    has_frame_ = false;
    ends_in_nul_ = false;
    return missing;
}

} // namespace arbalest::detail
