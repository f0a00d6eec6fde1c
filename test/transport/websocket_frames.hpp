#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <openssl/evp.h>
#include <openssl/sha.h>
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

/// What a server answers with in Sec-WebSocket-Accept.
inline std::string accept_value(std::string_view request)
{
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    auto const begin = request.find(name) + name.size();
    auto const key = std::string(request.substr(begin, request.find("\r\n", begin) - begin)) +
                     "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<unsigned char const*>(key.data()), key.size(), digest.data());
    std::array<unsigned char, 29> text{};
    auto const size = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
    return {reinterpret_cast<char const*>(text.data()), static_cast<std::size_t>(size)};
}

/// The answer of a server that switches protocols.
/// @param fields further lines of its head.
inline std::string websocket_answer(std::string_view request, std::string_view fields = {})
{
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
           accept_value(request) + "\r\n" + std::string(fields) + "\r\n";
}

constexpr unsigned ws_text = 0x81;
constexpr unsigned ws_binary = 0x82;
constexpr unsigned ws_close = 0x88;
constexpr unsigned ws_ping = 0x89;
constexpr unsigned ws_text_begins = 0x01;
constexpr unsigned ws_goes_on = 0x00;
constexpr unsigned ws_ends = 0x80;

} // namespace arbalest::test
