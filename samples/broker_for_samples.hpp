#pragma once

#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
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
