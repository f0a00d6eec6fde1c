// Watches the health of a WebSocket connection by its heart-beats.
// Usage: classic_websocket_heart_beats [URL]     for instance ws://localhost:61614/stomp; it then watches for a minute.
// Without one it runs on a broker inside this program, which falls silent after a while

#include "broker_for_samples.hpp"
#include <arbalest/classic.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace classic = arbalest::classic;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class HeartbeatMonitor : public classic::ConnectionListener
{
public:
    HeartbeatMonitor(Clock::duration interval, Clock::duration threshold) : interval_(interval), threshold_(threshold)
    {
    }

    void on_heartbeat() override
    {
        last_heartbeat_ = Clock::now();
        connection_healthy_ = true;
        heartbeats += 1;
        std::cout << "WebSocket heartbeat received\n";
    }

    void on_heartbeat_timeout() override
    {
        connection_healthy_ = false;
        std::cout << "WebSocket heartbeat timeout - connection may be unhealthy\n";
    }

    // Monitor connection health based on heartbeats.
    void monitor_connection(std::atomic<bool> const& stopped)
    {
        while (!stopped) {
            std::this_thread::sleep_for(interval_); // Check regularly

            if (Clock::now() - last_heartbeat_.load() > threshold_) {
                std::cout << "Connection appears stale\n";
                connection_healthy_ = false;
            }

            if (!connection_healthy_) {
                std::cout << "Connection health check failed\n";
                // Trigger reconnection logic
                break;
            }
        }
    }

    std::atomic<int> heartbeats = 0;

private:
    // Used by the listener's thread and by the one that monitors.
    std::atomic<Clock::time_point> last_heartbeat_ = Clock::now();
    std::atomic<bool> connection_healthy_ = true;
    Clock::duration const interval_;
    Clock::duration const threshold_;
};

int main(int argc, char** argv)
{
    try {
        std::optional<BrokerForSamples> here;
        arbalest::HeartBeat heartbeats(10'000ms, 10'000ms);         // 10 second heartbeats
        auto monitor = std::make_shared<HeartbeatMonitor>(5s, 30s); // Check every 5 seconds, 30 second threshold
        if (argc < 2) {
            heartbeats = {100ms, 100ms};
            monitor = std::make_shared<HeartbeatMonitor>(50ms, 5s);
            arbalest::BrokerConfig config;
            config.heart_beat = heartbeats;
            here.emplace(arbalest::Listen::websocket, config);
        }

        // Create WebSocket connection with heartbeats
        classic::WSConnectionOptions options;
        options.heartbeats = heartbeats;
        classic::WSConnection ws_conn(here ? here->broker.url() : argv[1], options);

        ws_conn.set_listener("monitor", monitor);

        // Start monitoring in background
        std::atomic<bool> stopped = false;
        std::thread monitor_thread([&] { monitor->monitor_connection(stopped); });

        int status = 0;
        try {
            ws_conn.connect("user", "password", true);
            if (here) {
                wait_until([&] { return monitor->heartbeats > 0; }, "no heart-beat came");
                here->broker.faults().fall_silent();
            } else {
                std::this_thread::sleep_for(60s);
                stopped = true;
            }
        } catch (std::exception const& error) {
            std::cerr << "classic_websocket_heart_beats: " << error.what() << '\n';
            stopped = true;
            status = 1;
        }
        monitor_thread.join(); // it ends by itself when the broker has fallen silent
        return status;
    } catch (std::exception const& error) {
        std::cerr << "classic_websocket_heart_beats: " << error.what() << '\n';
        return 1;
    }
}
