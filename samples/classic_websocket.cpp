// The classic interface over a WebSocket, and over a secure one.
// Usage: classic_websocket [URL [USER PASSWORD]]     for instance ws://localhost:61614/stomp or wss://…; without one it
// runs on a broker inside this program, with a certificate of its own authority

#include "broker_for_samples.hpp"
#include "certificates.hpp"
#include <arbalest/classic.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

namespace classic = arbalest::classic;
using namespace std::chrono_literals;

// Set up message handler
class WSMessageHandler : public classic::ConnectionListener
{
public:
    void on_message(arbalest::Frame const& frame) override
    {
        std::cout << "WebSocket message: " << frame.body() << '\n';
        messages += 1;
    }

    void on_error(arbalest::Frame const& frame) override { std::cout << "WebSocket error: " << frame.body() << '\n'; }

    std::atomic<int> messages = 0;
};

void basic(std::string const& url, std::string const& user, std::string const& password)
{
    // Create WebSocket connection
    classic::WSConnection ws_conn(url);

    auto const handler = std::make_shared<WSMessageHandler>();
    ws_conn.set_listener("handler", handler);

    // Connect and use
    ws_conn.connect(user, password, true);
    ws_conn.subscribe("/topic/updates", "1");
    ws_conn.send("Hello via WebSocket", "/topic/chat");

    // Keep connection alive: until an update has come
    ws_conn.send("an update", "/topic/updates");
    wait_until([&] { return handler->messages == 1; }, "no update came");

    ws_conn.disconnect();
}

void secure(std::string const& url, std::string const& ca_file, std::string const& user, std::string const& password)
{
    // WebSocket-specific options
    classic::WSConnectionOptions options;
    options.heartbeats = {10'000ms, 10'000ms}; // 10 second heartbeats
    options.timeout = classic::Seconds(30);    // 30 second timeout
    options.reconnect_attempts_max = 5;        // Max 5 reconnection attempts
    classic::WSConnection ws_conn(url, options);
    if (!ca_file.empty())
        ws_conn.set_ssl(ws_conn.host_and_ports(), "", "", ca_file);

    ws_conn.connect(user, password, true);
    require(ws_conn.is_connected(), "not connected");
    ws_conn.disconnect();
}

int main(int argc, char** argv)
{
    try {
        if (argc > 1) {
            basic(argv[1], argc > 3 ? argv[2] : "user", argc > 3 ? argv[3] : "password");
            return 0;
        }
        BrokerForSamples here(arbalest::Listen::websocket);
        basic(here.broker.url(), "user", "password");

        BrokerForSamples secured(arbalest::Listen::secure_websocket, broker_with_certificate());
        secure(secured.broker.url(), certificate_file("ca.crt"), "username", "password");
    } catch (std::exception const& error) {
        std::cerr << "classic_websocket: " << error.what() << '\n';
        return 1;
    }
}
