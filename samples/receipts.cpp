// Four ways to deal with confirmations: automatic ones, one asked for by hand, a thousand under way at the same time,
// and one that does not come. Usage: receipts [URL]     without an URL it runs on a broker inside this program

#include "run_sample.hpp"
#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

std::string const destination = "/topic/arbalest.receipts";

void require(bool holds, char const* what)
{
    if (!holds)
        throw std::runtime_error(what);
}

// Every operation of the session waits for the broker.
asio::awaitable<void> automatic(std::string url)
{
    arbalest::StompConfig config;
    config.auto_receipt = true;
    arbalest::StompClient client(config);
    auto session = co_await client.connect(url);

    auto receipt = co_await session.send(destination, "confirmed without being asked for");
    require(receipt.has_value(), "auto_receipt, and no receipt");
    std::cout << "automatic: " << receipt->id() << '\n';
    co_await session.disconnect();
}

// Only what asks for it is confirmed; the id is ours to choose.
asio::awaitable<void> by_hand(arbalest::StompSession session)
{
    auto none = co_await session.send(destination, "not confirmed");
    require(!none, "a receipt that nobody asked for");

    auto receipt =
        co_await session.send(arbalest::OutgoingMessage(destination).body("confirmed by name").receipt("order-4711"));
    require(receipt && receipt->id() == "order-4711", "not the receipt that was asked for");
    std::cout << "by hand: " << receipt->id() << '\n';
}

// A round trip for each message would be slow: submit() leaves the waiting for later.
asio::awaitable<void> pipelined(arbalest::StompSession session)
{
    std::vector<arbalest::PendingReceipt> pending;
    for (int i = 0; i < 1000; ++i) {
        auto receipt = co_await session.submit(destination, "one of a thousand");
        pending.push_back(std::move(receipt));
    }
    for (auto& receipt : pending)
        co_await receipt.confirmed();
    std::cout << "pipelined: " << pending.size() << " confirmed\n";
}

// Sends an order, and sends it once more when its receipt is lost. Returns how often it was sent.
asio::awaitable<int> send_order(arbalest::StompSession session)
{
    arbalest::OutgoingMessage order(destination, "one pallet");
    order.header("order-id", "4712").with_receipt().receipt_timeout(500ms);

    auto first = co_await arbalest::as_result(session.send(order));
    if (first)
        co_return 1;
    try {
        first.error().raise();
    } catch (arbalest::LostReceipt const& lost) {
        std::cout << "lost: " << lost.receipt_id() << " after " << lost.limit().count()
                  << " ms, outcome: " << lost.outcome() << '\n';
        // Outcome::not_sent: no byte left this process, so that sending again is safe. Outcome::unknown: the broker may
        // have taken the message; its receivers know by the order-id that they have seen it already.
    }
    // The session is still open: a lost receipt is a failure of its operation only.
    order.receipt_timeout(10s);
    co_await session.send(order);
    co_return 2;
}

asio::awaitable<void> lost(arbalest::StompSession session, arbalest::EmbeddedBroker* broker)
{
    auto inbox = co_await session.subscribe(destination, arbalest::SubscribeOptions().with_receipt());
    if (broker)
        broker->faults().drop_receipts(1); // the message is accepted, but we are not told
    int const sent = co_await send_order(session);
    require(!broker || sent == 2, "the receipt was not lost");
    for (int i = 0; i < sent; ++i) {
        auto message = co_await inbox.next_for(10s);
        require(message && message->header("order-id") == "4712", "the order has not arrived");
    }
    std::cout << "sent and received " << sent << " times\n";
}

asio::awaitable<void> receipts(std::string url, arbalest::EmbeddedBroker* broker)
{
    co_await automatic(url);

    arbalest::StompClient client;
    auto session = co_await client.connect(url);
    co_await by_hand(session);
    co_await pipelined(session);
    co_await lost(session, broker);
    co_await session.disconnect();
}

int main(int argc, char** argv)
{
    return run_sample(argc, argv, receipts);
}
