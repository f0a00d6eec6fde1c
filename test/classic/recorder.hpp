#pragma once

#include <arbalest/broker/embedded_broker.hpp>
#include <arbalest/classic.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace arbalest::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Longer than anything takes; a wait that lasts as long fails the test.
inline constexpr auto wait_limit = 60s;

using Trace = std::vector<std::string>;

/// The trace in one line, for messages.
inline std::string line_of(Trace const& trace)
{
    std::string line;
    for (auto const& event : trace)
        line += (line.empty() ? "" : ", ") + event;
    return line;
}

/// Remembers every callback, but for heart-beats unless it is told to; from any thread.
class Recorder : public classic::ConnectionListener
{
public:
    explicit Recorder(bool with_heart_beats = false) : with_heart_beats_(with_heart_beats) {}

    void on_connecting(classic::HostAndPort const&) override { add("connecting"); }
    void on_connected(Frame const&) override { add("connected"); }
    void on_disconnecting() override { add("disconnecting"); }
    void on_disconnected() override { add("disconnected"); }
    void on_heartbeat_timeout() override { add("heartbeat_timeout"); }
    bool on_before_message(Frame& frame) override
    {
        add("before_message " + std::string(frame.body()));
        return true;
    }
    void on_message(Frame const& frame) override { add("message " + std::string(frame.body())); }
    void on_receipt(Frame const& frame) override
    {
        add("receipt " + std::string(frame.header("receipt-id").value_or("")));
    }
    void on_error(Frame const&) override { add("error"); }
    void on_send(Frame& frame) override
    {
        if (!frame.empty())
            add("send " + std::string(frame.command()));
        else if (with_heart_beats_)
            add("send");
    }
    void on_heartbeat() override
    {
        if (with_heart_beats_)
            add("heartbeat");
    }
    void on_receiver_loop_completed(Frame const& frame) override
    {
        add("receiver_loop_completed " + std::string(frame.command()));
    }

    void add(std::string event)
    {
        std::lock_guard const lock(mutex_);
        trace_.push_back(std::move(event));
        changed_.notify_all();
    }

    Trace trace() const
    {
        std::lock_guard const lock(mutex_);
        return trace_;
    }

    /// Those that begin with one of these words.
    Trace only(std::vector<std::string> const& words) const
    {
        auto trace = this->trace();
        std::erase_if(trace, [&](std::string const& event) {
            return std::ranges::none_of(words, [&](auto const& word) { return event.starts_with(word); });
        });
        return trace;
    }

    /// Waits until an event has come so many times. Fails the test when it does not.
    void wait_for(std::string const& event, std::ptrdiff_t times = 1)
    {
        std::unique_lock lock(mutex_);
        bool const came = changed_.wait_for(lock, wait_limit, [&] {
            return std::ranges::count_if(trace_, [&](auto const& known) { return known.starts_with(event); }) >= times;
        });
        BOOST_REQUIRE_MESSAGE(came, "no '" << event << "' after: " << line_of(trace_));
    }

private:
    bool const with_heart_beats_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Trace trace_;
};

/// Waits until a condition holds. Fails the test when it does not.
inline void wait_until(std::function<bool()> const& condition)
{
    auto const end = std::chrono::steady_clock::now() + wait_limit;
    while (!condition()) {
        BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end, "what was waited for did not happen");
        std::this_thread::sleep_for(1ms);
    }
}

/// A broker in a thread of its own, for connections that block.
class BrokerThread
{
public:
    explicit BrokerThread(BrokerConfig config = BrokerConfig(), Listen kind = Listen::tcp)
        : broker(context.get_executor(), std::move(config))
    {
        broker.listen(kind);
        thread_ = std::thread([this] { context.run(); });
    }
    ~BrokerThread()
    {
        broker.stop();
        work_.reset();
        context.stop();
        thread_.join();
    }
    BrokerThread(BrokerThread const&) = delete;
    BrokerThread& operator=(BrokerThread const&) = delete;

    classic::HostAndPort where() const { return {"127.0.0.1", broker.port()}; }
    classic::ConnectionOptions options() const { return classic::ConnectionOptions({where()}); }

    asio::io_context context;
    EmbeddedBroker broker;

private:
    asio::executor_work_guard<asio::io_context::executor_type> work_{context.get_executor()};
    std::thread thread_;
};

/// A port that nobody listens on.
std::uint16_t free_port();

} // namespace arbalest::test
