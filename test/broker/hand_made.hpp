#pragma once

#include "raw_client.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace arbalest::broker::test {

// WebSockets byte by byte: what is sent is exactly what the test says.

/// A handshake (RFC 6455, section 1.2). @param headers lines, each with its line end.
std::string request(std::string_view target = "/stomp", std::string_view headers = "");

/// Sends it and waits for the head of the answer.
std::string answer(Fixture& it, RawClient& client, std::string_view bytes = request());

/// Sends it, waits for the end, and returns what came.
std::string refusal(Fixture& it, std::string_view bytes);

inline bool has(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

inline constexpr unsigned char continuation = 0;
inline constexpr unsigned char text = 1;
inline constexpr unsigned char binary = 2;
inline constexpr unsigned char close_opcode = 8;
inline constexpr unsigned char ping = 9;
inline constexpr unsigned char pong = 10;

/// A frame as clients send it (RFC 6455, section 5.2), of less than 64 KiB.
std::string masked(unsigned char opcode, std::string_view payload, bool last = true);

/// A client that has shaken hands and goes on by itself.
class HandMade
{
public:
    explicit HandMade(Fixture& it, std::string_view target = "/stomp");

    /// CONNECT, and a CONNECTED that is one short text message.
    void connect();
    /// Waits for exactly these bytes.
    void expect(std::string_view bytes);
    /// Waits for a message of less than 126 bytes.
    void expect_frame(unsigned char opcode, std::string_view payload);
    /// Waits for a message of 2 bytes to 64 KiB that begins like that.
    void skip_frame(std::string_view start);

private:
    Fixture& it_;

public:
    RawClient client;

private:
    std::size_t seen_;
};

} // namespace arbalest::broker::test
