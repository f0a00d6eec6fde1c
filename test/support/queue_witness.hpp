#pragma once

#include "message_ledger.hpp"
#include <arbalest/arbalest.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace arbalest::test {

/// Reads a queue to its end on a session of its own, and enters what it finds in a ledger.
class QueueWitness
{
public:
    /// @param url of the broker, with no proxy in between. @param prefix what the bodies begin with, before the number.
    QueueWitness(std::string url, std::string queue, std::string prefix, MessageLedger& ledger);

    boost::asio::awaitable<void> begin();
    /// Reads all that is in the queue by now. Returns false when that takes longer than this.
    boost::asio::awaitable<bool> end(std::chrono::seconds limit);

    struct State;

private:
    std::shared_ptr<State> state_;
};

} // namespace arbalest::test
