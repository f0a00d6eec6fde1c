#include "hand_made.hpp"

#include <boost/test/unit_test.hpp>

namespace arbalest::broker::test {

using namespace std::string_literals;

std::string request(std::string_view target, std::string_view headers)
{
    return "GET " + std::string(target) +
           " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(headers) + "\r\n";
}

std::string answer(Fixture& it, RawClient& client, std::string_view bytes)
{
    client.send(bytes);
    run_until(it.io, "an answer", [&] { return has(client.received(), "\r\n\r\n"); });
    return client.received().substr(0, client.received().find("\r\n\r\n") + 4);
}

std::string refusal(Fixture& it, std::string_view bytes)
{
    auto client = it.socket();
    client.send(bytes);
    BOOST_CHECK(client.end() == RawClient::End::orderly);
    client.close();
    run_until(it.io, "the broker to notice", [&] { return it.broker.connections() == 0; });
    return client.received();
}

std::string masked(unsigned char opcode, std::string_view payload, bool last)
{
    BOOST_REQUIRE(payload.size() < 65536u);
    std::string bytes;
    bytes += static_cast<char>(opcode | (last ? 0x80 : 0));
    if (payload.size() < 126) {
        bytes += static_cast<char>(0x80 | payload.size());
    } else {
        bytes += static_cast<char>(0x80 | 126);
        bytes += static_cast<char>(payload.size() >> 8);
        bytes += static_cast<char>(payload.size() & 0xff);
    }
    constexpr std::string_view mask = "\x11\x22\x33\x44";
    bytes += mask;
    for (std::size_t i = 0; i < payload.size(); ++i)
        bytes += static_cast<char>(payload[i] ^ mask[i % 4]);
    return bytes;
}

HandMade::HandMade(Fixture& it, std::string_view target)
    : it_(it), client(it.socket()), seen_(answer(it, client, request(target)).size())
{
}

void HandMade::connect()
{
    client.send(masked(text, "CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0"s));
    auto const start = seen_;
    run_until(it_.io, "CONNECTED", [&] { return client.received().find('\0', start) != std::string::npos; });
    seen_ = client.received().size();
    BOOST_TEST(client.received()[start] == '\x81');
    BOOST_TEST(client.received()[start + 1] == static_cast<char>(seen_ - start - 2));
}

void HandMade::expect(std::string_view bytes)
{
    client.wait_for_bytes(seen_ + bytes.size());
    BOOST_TEST(client.received().substr(seen_, bytes.size()) == bytes);
    seen_ += bytes.size();
}

void HandMade::expect_frame(unsigned char opcode, std::string_view payload)
{
    BOOST_REQUIRE(payload.size() < 126u);
    expect(std::string{static_cast<char>(0x80 | opcode), static_cast<char>(payload.size())} + std::string(payload));
}

void HandMade::skip_frame(std::string_view start)
{
    auto const byte = [this](std::size_t index) {
        return static_cast<unsigned char>(client.received()[seen_ + index]);
    };
    client.wait_for_bytes(seen_ + 4);
    BOOST_REQUIRE(byte(1) <= 126u);
    bool const is_long = byte(1) == 126;
    std::size_t const head = is_long ? 4 : 2;
    std::size_t const size = is_long ? std::size_t{byte(2)} << 8 | byte(3) : byte(1);
    client.wait_for_bytes(seen_ + head + size);
    BOOST_TEST(client.received().substr(seen_ + head, size).starts_with(start));
    seen_ += head + size;
}

} // namespace arbalest::broker::test
