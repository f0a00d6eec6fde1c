#include "socks5.hpp"

#include <arbalest/transport/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// RFC 1928 and RFC 1929, by their names.
constexpr unsigned char socks_version = 5;
constexpr unsigned char password_version = 1;
constexpr unsigned char no_authentication = 0;
constexpr unsigned char username_password = 2;
constexpr unsigned char no_acceptable_methods = 0xff;
constexpr unsigned char connect_command = 1;
constexpr unsigned char ipv4_address = 1;
constexpr unsigned char domain_name = 3;
constexpr unsigned char ipv6_address = 4;
constexpr std::size_t longest_text = 255; // its length is one byte

std::string with_length(std::string_view text)
{
    return static_cast<char>(text.size()) + std::string(text);
}

std::string address_bytes(std::string const& host)
{
    boost::system::error_code not_an_address;
    auto const address = asio::ip::make_address(host, not_an_address);
    std::string bytes;
    if (not_an_address) {
        bytes += static_cast<char>(domain_name);
        bytes += with_length(host);
    } else if (address.is_v4()) {
        bytes += static_cast<char>(ipv4_address);
        for (auto const byte : address.to_v4().to_bytes())
            bytes += static_cast<char>(byte);
    } else {
        bytes += static_cast<char>(ipv6_address);
        for (auto const byte : address.to_v6().to_bytes())
            bytes += static_cast<char>(byte);
    }
    return bytes;
}

char const* describe_reply(unsigned char reply)
{
    constexpr std::array<char const*, 9> texts{
        "succeeded",           "general failure",       "connection not allowed by ruleset",
        "network unreachable", "host unreachable",      "connection refused",
        "TTL expired",         "command not supported", "address type not supported"};
    return reply < texts.size() ? texts[reply] : "an unassigned code";
}

// The conversation with a proxy. Every answer says how long it is, and none is longer than 262 bytes.
class Socks5
{
public:
    Socks5(tcp::socket& socket, ConnectAttempt& attempt) : socket_(socket), attempt_(attempt) {}

    // Each of these returns false when it has failed, and has then said why.

    asio::awaitable<bool> agree_on_method(ProxyUrl proxy)
    {
        bool const has_credentials = !proxy.login.empty();
        std::string greeting{static_cast<char>(socks_version)};
        greeting += has_credentials ? '\2' : '\1';
        greeting += static_cast<char>(no_authentication);
        if (has_credentials)
            greeting += static_cast<char>(username_password);
        bool const answered = co_await exchange(std::move(greeting), 2);
        if (!answered)
            co_return false;
        if (answer_[0] != socks_version)
            co_return not_socks("the proxy's answer is not SOCKS5");
        if (answer_[1] == no_acceptable_methods)
            co_return refused("the proxy accepts no way of authentication that can be offered",
                              has_credentials ? "" : "the proxy wants credentials: socks5://user:password@host:port");
        if (answer_[1] == username_password && has_credentials)
            co_return co_await log_in(std::move(proxy));
        if (answer_[1] != no_authentication)
            co_return not_socks("the proxy chose a way of authentication that was not offered");
        co_return true;
    }

    asio::awaitable<bool> connect(std::string host, std::uint16_t port)
    {
        std::string request{static_cast<char>(socks_version), static_cast<char>(connect_command), '\0'};
        request += address_bytes(host);
        request += static_cast<char>(port >> 8);
        request += static_cast<char>(port & 0xff);
        bool const answered = co_await exchange(std::move(request), 2);
        if (!answered)
            co_return false;
        if (answer_[0] != socks_version)
            co_return not_socks("the proxy's answer is not SOCKS5");
        if (answer_[1] != 0)
            co_return refused("the proxy answered: " + std::string(describe_reply(answer_[1])),
                              "the proxy may not reach " + host + ", or not allow it");
        // A reserved byte, the type of an address, and its first byte, which is the length of a name.
        bool const has_address = co_await read(3);
        if (!has_address)
            co_return false;
        std::size_t rest = 2; // the port
        if (answer_[1] == ipv4_address)
            rest += 4 - 1;
        else if (answer_[1] == ipv6_address)
            rest += 16 - 1;
        else if (answer_[1] == domain_name)
            rest += answer_[2];
        else
            co_return not_socks("the proxy's answer has an address of an unknown type");
        co_return co_await read(rest); // the address that the proxy connects from, which matters to nobody
    }

private:
    asio::awaitable<bool> log_in(ProxyUrl proxy)
    {
        std::string request{static_cast<char>(password_version)};
        request += with_length(proxy.login);
        request += with_length(proxy.passcode);
        bool const answered = co_await exchange(std::move(request), 2);
        if (!answered)
            co_return false;
        if (answer_[1] != 0)
            co_return refused("the proxy refused user and password", "");
        co_return true;
    }

    asio::awaitable<bool> exchange(std::string request, std::size_t answer_size)
    {
        co_await asio::async_write(socket_, asio::buffer(request),
                                   asio::redirect_error(asio::use_awaitable, attempt_.code));
        if (attempt_.code)
            co_return not_answered();
        co_return co_await read(answer_size);
    }

    asio::awaitable<bool> read(std::size_t size)
    {
        co_await asio::async_read(socket_, asio::buffer(answer_.data(), size),
                                  asio::redirect_error(asio::use_awaitable, attempt_.code));
        co_return attempt_.code ? not_answered() : true;
    }

    bool not_answered()
    {
        attempt_.message = "the proxy did not answer: " + attempt_.code.message();
        return false;
    }

    bool not_socks(std::string message)
    {
        attempt_.code = transport_errc::not_socks;
        attempt_.message = std::move(message);
        return false;
    }

    bool refused(std::string message, std::string hint)
    {
        attempt_.code = transport_errc::proxy_refused;
        attempt_.message = std::move(message);
        attempt_.hint = std::move(hint);
        return false;
    }

    tcp::socket& socket_;
    ConnectAttempt& attempt_;
    std::array<unsigned char, longest_text + 2> answer_{};
};

} // namespace

asio::awaitable<tcp::socket> open_socks5(tcp::socket socket, ProxyUrl proxy, std::string host, std::uint16_t port,
                                         OnFailedAttempt failed)
{
    ConnectAttempt attempt;
    attempt.phase = ConnectPhase::http;
    attempt.endpoint = remote_text(socket);
    if (host.empty() || host.size() > longest_text) {
        attempt.code = transport_errc::unusable_setting;
        attempt.message = "SOCKS5 takes no host name that is empty or longer than 255 bytes";
        fail_attempt(failed, std::move(attempt));
    }
    Socks5 socks(socket, attempt);
    bool open = co_await socks.agree_on_method(std::move(proxy));
    if (open)
        open = co_await socks.connect(host, port);
    if (!open)
        fail_attempt(failed, std::move(attempt));
    co_return socket;
}

} // namespace arbalest::detail
