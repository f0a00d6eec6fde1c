#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace arbalest::test {

/// A frame of a WebSocket as a server sends it (RFC 6455, 5.2).
/// @param first its first byte: 0x80 for the last of a message, plus the opcode.
/// @param width of the extended length, in bytes: 0, 2 or 8; the shortest that will do when negative.
inline std::string websocket_frame(unsigned first, std::string_view payload, int width = -1)
{
    auto const size = payload.size();
    if (width < 0)
        width = size < 126 ? 0 : size < 0x10000 ? 2 : 8;
    std::string frame(1, static_cast<char>(first));
    frame += static_cast<char>(width == 0 ? size : width == 2 ? 126 : 127);
    for (int i = width; i-- > 0;)
        frame += static_cast<char>(std::uint64_t{size} >> (8 * i));
    return frame.append(payload);
}

constexpr unsigned ws_text = 0x81;
constexpr unsigned ws_binary = 0x82;
constexpr unsigned ws_close = 0x88;
constexpr unsigned ws_ping = 0x89;
constexpr unsigned ws_text_begins = 0x01;
constexpr unsigned ws_goes_on = 0x00;
constexpr unsigned ws_ends = 0x80;

} // namespace arbalest::test
