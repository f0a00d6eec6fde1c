// Statistics, a log and business logic, each a listener of its own: the classic interface's "multiple listeners".
// Usage: classic_several_listeners [HOST PORT [USER PASSWORD]]     without arguments it runs on a broker inside this
// program

#include "broker_for_samples.hpp"
#include <arbalest/classic.hpp>

#include <atomic>
#include <iostream>
#include <memory>
#include <string>

namespace classic = arbalest::classic;

// Add custom business logic
class BusinessLogic : public classic::ConnectionListener
{
public:
    void on_message(arbalest::Frame const&) override
    {
        // Business processing
        done += 1;
    }

    std::atomic<int> done = 0;
};

void run(std::string const& host, std::uint16_t port, std::string const& user, std::string const& password,
         arbalest::EmbeddedBroker*)
{
    classic::Connection conn({{host, port}});

    // Add statistics tracking
    auto const stats = std::make_shared<classic::StatsListener>();
    conn.set_listener("stats", stats);

    // Add debug printing
    auto const debug = std::make_shared<classic::PrintingListener>(true);
    conn.set_listener("debug", debug);

    auto const business = std::make_shared<BusinessLogic>();
    conn.set_listener("business", business);

    conn.connect(user, password, true);

    // Something to count
    conn.subscribe("/queue/business", "1");
    conn.send("one", "/queue/business");
    conn.send("two", "/queue/business");
    wait_until([&] { return business->done == 2 && stats->messages == 2; }, "not every message came");

    // Check statistics
    std::cout << "Messages received: " << stats->messages << '\n';
    std::cout << "Errors: " << stats->errors << '\n';

    conn.disconnect();
    conn.stop(); // the listeners have been told everything then
    std::cout << *stats << '\n';
    require(stats->connections == 1 && stats->disconnects == 1 && stats->errors == 0, "the statistics are wrong");
    require(stats->messages_sent == 5, "CONNECT, SUBSCRIBE, SEND, SEND and DISCONNECT were not counted");
}

int main(int argc, char** argv)
{
    return run_classic_sample(argc, argv, run);
}
