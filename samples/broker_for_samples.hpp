#pragma once

#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

/// A broker in a thread of this program, for samples that block.
class BrokerForSamples
{
public:
    explicit BrokerForSamples(arbalest::Listen kind = arbalest::Listen::tcp,
                              arbalest::BrokerConfig config = arbalest::BrokerConfig())
        : broker(context_.get_executor(), std::move(config))
    {
        broker.listen(kind);
        thread_ = std::thread([this] { context_.run(); });
    }
    ~BrokerForSamples()
    {
        broker.stop();
        work_.reset();
        context_.stop();
        thread_.join();
    }
    BrokerForSamples(BrokerForSamples const&) = delete;
    BrokerForSamples& operator=(BrokerForSamples const&) = delete;

private:
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};

public:
    arbalest::EmbeddedBroker broker;

private:
    std::thread thread_;
};

inline void require(bool holds, char const* what)
{
    if (!holds)
        throw std::runtime_error(what);
}

/// Waits until something is so, at most 10 seconds.
inline void wait_until(std::function<bool()> const& holds, char const* what)
{
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds()) {
        require(std::chrono::steady_clock::now() < end, what);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

/// The main() of the samples of the classic interface. Runs a function on the broker that the arguments name, HOST PORT
/// [USER PASSWORD], or on one inside this program, and prints what it throws.
/// @param run called with host, port, user and password, and with a pointer to the broker, which is null when arguments
/// were given.
/// @returns the exit status.
template <class Run>
int run_classic_sample(int argc, char** argv, Run run)
{
    try {
        std::string const user = argc > 4 ? argv[3] : "user";
        std::string const password = argc > 4 ? argv[4] : "pass";
        if (argc > 2) {
            run(std::string(argv[1]), static_cast<std::uint16_t>(std::stoul(argv[2])), user, password,
                static_cast<arbalest::EmbeddedBroker*>(nullptr));
        } else {
            BrokerForSamples here;
            run(std::string("127.0.0.1"), here.broker.port(), user, password, &here.broker);
        }
        return 0;
    } catch (std::exception const& error) {
        std::cerr << std::filesystem::path(argv[0]).filename().string() << ": " << error.what() << '\n';
        return 1;
    }
}
