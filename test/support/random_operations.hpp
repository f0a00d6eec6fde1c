#pragma once

#include "message_ledger.hpp"
#include <arbalest/arbalest.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace arbalest::test {

/// Programs that do all that a session can do, at random and several at a time on the same sessions, while somebody
/// else cuts their connections; and a witness that reads the queue on a connection of its own.
class RandomOperations
{
public:
    class Options
    {
    public:
        Options() = default;

        std::string url;         // of the sessions that are tested
        std::string witness_url; // of the witness, with no proxy in between
        StompConfig config;      // of the sessions that are tested; they must reconnect
        std::string queues = "/queue/arbalest-random";
        std::uint32_t seed = 1;
        std::size_t sessions = 2;
        std::size_t workers = 12;            // that share them
        std::chrono::seconds last_words{60}; // for operations to end, and for the witness to read
    };

    /// What came out.
    class Counts
    {
    public:
        Counts() = default;

        std::uint64_t operations = 0;
        std::uint64_t sent = 0;
        std::uint64_t confirmed = 0;
        std::uint64_t seen = 0;
        std::uint64_t not_sent = 0;      // reported as such, refused or aborted
        std::uint64_t lost_receipts = 0; // after their limit
        std::uint64_t connections = 0;
        // Faults of the session:
        std::uint64_t missing = 0;    // confirmed, and not in the queue
        std::uint64_t unexpected = 0; // reported as not sent, and in the queue
        std::uint64_t early = 0;      // LostReceipt before the limit
        std::uint64_t hanging = 0;    // operations that did not come to an end
        std::string trouble;          // failures that should not have been

        bool good() const
        {
            return confirmed > 0 && missing == 0 && unexpected == 0 && early == 0 && hanging == 0 && trouble.empty();
        }
    };

    explicit RandomOperations(Options options);
    ~RandomOperations();
    RandomOperations(RandomOperations const&) = delete;
    RandomOperations& operator=(RandomOperations const&) = delete;

    /// Opens the sessions and starts.
    boost::asio::awaitable<void> begin();
    /// Operations that have ended so far.
    std::uint64_t operations() const noexcept;
    /// Messages that have been confirmed so far.
    std::uint64_t confirmed() const;
    /// Lets the operations finish, ends the sessions, lets the witness read what is left in the queue, and counts.
    boost::asio::awaitable<Counts> end();

    struct State;

private:
    std::shared_ptr<State> state_;
};

std::string to_string(RandomOperations::Counts const& counts);

} // namespace arbalest::test
