// A handler for messages of several types: the classic interface's "custom message handler".
// Usage: classic_message_handler [HOST PORT [USER PASSWORD]]     without arguments it runs on a broker inside this
// program

#include "broker_for_samples.hpp"
#include <arbalest/classic.hpp>

#include <atomic>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace classic = arbalest::classic;

class MessageHandler : public classic::ConnectionListener
{
public:
    void on_message(arbalest::Frame const& frame) override
    {
        std::cout << "Processing message: " << frame.body() << '\n';

        // Process message based on headers
        if (frame.header("type") == "order")
            process_order(frame.body());
        else if (frame.header("type") == "notification")
            send_notification(frame.body());

        processed_count += 1;
    }

    void on_error(arbalest::Frame const& frame) override
    {
        std::cout << "Error occurred: " << frame.body() << '\n';
        // Handle error conditions
    }

    std::atomic<int> processed_count = 0; // read by the main thread
    std::atomic<int> orders = 0;
    std::atomic<int> notifications = 0;

private:
    void process_order(std::string_view order_data)
    {
        // Order processing logic
        std::cout << "  an order: " << order_data << '\n';
        orders += 1;
    }

    void send_notification(std::string_view notification_data)
    {
        // Notification logic
        std::cout << "  a notification: " << notification_data << '\n';
        notifications += 1;
    }
};

void run(std::string const& host, std::uint16_t port, std::string const& user, std::string const& password,
         arbalest::EmbeddedBroker*)
{
    // Use custom handler
    classic::Connection conn({{host, port}});
    auto const handler = std::make_shared<MessageHandler>();
    conn.set_listener("message_handler", handler);
    conn.connect(user, password, true);
    conn.subscribe("/queue/orders", "1");

    // Something to handle
    conn.send("one pallet", "/queue/orders", "text/plain", {{"type", "order"}});
    conn.send("the truck has left", "/queue/orders", "text/plain", {{"type", "notification"}});
    conn.send("hello", "/queue/orders");
    wait_until([&] { return handler->processed_count == 3; }, "not every message came");
    require(handler->orders == 1 && handler->notifications == 1, "a message was taken for another");
    conn.disconnect();
}

int main(int argc, char** argv)
{
    return run_classic_sample(argc, argv, run);
}
