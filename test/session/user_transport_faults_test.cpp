#include "support/session_tools.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <span>
#include <string>

// Transports of the user's that keep to the contract, or do not.
BOOST_FIXTURE_TEST_SUITE(user_transport_faults, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

/// What is seen of a transport of the user's from outside.
class Watch
{
public:
    bool is_reading = false;
    bool is_writing = false;
    bool was_closed = false;
    bool was_closed_while_busy = false;
    bool was_aborted = false;
    std::string throws_at; // a function, which throws an int
};

/// Passes on to a socket. Does not take close() while it is busy.
class ForwardingTransport final : public Transport
{
public:
    ForwardingTransport(asio::ip::tcp::socket socket, std::shared_ptr<Watch> watch)
        : next_(std::move(socket)), watch_(std::move(watch))
    {
    }

    asio::any_io_executor get_executor() override { return next_.get_executor(); }
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer) override
    {
        fail_at("read_some");
        Busy const busy(watch_->is_reading);
        co_return co_await next_.read_some(buffer);
    }
    asio::awaitable<std::size_t> write_some(asio::const_buffer buffer, std::span<std::size_t const> ends) override
    {
        fail_at("write_some");
        Busy const busy(watch_->is_writing);
        co_return co_await next_.write_some(buffer, ends);
    }
    asio::awaitable<void> close(CloseReason reason) override
    {
        watch_->was_closed = true;
        watch_->was_closed_while_busy = watch_->is_reading || watch_->is_writing;
        fail_at("close");
        co_await next_.close(reason);
    }
    void abort() noexcept override
    {
        watch_->was_aborted = true;
        next_.abort();
    }
    std::string remote_endpoint() const override
    {
        fail_at("remote_endpoint");
        return next_.remote_endpoint();
    }
    std::string subprotocol() const override
    {
        fail_at("subprotocol");
        return {};
    }

private:
    class Busy
    {
    public:
        explicit Busy(bool& flag) noexcept : flag_(flag) { flag_ = true; }
        Busy(Busy const&) = delete;
        Busy& operator=(Busy const&) = delete;
        ~Busy() { flag_ = false; }

    private:
        bool& flag_;
    };

    void fail_at(std::string_view function) const
    {
        if (watch_->throws_at == function)
            throw 42;
    }

    StreamTransport<asio::ip::tcp::socket> next_;
    std::shared_ptr<Watch> const watch_;
};

asio::awaitable<std::unique_ptr<Transport>> connect_to(EmbeddedBroker& broker, std::shared_ptr<Watch> watch)
{
    asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
    asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), broker.port());
    co_await socket.async_connect(endpoint, asio::use_awaitable);
    std::unique_ptr<Transport> transport = std::make_unique<ForwardingTransport>(std::move(socket), std::move(watch));
    co_return transport;
}

} // namespace

BOOST_AUTO_TEST_CASE(close_is_not_called_while_a_read_is_under_way)
{
    run([this]() -> asio::awaitable<void> {
        auto const watch = std::make_shared<Watch>();
        auto transport = co_await connect_to(broker, watch);
        StompConfig config;
        config.graceful_disconnect = false;
        auto session = co_await StompSession::over(std::move(transport), config);
        co_await until([&] { return watch->is_reading; });
        co_await session.disconnect();
        // The peer says nothing more, so the read does not end before it is aborted.
        co_await until([&] { return watch->was_aborted; });
        BOOST_TEST(!watch->was_closed_while_busy);
        BOOST_TEST(!watch->was_closed);
        co_await until([this] { return broker.connections() == 0; });
    });
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(close_is_called_when_the_read_has_ended)
{
    run([this]() -> asio::awaitable<void> {
        auto const watch = std::make_shared<Watch>();
        auto transport = co_await connect_to(broker, watch);
        auto session = co_await StompSession::over(std::move(transport), StompConfig());
        co_await session.disconnect();
        co_await until([&] { return watch->was_aborted; });
        BOOST_TEST(watch->was_closed);
        BOOST_TEST(!watch->was_closed_while_busy);

        auto second = co_await connect_to(broker, watch);
        *watch = Watch();
        StompConfig config;
        config.graceful_disconnect = false;
        auto ended = co_await StompSession::over(std::move(second), config);
        co_await until([&] { return watch->is_reading; });
        ended.start_disconnect();
        co_await ended.closed();
        broker.faults().close_connections(); // which ends the read
        co_await until([&] { return watch->was_aborted; });
        BOOST_TEST(watch->was_closed);
        BOOST_TEST(!watch->was_closed_while_busy);
    });
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_transport_that_throws_anything_is_a_lost_connection)
{
    for (auto const function : {"read_some", "write_some"}) {
        run([this, function]() -> asio::awaitable<void> {
            auto const watch = std::make_shared<Watch>();
            auto transport = co_await connect_to(broker, watch);
            auto session = co_await StompSession::over(std::move(transport), StompConfig());
            watch->throws_at = function;
            OutgoingMessage message("/queue/a", "x");
            message.with_receipt();
            auto const failure = co_await failure_of(session.send(std::move(message)));
            // What throws before the receipt is read may do so after it has come.
            BOOST_TEST((!failure || is<ConnectionLost>(failure)), function << ": " << failure.what());
            auto const cause = co_await session.closed();
            BOOST_TEST(is<ConnectionLost>(cause), function << ": " << cause.what());
            co_await until([this] { return broker.connections() == 0; });
        });
    }
    for (auto const function : {"read_some", "write_some", "subprotocol"}) {
        run([this, function]() -> asio::awaitable<void> {
            auto const watch = std::make_shared<Watch>();
            watch->throws_at = function;
            auto transport = co_await connect_to(broker, watch);
            auto const failure = co_await failure_of(StompSession::over(std::move(transport), StompConfig()));
            BOOST_TEST(is<ConnectError>(failure), function << ": " << failure.what());
            co_await until([this] { return broker.connections() == 0; });
        });
    }
    for (auto const function : {"close", "remote_endpoint"}) {
        run([this, function]() -> asio::awaitable<void> {
            auto const watch = std::make_shared<Watch>();
            watch->throws_at = function;
            auto transport = co_await connect_to(broker, watch);
            auto session = co_await StompSession::over(std::move(transport), StompConfig());
            co_await session.disconnect();
            co_await until([&] { return watch->was_aborted; });
            co_await until([this] { return broker.connections() == 0; });
        });
    }
    broker.stop();
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()
