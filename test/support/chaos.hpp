#pragma once

#include <arbalest/arbalest.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace arbalest::test {

/// Stands between a client and a broker, and cuts connections in two at whatever byte it pleases.
class ChaosProxy
{
public:
    ChaosProxy(boost::asio::any_io_executor executor, boost::asio::ip::tcp::endpoint broker, std::uint32_t seed);
    ~ChaosProxy();
    ChaosProxy(ChaosProxy const&) = delete;
    ChaosProxy& operator=(ChaosProxy const&) = delete;

    std::uint16_t port() const;
    /// Every connection from now on is cut after a random number of bytes below this one, counted over both
    /// directions; zero: none is.
    void cut_after(std::size_t bytes);
    std::uint64_t cuts() const noexcept;
    /// Accepts no connections any more and closes those that there are.
    void stop();

    struct State;

private:
    std::shared_ptr<State> state_;
};

/// What came out.
class ChaosCounts
{
public:
    ChaosCounts() = default;

    std::uint64_t confirmed = 0;   // sends that returned a receipt
    std::uint64_t failed = 0;      // sends that threw
    std::uint64_t received = 0;    // messages, those that came again included
    std::uint64_t distinct = 0;    // different ones
    std::uint64_t missing = 0;     // confirmed and never received
    std::uint64_t disordered = 0;  // first received behind a later one of its producer
    std::uint64_t connections = 0; // over all sessions
    std::uint64_t stale = 0;       // acks that came too late
    std::uint64_t hanging = 0;     // operations that did not come to an end
    std::string trouble;           // failures that should not have been
};

std::string to_string(ChaosCounts const& counts);

/// Producers that send confirmed messages, several at a time, and consumers that acknowledge each of them, one pair to
/// a queue and each on a session of its own, for as long as they are let.
class ChaosRun
{
public:
    class Options
    {
    public:
        Options() = default;

        std::string url;
        StompConfig config;
        std::string queues = "/queue/arbalest-chaos-";
        std::size_t pairs = 2;
        std::size_t in_flight = 16;          // messages of a producer
        std::chrono::milliseconds pause{0};  // between two of its sends
        std::chrono::seconds last_words{60}; // for what is confirmed to arrive
    };

    explicit ChaosRun(Options options);

    /// Opens the sessions and starts.
    boost::asio::awaitable<void> begin();
    /// Sends that have returned a receipt so far.
    std::uint64_t confirmed() const;
    /// Lets the producers finish, waits for what they have had confirmed to arrive, ends the sessions, and counts.
    boost::asio::awaitable<ChaosCounts> end();

    struct Pair;

private:
    Options options_;
    std::vector<std::shared_ptr<Pair>> pairs_;
};

} // namespace arbalest::test
