#include "brokers.hpp"

#include <boost/asio/ip/host_name.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace arbalest::classic::detail {

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
