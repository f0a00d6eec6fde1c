// One half of the side-by-side test: as "broker" the embedded broker, whose faults are ordered on standard input; as
// "play" a connection of the classic interface, which is told what to do on standard input, and says on standard output
// what its listeners were told. The program play does the same with stomp.py.
// Usage: side-by-side broker | side-by-side play PORT HEARTBEATS

#include <arbalest/broker/embedded_broker.hpp>
#include <arbalest/classic.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace classic = arbalest::classic;

namespace {

void say(std::string const& line)
{
    static std::mutex mutex;
    std::lock_guard const lock(mutex);
    std::cout << line << std::endl;
}

// "\n", "\0" and "\\" stand for what they stand for in C.
std::string unescape(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
            result += text[i] == 'n' ? '\n' : text[i] == '0' ? '\0' : text[i];
        } else {
            result += text[i];
        }
    }
    return result;
}

void order(arbalest::EmbeddedBroker& broker, std::string const& command, std::string const& argument)
{
    auto& faults = broker.faults();
    if (command == "close")
        faults.close_connections();
    else if (command == "reset")
        faults.reset_connections();
    else if (command == "silent")
        faults.fall_silent();
    else if (command == "refuse_login")
        faults.refuse_login();
    else if (command == "refuse")
        faults.refuse_next(argument);
    else if (command == "raw")
        faults.send_raw(unescape(argument));
    else if (command == "no_disconnect_receipt")
        faults.close_instead_of_disconnect_receipt();
    else if (command == "publish")
        broker.publish("/queue/a", argument);
    else
        throw std::invalid_argument("'" + command + "' is nothing that the broker can do");
}

int serve()
{
    boost::asio::io_context context;
    arbalest::BrokerConfig config;
    config.heart_beat = {std::chrono::milliseconds(300), std::chrono::milliseconds(300)};
    config.heart_beat_tolerance.receive_scale = 20; // only the client's limit is to be seen
    arbalest::EmbeddedBroker broker(context.get_executor(), config);
    broker.listen();
    auto work = boost::asio::make_work_guard(context);
    std::thread thread([&] { context.run(); });
    say("port " + std::to_string(broker.port()));
    int status = 0;
    for (std::string line; std::getline(std::cin, line);) {
        auto const space = line.find(' ');
        try {
            order(broker, line.substr(0, space), space == line.npos ? "" : line.substr(space + 1));
            say("ok");
        } catch (std::exception const& error) {
            say(std::string("failed ") + error.what());
            status = 1;
        }
    }
    broker.stop();
    work.reset();
    context.stop();
    thread.join();
    return status;
}

class Recorder : public classic::ConnectionListener
{
public:
    void on_connecting(classic::HostAndPort const&) override { say("event connecting"); }
    void on_connected(arbalest::Frame const&) override { say("event connected"); }
    void on_disconnecting() override { say("event disconnecting"); }
    void on_disconnected() override { say("event disconnected"); }
    void on_heartbeat_timeout() override { say("event heartbeat_timeout"); }
    bool on_before_message(arbalest::Frame& frame) override
    {
        say("event before_message " + std::string(frame.body()));
        return frame.body() != "skip";
    }
    void on_message(arbalest::Frame const& frame) override { say("event message " + std::string(frame.body())); }
    void on_receipt(arbalest::Frame const& frame) override
    {
        say("event receipt " + std::string(frame.header("receipt-id").value_or("")));
    }
    void on_error(arbalest::Frame const&) override { say("event error"); }
    void on_send(arbalest::Frame& frame) override
    {
        if (!frame.empty())
            say("event send " + std::string(frame.command()));
    }
    void on_receiver_loop_completed(arbalest::Frame const&) override { say("event receiver_loop_completed"); }
};

// Comes before the recorder.
class Throwing : public classic::ConnectionListener
{
public:
    void on_message(arbalest::Frame const&) override { throw std::runtime_error("a listener's own trouble"); }
};

int play(std::string const& port, std::string const& heartbeats)
{
    classic::ConnectionOptions options({{"127.0.0.1", static_cast<std::uint16_t>(std::stoul(port))}});
    auto const period = std::chrono::milliseconds(std::stoul(heartbeats));
    options.heartbeats = {period, period};
    options.reconnect_attempts_max = 1;
    options.timeout = classic::Seconds(10);
    classic::Connection12 connection(options);
    connection.set_listener("recorder", std::make_shared<Recorder>());
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string command, first, second, third;
        words >> command >> first >> second >> third;
        try {
            if (command == "connect")
                connection.connect("user", "pass", true);
            else if (command == "subscribe")
                connection.subscribe("/queue/a", "1");
            else if (command == "send" && second.empty())
                connection.send(first, "/queue/a");
            else if (command == "send")
                connection.send(first, "/queue/a", "", {{"receipt", second}});
            else if (command == "disconnect")
                connection.disconnect(first);
            else if (command == "throw")
                connection.set_listener("a throwing one", std::make_shared<Throwing>());
            else
                throw std::invalid_argument("'" + command + "' is nothing that can be played");
            say("ok");
        } catch (std::invalid_argument const&) {
            throw;
        } catch (std::exception const&) {
            say("failed");
        }
    }
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    try {
        if (argc == 2 && std::string_view(argv[1]) == "broker")
            return serve();
        if (argc == 4 && std::string_view(argv[1]) == "play")
            return play(argv[2], argv[3]);
        std::cerr << "usage: side-by-side broker | side-by-side play PORT HEARTBEATS\n";
    } catch (std::exception const& error) {
        std::cerr << "side-by-side: " << error.what() << '\n';
    }
    return 2;
}
