// Handles the errors of a WebSocket connection, and connects again from inside of the listener when it is lost.
// Usage: classic_websocket_reconnect     runs on a broker inside this program, which cuts the connection

#include "broker_for_samples.hpp"
#include <arbalest/classic.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace classic = arbalest::classic;
using namespace std::chrono_literals;

class WebSocketErrorHandler : public classic::ConnectionListener
{
public:
    // unit: what the delays are counted in; the sample is in a hurry
    WebSocketErrorHandler(classic::BaseConnection& connection, std::chrono::milliseconds unit)
        : connection_(connection), unit_(unit)
    {
    }

    void on_error(arbalest::Frame const& frame) override
    {
        std::string error_msg(frame.body());
        std::cout << "WebSocket STOMP error: " << error_msg << '\n';

        // Handle specific WebSocket errors
        std::ranges::transform(error_msg, error_msg.begin(), [](unsigned char c) { return std::tolower(c); });
        if (error_msg.find("connection refused") != std::string::npos)
            handle_connection_refused();
        else if (error_msg.find("unauthorized") != std::string::npos)
            handle_unauthorized();
        else
            handle_generic_error(error_msg);
    }

    void on_disconnected() override
    {
        std::cout << "WebSocket disconnected\n";

        if (reconnect_attempts_ < max_reconnect_attempts_) {
            attempt_reconnect();
        } else {
            std::cout << "Max reconnection attempts reached\n";
            given_up = true;
        }
    }

    std::atomic<int> reconnected = 0;
    std::atomic<bool> given_up = false;

private:
    void handle_connection_refused()
    {
        std::cout << "WebSocket connection refused - broker may be down\n";
        std::this_thread::sleep_for(5 * unit_); // Wait before retry
    }

    void handle_unauthorized()
    {
        std::cout << "WebSocket authentication failed\n";
        // Don't auto-reconnect on auth failures
        max_reconnect_attempts_ = 0;
    }

    void handle_generic_error(std::string_view error_msg)
    {
        std::cout << "Generic WebSocket error: " << error_msg << '\n';
    }

    void attempt_reconnect()
    {
        reconnect_attempts_ += 1;
        auto const delay = std::min(reconnect_attempts_ * 2, 30); // Backoff, max 30 units

        std::cout << "Attempting reconnection " << reconnect_attempts_ << '/' << max_reconnect_attempts_ << " in "
                  << delay * unit_.count() << " ms\n";
        std::this_thread::sleep_for(delay * unit_);

        try {
            connection_.connect("user", "password", true);
            reconnect_attempts_ = 0; // Reset on successful connection
            reconnected += 1;
            std::cout << "WebSocket reconnection successful\n";
        } catch (std::exception const& e) {
            std::cout << "Reconnection failed: " << e.what() << '\n';
        }
    }

    classic::BaseConnection& connection_;
    std::chrono::milliseconds const unit_;
    int reconnect_attempts_ = 0; // this and the next are used in the listeners' thread only
    int max_reconnect_attempts_ = 5;
};

int main()
{
    try {
        BrokerForSamples here(arbalest::Listen::websocket);

        // Setup WebSocket with error handling
        classic::WSConnection ws_conn(here.broker.url());
        auto const error_handler = std::make_shared<WebSocketErrorHandler>(ws_conn, 10ms);
        ws_conn.set_listener("error_handler", error_handler);

        ws_conn.connect("user", "password", true);

        here.broker.faults().close_connections();
        wait_until([&] { return error_handler->reconnected == 1; }, "not connected again");
        here.broker.faults().reset_connections();
        wait_until([&] { return error_handler->reconnected == 2; }, "not connected again");
        // An ERROR that says so ends it for good.
        here.broker.faults().send_raw(std::string("ERROR\nmessage:no\n\nUnauthorized\0", 32));
        here.broker.faults().close_connections();
        wait_until([&] { return error_handler->given_up.load(); }, "it goes on after an authentication failure");
    } catch (std::exception const& error) {
        std::cerr << "classic_websocket_reconnect: " << error.what() << '\n';
        return 1;
    }
}
