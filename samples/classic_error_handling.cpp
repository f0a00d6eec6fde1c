// Tells the broker's ERRORs apart by their code: the classic interface's "error handling".
// Usage: classic_error_handling     runs on a broker inside this program, which sends the errors

#include "broker_for_samples.hpp"
#include <arbalest/classic.hpp>

#include <atomic>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace classic = arbalest::classic;

class ErrorHandler : public classic::ConnectionListener
{
public:
    void on_error(arbalest::Frame const& frame) override
    {
        std::string const error_msg(frame.body());
        std::string const error_code(frame.header("code").value_or("unknown"));

        std::cout << "STOMP Error " << error_code << ": " << error_msg << '\n';

        // Handle specific error types
        if (error_code == "AUTHORIZATION_FAILED")
            handle_auth_error();
        else if (error_code == "DESTINATION_NOT_FOUND")
            handle_destination_error();
        else
            handle_generic_error(error_code, error_msg);
    }

    void on_heartbeat_timeout() override
    {
        std::cout << "Heartbeat timeout - connection may be lost\n";
        // Trigger reconnection logic
        heartbeat_timeouts += 1;
    }

    std::atomic<int> auth_errors = 0;
    std::atomic<int> destination_errors = 0;
    std::atomic<int> generic_errors = 0;
    std::atomic<int> heartbeat_timeouts = 0;

private:
    void handle_auth_error()
    {
        // Authentication error handling
        auth_errors += 1;
    }

    void handle_destination_error()
    {
        // Destination error handling
        destination_errors += 1;
    }

    void handle_generic_error(std::string_view, std::string_view)
    {
        // Generic error handling
        generic_errors += 1;
    }
};

std::string error_frame(std::string_view code)
{
    std::string frame = "ERROR\n";
    if (!code.empty())
        frame += "code:" + std::string(code) + '\n';
    frame += "\nsomething went wrong";
    return frame + '\0';
}

int main()
{
    try {
        arbalest::BrokerConfig config;
        config.heart_beat = {std::chrono::milliseconds(100), std::chrono::milliseconds(100)};
        BrokerForSamples here(arbalest::Listen::tcp, config);

        classic::ConnectionOptions options({{"127.0.0.1", here.broker.port()}});
        options.heartbeats = {std::chrono::milliseconds(100), std::chrono::milliseconds(100)};
        classic::Connection conn(options);
        auto const error_handler = std::make_shared<ErrorHandler>();
        conn.set_listener("error_handler", error_handler);

        conn.connect("user", "pass", true);
        here.broker.faults().send_raw(error_frame("AUTHORIZATION_FAILED"));
        here.broker.faults().send_raw(error_frame("DESTINATION_NOT_FOUND"));
        here.broker.faults().send_raw(error_frame(""));
        wait_until([&] { return error_handler->generic_errors == 1; }, "not every ERROR came");
        require(error_handler->auth_errors == 1 && error_handler->destination_errors == 1, "an ERROR was mistaken");
        here.broker.faults().fall_silent();
        wait_until([&] { return error_handler->heartbeat_timeouts == 1; }, "the silence was not noticed");
    } catch (std::exception const& error) {
        std::cerr << "classic_error_handling: " << error.what() << '\n';
        return 1;
    }
}
