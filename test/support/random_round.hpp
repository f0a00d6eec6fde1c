#pragma once

#include "random_operations.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace arbalest::test {

/// For some time, random operations on sessions of one configuration whose connections are cut at random bytes.
class RandomRound
{
public:
    RandomRound() = default;

    /// How many configurations there are.
    static constexpr std::uint32_t configurations = 12;

    /// The number-th of them: with and without `auto_receipt` and `resend_unconfirmed`, with write buffers of different
    /// sizes.
    static StompConfig configuration(std::uint32_t number);
    static std::string describe(std::uint32_t number);

    std::string url;          // of the broker, an IP address and a port in it
    std::string queues;       // a prefix
    std::uint32_t number = 0; // of the configuration
    std::uint32_t seed = 1;
    std::uint64_t cuts = 0;            // at least so many
    std::uint64_t confirmed = 0;       // messages, at least so many
    std::chrono::milliseconds time{0}; // at least so long
    std::size_t cut_within = 20'000;   // bytes of each connection
};

/// Runs it. On the executor of the caller.
boost::asio::awaitable<RandomOperations::Counts> run_round(RandomRound round);

} // namespace arbalest::test
