// A class of a test tool, with a callback that is given from outside: sends JSON to a queue, receives what a selector
// lets through, acknowledges, disconnects.
// Usage: classic_test_tool [HOST PORT [USER PASSWORD]]     without arguments it runs on a broker inside this program

#include "broker_for_samples.hpp"
#include <arbalest/classic.hpp>

#include <boost/json/src.hpp> // in one source file of the program, instead of linking with Boost.JSON

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace classic = arbalest::classic;
namespace json = boost::json;
using namespace std::chrono_literals;

using Callback = std::function<void(arbalest::Frame const& frame)>;

void default_call_back(arbalest::Frame const& frame)
{
    std::cout << "******************Receive New Data******************\n"
              << frame.body() << '\n'
              << "****************************************************\n";
}

class MyListener : public classic::ConnectionListener
{
public:
    explicit MyListener(Callback callback) : callback_(std::move(callback)) {}

    void on_error(arbalest::Frame const& frame) override { std::cout << "received an error " << frame.body() << '\n'; }

    void on_message(arbalest::Frame const& frame) override
    {
        std::cout << "received a headers";
        for (auto const header : frame.headers())
            std::cout << ' ' << header.name << '=' << header.value;
        std::cout << "\nreceived a message " << frame.body() << '\n';
        callback_(frame);
    }

private:
    Callback callback_;
};

class MessSendOrRecv
{
public:
    explicit MessSendOrRecv(std::string ip = "127.0.0.1", std::uint16_t port = 61613, std::string user = {},
                            std::string pwd = {}, Callback callback = default_call_back)
        : conn_({{ip, port}})
    {
        std::cout << "stomp init\n";
        conn_.set_listener("logicServerQueue", std::make_shared<MyListener>(std::move(callback)));
        conn_.start();
        conn_.connect(user, pwd, true);
        std::cout << "ip: " << ip << ", port: " << port << " ,connected!\n";
    }

    /// Sends a message to a queue, as JSON.
    /// @param destination the queue. @param message its content. @param headers those of the frame.
    void send_message(std::string const& destination = "QLOUD_TEST_ENGINE", json::value const& message = "test",
                      classic::Headers headers = {{"send_id", "123456"}, {"content_type", "text/plain"}})
    {
        conn_.send(json::serialize(message), destination, "", std::move(headers));
    }

    /// Receives messages from a queue: those that the selector among the headers lets through.
    void recv_message(std::string const& destination = "QLOUD_TEST_ENGINE", classic::Headers headers = {},
                      std::string const& subscription_id = {}, std::string const& ack = "auto")
    {
        conn_.subscribe(destination, subscription_id, ack, std::move(headers));
    }

    void ack_message(std::string_view key, std::string_view transaction = {}, std::string const& receipt = {})
    {
        classic::Headers headers;
        if (!receipt.empty())
            headers.emplace_back("receipt", receipt);
        conn_.ack(key, "", transaction, std::move(headers));
    }

    void disconnect() { conn_.disconnect(); }

    static void run_forever()
    {
        std::cout << "run forever\n";
        while (true)
            std::this_thread::sleep_for(1s);
    }

private:
    classic::Connection12 conn_;
};

void run(std::string const& host, std::uint16_t port, std::string const& user, std::string const& password,
         arbalest::EmbeddedBroker* broker)
{
    // The callback is called before the constructor has returned, if a message is there so early.
    std::atomic<MessSendOrRecv*> tool = nullptr;
    std::atomic<int> received = 0;
    auto const callback = [&](arbalest::Frame const& frame) {
        default_call_back(frame);
        tool.load()->ack_message(frame.header("ack").value_or(""), "", "acknowledged");
        received += 1;
    };
    MessSendOrRecv stompmess(host, port, user, password, callback);
    tool = &stompmess;

    json::object msg;
    msg["order"] = "1";
    classic::Headers filter;
    if (!broker) // that broker has no selectors
        filter.emplace_back("selector", "send_id = '123'");
    stompmess.recv_message("/queue/TEST_ENGINE", filter, "9527", "client-individual");
    stompmess.send_message("/queue/TEST_ENGINE", msg, {{"send_id", "123"}, {"content-type", "application/json"}});
    wait_until([&] { return received == 1; }, "the message has not come back");
    stompmess.disconnect();
    if (broker)
        require(broker->stats("/queue/TEST_ENGINE").acknowledged == 1, "the message was not acknowledged");
}

int main(int argc, char** argv)
{
    return run_classic_sample(argc, argv, run);
}
