#include "brokers.hpp"

#include <boost/asio/ip/host_name.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

namespace arbalest::classic::detail {

namespace {

// The message leaves the host out: what does not belong there may be a password.
void check_host(std::string const& host, std::string const& option)
{
    auto const is_foreign = [](unsigned char c) {
        return std::iscntrl(c) != 0 ||
               std::string_view(" @/\\?#[]").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (std::ranges::any_of(host, is_foreign))
        throw std::invalid_argument(
            "a host in " + option +
            " is neither a name nor an address: it has a control character or one of \"@/\\?#[]\" "
            "in it; user and passcode are given to connect(), an IPv6 address has no brackets");
}

} // namespace

void check_options(ConnectionOptions const& options)
{
    for (auto const& broker : options.host_and_ports)
        check_host(broker.host, "host_and_ports");
    if (options.bind_host_port)
        check_host(options.bind_host_port->host, "bind_host_port");
    if (options.timeout && !(options.timeout->count() >= 0))
        throw std::invalid_argument("the timeout of a connection is negative or not a number; zero means no limit");
}

bool is_local(std::string const& host)
{
    if (host == "localhost" || host == "127.0.0.1" || host == "::1")
        return true;
    boost::system::error_code code;
    auto const name = boost::asio::ip::host_name(code);
    return !code && !name.empty() && host == name;
}

std::vector<HostAndPort> order_brokers(ConnectionOptions const& options, HostAndPort const& otherwise)
{
    auto brokers = options.host_and_ports;
    if (brokers.empty())
        brokers.push_back(otherwise);
    auto const local = [](HostAndPort const& broker) { return is_local(broker.host); };
    if (options.prefer_localhost)
        std::stable_partition(brokers.begin(), brokers.end(), local);
    std::vector<HostAndPort> ordered;
    if (options.try_loopback_connect) {
        for (auto const& broker : brokers) {
            HostAndPort const loopback("127.0.0.1", broker.port);
            HostAndPort const localhost("localhost", broker.port);
            auto const is_there = [&](HostAndPort const& other) {
                return std::ranges::find(brokers, other) != brokers.end() ||
                       std::ranges::find(ordered, other) != ordered.end();
            };
            if (local(broker) && !is_there(loopback) && !is_there(localhost))
                ordered.push_back(loopback);
        }
    }
    ordered.insert(ordered.end(), brokers.begin(), brokers.end());
    return ordered;
}

std::chrono::nanoseconds reconnect_sleep(ConnectionOptions const& options, unsigned number, double random)
{
    auto const grown =
        options.reconnect_sleep_initial.count() * std::pow(1 + options.reconnect_sleep_increase, number - 1.0);
    auto const longest = options.reconnect_sleep_max.count();
    // Not a number when the figures are not reasonable; and a clock ends after 292 years.
    auto const seconds = (grown < longest ? grown : longest) * (1 + random * options.reconnect_sleep_jitter);
    if (!(seconds > 0))
        return {};
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(std::min(seconds, 1e9)));
}

} // namespace arbalest::classic::detail
