#include "websocket.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdexcept>

namespace bench {

namespace {

constexpr unsigned char final_text = 0x81;
constexpr unsigned char final_pong = 0x8a;
constexpr unsigned char final_close = 0x88;
constexpr unsigned char op_ping = 9;
constexpr unsigned char op_close = 8;

bool same_name(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b,
                              [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// The value of a field of an HTTP request; empty when absent.
std::string_view field(std::string_view request, std::string_view name)
{
    for (std::size_t at = request.find("\r\n"); at != request.npos; at = request.find("\r\n", at)) {
        at += 2;
        auto const line = request.substr(at, request.find("\r\n", at) - at);
        auto const colon = line.find(':');
        if (colon == line.npos || !same_name(line.substr(0, colon), name))
            continue;
        auto const value = line.find_first_not_of(' ', colon + 1);
        return value == line.npos ? std::string_view() : line.substr(value);
    }
    return {};
}

std::string accept_value(std::string_view key)
{
    auto const text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> encoded{};
    auto const size = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
    return {reinterpret_cast<char const*>(encoded.data()), static_cast<std::size_t>(size)};
}

void append_masked(std::string& out, char const* from, std::size_t size, char const* key)
{
    auto const begin = out.size();
    out.append(from, size);
    std::uint32_t narrow = 0;
    std::memcpy(&narrow, key, sizeof narrow);
    auto const wide = std::uint64_t{narrow} << 32 | narrow;
    std::size_t i = 0;
    for (; i + sizeof wide <= size; i += sizeof wide) {
        std::uint64_t word = 0;
        std::memcpy(&word, out.data() + begin + i, sizeof word);
        word ^= wide;
        std::memcpy(out.data() + begin + i, &word, sizeof word);
    }
    for (; i < size; ++i)
        out[begin + i] = static_cast<char>(out[begin + i] ^ key[i % 4]);
}

} // namespace

void WebSocket::append_head(std::string& out, std::size_t size)
{
    out += static_cast<char>(final_text);
    if (size < 126) {
        out += static_cast<char>(size);
        return;
    }
    int const bytes = size <= 0xffff ? 2 : 8;
    out += static_cast<char>(bytes == 2 ? 126 : 127);
    for (int i = bytes; i-- > 0;)
        out += static_cast<char>(std::uint64_t{size} >> (8 * i));
}

std::size_t WebSocket::receive(std::string_view bytes, std::string& payload, std::string& answers)
{
    std::size_t taken = 0;
    if (!open_) {
        taken = handshake(bytes, answers);
        if (taken == 0)
            return 0;
        open_ = true;
    }
    while (!closed_) {
        auto const size = read_frame(bytes.substr(taken), payload, answers);
        if (size == 0)
            break;
        taken += size;
    }
    return taken;
}

std::size_t WebSocket::handshake(std::string_view bytes, std::string& answers)
{
    auto const end = bytes.find("\r\n\r\n");
    if (end == bytes.npos)
        return 0;
    auto const request = bytes.substr(0, end + 2);
    auto const key = field(request, "Sec-WebSocket-Key");
    if (!request.starts_with("GET ") || key.empty())
        throw std::runtime_error("a request that is no WebSocket handshake");
    answers +=
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    answers += accept_value(key) + "\r\n";
    if (field(request, "Sec-WebSocket-Protocol").find("v12.stomp") != std::string_view::npos)
        answers += "Sec-WebSocket-Protocol: v12.stomp\r\n";
    answers += "\r\n";
    return end + 4;
}

std::size_t WebSocket::read_frame(std::string_view bytes, std::string& payload, std::string& answers)
{
    if (bytes.size() < 2)
        return 0;
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    auto const op = byte(0) & 0x0f;
    if (!(byte(1) & 0x80))
        throw std::runtime_error("a frame of a client without a mask");
    std::uint64_t size = byte(1) & 0x7f;
    std::size_t head = 2;
    if (size >= 126) {
        std::size_t const width = size == 126 ? 2 : 8;
        if (bytes.size() < head + width)
            return 0;
        size = 0;
        for (std::size_t i = 0; i < width; ++i)
            size = size << 8 | byte(head + i);
        head += width;
    }
    if (bytes.size() < head + 4 || bytes.size() - head - 4 < size)
        return 0;
    auto const* const key = bytes.data() + head;
    head += 4;
    auto const length = static_cast<std::size_t>(size);
    if (op == op_close) {
        answers += static_cast<char>(final_close);
        answers += '\0';
        closed_ = true;
    } else if (op == op_ping) {
        answers += static_cast<char>(final_pong);
        answers += static_cast<char>(length); // a ping has fewer than 126 bytes
        append_masked(answers, bytes.data() + head, length, key);
    } else if (op <= 2) {
        append_masked(payload, bytes.data() + head, length, key);
    }
    return head + length;
}

} // namespace bench
