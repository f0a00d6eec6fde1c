// Sends, and waits until the broker has confirmed: the classic interface's "synchronous operations".
// Usage: classic_synchronous [HOST PORT [USER PASSWORD]]     without arguments it runs on a broker inside this program

#include "broker_for_samples.hpp"
#include <arbalest/classic.hpp>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

namespace classic = arbalest::classic;
using namespace std::chrono_literals;

void run(std::string const& host, std::uint16_t port, std::string const& user, std::string const& password,
         arbalest::EmbeddedBroker* broker)
{
    classic::Connection conn({{host, port}});

    // Create waiting listener for receipt
    auto const receipt_id = boost::uuids::to_string(boost::uuids::random_generator()());
    auto const waiter = std::make_shared<classic::WaitingListener>(receipt_id);
    conn.set_listener("waiter", waiter);

    conn.connect(user, password, true);

    // Send message with receipt and wait for confirmation
    conn.send("Important message", "/queue/critical", "", {{"receipt", receipt_id}});

    // Wait for receipt confirmation
    bool const confirmed = waiter->wait_on_receipt(30s);
    if (confirmed)
        std::cout << "Message confirmed delivered\n";
    else
        std::cout << "Delivery confirmation timeout\n";

    conn.disconnect();
    require(confirmed, "the receipt has not come");
    if (broker)
        require(broker->queue_depth("/queue/critical") == 1, "the message has not arrived");
}

int main(int argc, char** argv)
{
    return run_classic_sample(argc, argv, run);
}
