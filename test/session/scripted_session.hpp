#pragma once

#include "support/session_tools.hpp"
#include <arbalest/testing/scripted_transport.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <span>
#include <string>
#include <utility>

namespace arbalest::test {

/// Keeps what is written from getting any further, so that a session's write buffer fills up.
class Gate
{
public:
    explicit Gate(asio::any_io_executor executor) : changed_(executor, asio::steady_timer::time_point::max()) {}

    bool closed = false;

    void open()
    {
        closed = false;
        changed_.cancel();
    }
    /// How many writes wait now.
    int waiting = 0;

    asio::awaitable<void> pass()
    {
        ++waiting;
        while (closed) {
            boost::system::error_code ignored;
            co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        --waiting;
    }

private:
    asio::steady_timer changed_;
};

class GatedTransport final : public Transport
{
public:
    GatedTransport(std::unique_ptr<Transport> inner, std::shared_ptr<Gate> gate)
        : inner_(std::move(inner)), gate_(std::move(gate))
    {
    }
    asio::any_io_executor get_executor() override { return inner_->get_executor(); }
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer) override { return inner_->read_some(buffer); }
    asio::awaitable<std::size_t> write_some(asio::const_buffer buffer, std::span<std::size_t const> ends) override
    {
        co_await gate_->pass();
        co_return co_await inner_->write_some(buffer, ends);
    }
    asio::awaitable<void> close(CloseReason reason) override { return inner_->close(reason); }
    void abort() noexcept override
    {
        gate_->open();
        inner_->abort();
    }

private:
    std::unique_ptr<Transport> inner_;
    std::shared_ptr<Gate> gate_;
};

/// Sessions with a peer that follows a script, which goes on to its end when the session is disconnected.
class ScriptedFixture : public ContextFixture
{
public:
    ScriptedFixture() : script(context.get_executor()), gate(std::make_shared<Gate>(context.get_executor())) {}

    testing::Script script;
    std::shared_ptr<Gate> const gate;

    /// Opens a session with a broker that calls itself by this name.
    asio::awaitable<StompSession> open(std::string server, StompConfig config = quiet(), std::string version = "1.2")
    {
        script.expect_frame("CONNECT").reply_frame("CONNECTED\nversion:" + version + "\nserver:" + server);
        std::unique_ptr<Transport> inner = std::make_unique<testing::ScriptedTransport>(script);
        std::unique_ptr<Transport> transport = std::make_unique<GatedTransport>(std::move(inner), gate);
        return StompSession::over(std::move(transport), std::move(config));
    }

    static StompConfig quiet()
    {
        StompConfig config;
        config.heart_beat = HeartBeat(0ms, 0ms);
        config.write_buffer.limit = 1;
        return config;
    }

    /// Lets the peer deliver a message for the subscription "s".
    void deliver(std::string id)
    {
        script.reply_frame("MESSAGE\nsubscription:s\ndestination:/queue/q\nmessage-id:" + id + "\nack:" + id, id);
    }

    /// Fills the write buffer, so that what is sent next waits for room. The script expects it.
    asio::awaitable<void> fill(StompSession session)
    {
        script.expect_frame("SEND", {{"destination", "/queue/being-written"}});
        script.expect_frame("SEND", {{"destination", "/queue/in-the-buffer"}});
        co_await session.flush();
        gate->closed = true;
        co_await session.send("/queue/being-written", "x");
        co_await until([this] { return gate->waiting == 1; });
        co_await session.send("/queue/in-the-buffer", "x");
    }

    /// Disconnects, and sees to it that the script was followed to the end.
    asio::awaitable<void> finish(StompSession session)
    {
        gate->open();
        co_await session.flush();
        script.expect_frame("DISCONNECT").reply_frame("RECEIPT\nreceipt-id:{receipt}");
        co_await session.disconnect();
        BOOST_CHECK_NO_THROW(script.verify());
    }
};

} // namespace arbalest::test
