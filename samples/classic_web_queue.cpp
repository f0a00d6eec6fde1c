// Queues JSON messages for a web application that asks for them now and then: the classic interface's "browser
// compatible usage pattern".
// Usage: classic_web_queue [URL]     for instance ws://localhost:61614/stomp; without one it runs on a broker inside
// this program

#include "broker_for_samples.hpp"
#include <arbalest/classic.hpp>

#include <boost/json/src.hpp> // in one source file of the program, instead of linking with Boost.JSON

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace classic = arbalest::classic;
namespace json = boost::json;

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class BrowserCompatibleHandler : public classic::ConnectionListener
{
public:
    void on_message(arbalest::Frame const& frame) override
    {
        // Handle JSON messages typical in web applications
        boost::system::error_code failure;
        auto const data = json::parse(frame.body(), failure);
        if (!failure && data.is_object())
            process_web_message(data.get_object(), headers_of(frame));
        else
            // Handle plain text messages
            process_text_message(frame.body(), headers_of(frame));
    }

    // Get queued messages for web application.
    std::vector<json::object> get_messages()
    {
        std::lock_guard const lock(mutex_); // the web application has threads of its own
        return std::exchange(message_queue_, {});
    }

    int notifications = 0; // this and the next are used in the listeners' thread only
    int updates = 0;

private:
    static json::object headers_of(arbalest::Frame const& frame)
    {
        json::object headers;
        for (auto const header : frame.headers())
            headers.emplace(header.name, header.value); // of a repeated header the first counts
        return headers;
    }

    void process_web_message(json::object const& data, json::object headers)
    {
        // Process structured web messages
        auto const* const type = data.if_contains("type");
        std::string_view const message_type =
            type && type->is_string() ? std::string_view(type->get_string()) : "unknown";

        if (message_type == "notification")
            handle_notification(data);
        else if (message_type == "update")
            handle_update(data);

        // Store for polling-based retrieval
        json::object entry;
        entry["data"] = data;
        entry["headers"] = std::move(headers);
        entry["timestamp"] = now();
        store(std::move(entry));
    }

    void process_text_message(std::string_view body, json::object headers)
    {
        // Handle plain text messages
        json::object entry;
        entry["body"] = body;
        entry["headers"] = std::move(headers);
        entry["timestamp"] = now();
        store(std::move(entry));
    }

    void handle_notification(json::object const&)
    {
        // Handle notification-type messages
        notifications += 1;
    }

    void handle_update(json::object const&)
    {
        // Handle update-type messages
        updates += 1;
    }

    void store(json::object entry)
    {
        std::lock_guard const lock(mutex_);
        message_queue_.push_back(std::move(entry));
    }

    std::mutex mutex_;
    std::vector<json::object> message_queue_;
};

void run(std::string const& url)
{
    // Setup WebSocket connection for web app
    classic::WSConnection ws_conn(url);
    auto const handler = std::make_shared<BrowserCompatibleHandler>();
    ws_conn.set_listener("web_handler", handler);

    // Connect and subscribe to web-friendly topics
    ws_conn.connect("webapp_user", "webapp_pass", true);
    ws_conn.subscribe("/topic/notifications", "1");
    ws_conn.subscribe("/topic/updates", "2");

    // Send JSON message
    json::object message_data;
    message_data["type"] = "user_action";
    message_data["action"] = "login";
    message_data["user_id"] = "12345";
    message_data["timestamp"] = now();
    ws_conn.send(json::serialize(message_data), "/topic/user_actions", "application/json");

    // What the application's other parts may send
    ws_conn.send(R"({"type": "notification", "text": "welcome"})", "/topic/notifications", "application/json");
    ws_conn.send(R"({"type": "update", "version": 2})", "/topic/updates", "application/json");
    ws_conn.send("plain text", "/topic/updates", "text/plain");

    // Periodic message retrieval pattern
    auto const get_new_messages = [&] { return handler->get_messages(); };

    std::vector<json::object> all;
    wait_until(
        [&] {
            for (auto& message : get_new_messages())
                all.push_back(std::move(message));
            return all.size() == 3;
        },
        "not every message came");
    for (auto const& message : all)
        std::cout << message << '\n';
    ws_conn.disconnect();
    ws_conn.stop(); // from here on the listener is not called any more
    require(handler->notifications == 1 && handler->updates == 1, "a message was taken for another");
    require(all[0].contains("data") && all[2].at("body") == "plain text", "a message was queued wrongly");
}

int main(int argc, char** argv)
{
    try {
        std::optional<BrokerForSamples> here;
        if (argc < 2)
            here.emplace(arbalest::Listen::websocket);
        run(here ? here->broker.url() : argv[1]);
    } catch (std::exception const& error) {
        std::cerr << "classic_web_queue: " << error.what() << '\n';
        return 1;
    }
}
