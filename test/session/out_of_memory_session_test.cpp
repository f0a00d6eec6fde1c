#include "support/failing_memory.hpp"
#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <thread>

// One allocation after the other of a session fails while an operation runs: the operation ends, and when the handles
// are gone, so is the connection.
BOOST_AUTO_TEST_SUITE(session_out_of_memory)

namespace {

namespace asio = boost::asio;
using namespace arbalest;
using namespace std::chrono_literals;
using test::FailingMemory;

// A broker in a thread of its own, whose memory does not fail.
class Peer
{
public:
    Peer() : broker_(context_.get_executor())
    {
        broker_.listen();
        thread_ = std::thread([this] { context_.run(); });
    }
    Peer(Peer const&) = delete;
    Peer& operator=(Peer const&) = delete;
    ~Peer()
    {
        context_.stop();
        thread_.join();
    }

    std::string url() const { return broker_.url(); }
    std::size_t sessions()
    {
        std::packaged_task<std::size_t()> task([this] { return broker_.sessions(); });
        auto asked = task.get_future();
        asio::post(context_, std::move(task));
        return asked.get();
    }

private:
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> const work_{context_.get_executor()};
    EmbeddedBroker broker_;
    std::thread thread_;
};

struct Handles
{
    StompSession session;
    Subscription inbox;
    std::optional<Message> message;
    std::optional<Transaction> transaction;
};

using Operation = std::function<asio::awaitable<void>(Handles&)>;

asio::awaitable<void> open(std::string url, Handles& handles, bool& ready)
{
    StompConfig config;
    config.auto_receipt = false;
    config.receipt_timeout = 5s;
    config.disconnect_timeout = 5s;
    StompClient client(config);
    handles.session = co_await client.connect(url);
    handles.inbox = co_await handles.session.subscribe("/queue/in", AckMode::client_individual);
    co_await handles.session.send("/queue/in", "first");
    handles.message = co_await handles.inbox.next();
    handles.transaction.emplace(co_await handles.session.begin());
    ready = true;
}

asio::awaitable<void> attempt(Operation operation, Handles& handles, bool& done)
{
    try {
        co_await operation(handles);
    } catch (std::exception const&) {
    }
    FailingMemory::disarm();
    done = true;
}

// @param apart whether the session lives on another executor than the operation.
void fail_everywhere(bool apart, Operation const& operation)
{
    Peer peer;
    std::size_t points = 0;
    for (std::size_t n = 1;; ++n) {
        BOOST_REQUIRE(n < 400);
        BOOST_TEST_CONTEXT("allocation " << n)
        {
            asio::io_context here;
            asio::io_context other;
            auto& home = apart ? other : here;
            auto handles = std::make_unique<Handles>();
            bool ready = false;
            auto opening = open(peer.url(), *handles, ready);
            asio::co_spawn(home, std::move(opening), [](std::exception_ptr) {});
            auto const end = std::chrono::steady_clock::now() + 60s;
            while (!ready && std::chrono::steady_clock::now() < end)
                home.run_one_for(10ms);
            BOOST_REQUIRE(ready);
            home.poll();

            // What Asio's own operations and co_spawn() throw when they are started leaves run().
            bool has_left = false;
            auto const run = [&](asio::io_context& context) {
                try {
                    context.restart();
                    context.run_for(200us);
                } catch (std::bad_alloc const&) {
                    has_left = true;
                    FailingMemory::disarm();
                }
            };
            bool done = false;
            auto attempted = attempt(operation, *handles, done);
            asio::co_spawn(here, std::move(attempted), [](std::exception_ptr) {});
            FailingMemory::arm(n);
            while (!done && std::chrono::steady_clock::now() < end) {
                run(here);
                run(other);
            }
            bool const hit = FailingMemory::disarm() || has_left;
            BOOST_TEST(done, "the operation never ended");
            handles.reset();
            while (peer.sessions() != 0 && std::chrono::steady_clock::now() < end) {
                run(here);
                run(other);
            }
            BOOST_TEST(peer.sessions() == 0u, "the connection is still open");
            if (!hit)
                break;
            ++points;
        }
    }
    BOOST_TEST(points > 0u);
}

void fail_everywhere(Operation const& operation)
{
    for (bool const apart : {false, true}) {
        BOOST_TEST_CONTEXT((apart ? "from another executor" : "on the session's executor"))
        {
            fail_everywhere(apart, operation);
        }
    }
}

asio::awaitable<void> send(Handles& handles)
{
    co_await handles.session.send("/queue/a", "x");
    co_await handles.session.flush();
}

asio::awaitable<void> send_confirmed(Handles& handles)
{
    OutgoingMessage message("/queue/a", "x");
    message.with_receipt();
    co_await handles.session.send(std::move(message));
}

asio::awaitable<void> submit(Handles& handles)
{
    auto pending = co_await handles.session.submit("/queue/a", "x");
    co_await pending.confirmed();
}

asio::awaitable<void> subscribe(Handles& handles)
{
    auto inbox = co_await handles.session.subscribe("/queue/b");
    co_await inbox.unsubscribe();
}

asio::awaitable<void> next(Handles& handles)
{
    co_await handles.session.send("/queue/in", "y");
    auto const message = co_await handles.inbox.next();
    BOOST_TEST(message.has_value());
}

asio::awaitable<void> next_for(Handles& handles)
{
    co_await handles.session.send("/queue/in", "y");
    auto const message = co_await handles.inbox.next_for(5s);
    BOOST_TEST(message.has_value());
}

asio::awaitable<void> next_for_without_message(Handles& handles)
{
    co_await handles.inbox.next_for(1ms);
}

asio::awaitable<void> acknowledge(Handles& handles)
{
    co_await handles.session.ack(*handles.message);
}

asio::awaitable<void> transaction(Handles& handles)
{
    co_await handles.transaction->send("/queue/a", "x");
    co_await handles.transaction->commit();
}

asio::awaitable<void> disconnect(Handles& handles)
{
    co_await handles.session.disconnect();
}

asio::awaitable<void> drop(Handles& handles)
{
    handles.inbox = Subscription();
    handles.transaction.reset();
    handles.session = StompSession();
    co_return;
}

} // namespace

BOOST_AUTO_TEST_CASE(ends_a_send)
{
    fail_everywhere(send);
}
BOOST_AUTO_TEST_CASE(ends_a_confirmed_send)
{
    fail_everywhere(send_confirmed);
}
BOOST_AUTO_TEST_CASE(ends_a_submitted_message)
{
    fail_everywhere(submit);
}
BOOST_AUTO_TEST_CASE(ends_a_subscription)
{
    fail_everywhere(subscribe);
}
BOOST_AUTO_TEST_CASE(ends_a_wait_for_a_message)
{
    fail_everywhere(next);
}
BOOST_AUTO_TEST_CASE(ends_a_wait_with_a_limit)
{
    fail_everywhere(next_for);
}
BOOST_AUTO_TEST_CASE(ends_a_wait_that_times_out)
{
    fail_everywhere(next_for_without_message);
}
BOOST_AUTO_TEST_CASE(ends_an_acknowledgement)
{
    fail_everywhere(acknowledge);
}
BOOST_AUTO_TEST_CASE(ends_a_transaction)
{
    fail_everywhere(transaction);
}
BOOST_AUTO_TEST_CASE(ends_a_disconnection)
{
    fail_everywhere(disconnect);
}
BOOST_AUTO_TEST_CASE(ends_what_is_dropped)
{
    fail_everywhere(drop);
}

BOOST_AUTO_TEST_SUITE_END()
