#include "recorder.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <iostream>
#include <optional>
#include <sstream>

// The listeners that come with the library, by themselves.
BOOST_AUTO_TEST_SUITE(listeners)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

Frame receipt(std::string_view id)
{
    Frame frame("RECEIPT");
    frame.add_header("receipt-id", id);
    return frame;
}

Frame message(std::string_view body)
{
    Frame frame("MESSAGE");
    frame.add_header("destination", "/queue/a");
    frame.set_body(body);
    return frame;
}

/// Catches what is written to a stream.
class Captured
{
public:
    explicit Captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
    ~Captured() { stream_.rdbuf(before_); }
    std::string text() const { return text_.str(); }

private:
    std::ostream& stream_;
    std::ostringstream text_;
    std::streambuf* before_;
};

} // namespace

BOOST_AUTO_TEST_CASE(statistics)
{
    StatsListener stats;
    Frame sent("SEND");
    Frame heart_beat;
    stats.on_connecting(HostAndPort("localhost", 61613));
    stats.on_send(sent);
    stats.on_send(heart_beat);
    stats.on_message(message("x"));
    stats.on_message(message("y"));
    stats.on_message(message("z"));
    stats.on_error(Frame("ERROR"));
    for (int i = 0; i < 4; ++i)
        stats.on_heartbeat();
    stats.on_heartbeat_timeout();
    stats.on_disconnected();
    std::ostringstream text;
    text << stats;
    BOOST_TEST(text.str() == "Connections: 1\nDisconnects: 1\nMessages sent: 2\nMessages received: 3\n"
                             "Heartbeats received: 4\nErrors: 1");
    BOOST_TEST(stats.heartbeat_timeouts.load() == 1u);
}

BOOST_AUTO_TEST_CASE(printing)
{
    Trace lines;
    PrintingListener printing(true, [&](std::string_view line) { lines.emplace_back(line); });
    Frame connect("CONNECT");
    connect.add_header("login", "user").add_header("passcode", "secret");
    Frame heart_beat;
    printing.on_connecting(HostAndPort("localhost", 61613));
    printing.on_send(connect);
    printing.on_connected(Frame("CONNECTED"));
    printing.on_send(heart_beat);
    printing.on_heartbeat();
    printing.on_message(message(std::string("two\nlines\x1b[0m\t\r\0", 16)));
    printing.on_receipt(receipt("7"));
    printing.on_error(Frame("ERROR"));
    printing.on_disconnecting();
    printing.on_heartbeat_timeout();
    printing.on_disconnected();
    BOOST_TEST(lines == (Trace{"on_connecting localhost 61613", "on_send CONNECT {login: user, passcode: ********}",
                               "on_connected {}", "on_send (heart-beat)", "on_heartbeat",
                               "on_message {destination: /queue/a} two\\nlines\\x1b[0m\\t\\r\\x00",
                               "on_receipt {receipt-id: 7}", "on_error {}", "on_disconnecting", "on_heartbeat_timeout",
                               "on_disconnected"}),
               line_of(lines));
    BOOST_TEST(connect.header("passcode").value_or("") == "secret"); // what is sent is not masked
}

BOOST_AUTO_TEST_CASE(where_is_printed)
{
    PrintingListener to_output;
    PrintingListener to_log(true);
    {
        Captured const output(std::cout);
        Captured const log(std::clog);
        to_output.on_heartbeat();
        to_log.on_disconnected();
        BOOST_TEST(output.text() == "on_heartbeat\n");
        BOOST_TEST(log.text() == "on_disconnected\n");
    }
    Trace lines;
    set_log_sink([&](std::string_view line) { lines.emplace_back(line); });
    to_log.on_heartbeat();
    set_log_sink({});
    Captured const log(std::clog);
    to_log.on_heartbeat();
    BOOST_TEST(lines == Trace{"on_heartbeat"});
    BOOST_TEST(log.text() == "on_heartbeat\n");
}

BOOST_AUTO_TEST_CASE(a_thread_waits)
{
    WaitingListener waiting("mine");
    BOOST_TEST(!waiting.wait_on_receipt(1ms));
    BOOST_TEST(!waiting.wait_on_disconnected(1ms));
    waiting.on_receipt(receipt("another"));
    BOOST_TEST(!waiting.wait_on_receipt(1ms));
    std::thread other([&] { waiting.on_receipt(receipt("mine")); });
    BOOST_TEST(waiting.wait_on_receipt(wait_limit));
    other.join();
    BOOST_TEST(!waiting.wait_on_receipt(1ms)); // it was for that wait
    waiting.on_receipt(receipt("mine"));
    BOOST_TEST(waiting.wait_on_receipt());
    waiting.on_disconnected();
    BOOST_TEST(waiting.wait_on_disconnected());
    BOOST_TEST(waiting.wait_on_disconnected(0s)); // zero: without limit
}

BOOST_AUTO_TEST_CASE(coroutines_wait)
{
    asio::thread_pool pool(2);
    auto const waiting = std::make_shared<WaitingListener>("mine");
    auto early = asio::co_spawn(pool, waiting->async_wait_on_receipt(1ms), asio::use_future);
    BOOST_TEST(!early.get());
    // Again and again, with the event before, while and after the wait begins.
    for (int i = 0; i < 200; ++i) {
        auto receiving = asio::co_spawn(pool, waiting->async_wait_on_receipt(wait_limit), asio::use_future);
        waiting->on_receipt(receipt("mine"));
        BOOST_REQUIRE(receiving.get());
    }
    auto first = asio::co_spawn(pool, waiting->async_wait_on_disconnected(), asio::use_future);
    auto second = asio::co_spawn(pool, waiting->async_wait_on_disconnected(0s), asio::use_future);
    waiting->on_disconnected();
    BOOST_TEST(first.get());
    BOOST_TEST(second.get());
}

BOOST_AUTO_TEST_CASE(a_waiting_coroutine_is_cancelled)
{
    asio::io_context context;
    WaitingListener waiting("mine");
    asio::cancellation_signal signal;
    std::exception_ptr failure;
    asio::co_spawn(
        context, waiting.async_wait_on_receipt(0s),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr thrown, bool) { failure = thrown; }));
    context.poll();
    BOOST_TEST(!failure);
    signal.emit(asio::cancellation_type::terminal);
    context.run();
    BOOST_REQUIRE(failure);
    try {
        std::rethrow_exception(failure);
    } catch (boost::system::system_error const& error) {
        BOOST_TEST(error.code() == asio::error::operation_aborted);
    }
}

BOOST_AUTO_TEST_CASE(a_context_goes_while_a_coroutine_waits)
{
    WaitingListener waiting("mine");
    {
        asio::io_context context;
        asio::co_spawn(context, waiting.async_wait_on_receipt(0s), asio::detached);
        context.poll();
    }
    waiting.on_receipt(receipt("mine"));
    BOOST_TEST(waiting.wait_on_receipt());
}

BOOST_AUTO_TEST_CASE(the_test_listener_is_all_of_them)
{
    Trace lines;
    TestListener listener("mine", true, [&](std::string_view line) { lines.emplace_back(line); });
    BOOST_TEST(!listener.timestamp().has_value());
    BOOST_TEST(!listener.get_latest_message().has_value());
    BOOST_TEST(!listener.wait_for_message(1ms).has_value());
    BOOST_TEST(!listener.wait_for_heartbeat(1ms));
    listener.on_message(message("one"));
    listener.on_message(message("two"));
    BOOST_TEST(listener.timestamp().has_value());
    BOOST_TEST(listener.get_latest_message().value().body() == "two");
    BOOST_TEST(listener.message_list().size() == 2u);
    BOOST_TEST(listener.wait_for_message().value().body() == "one");
    BOOST_TEST(listener.wait_for_message().value().body() == "two");
    BOOST_TEST(!listener.wait_for_message(1ms).has_value());
    listener.on_heartbeat();
    BOOST_TEST(listener.wait_for_heartbeat());
    listener.on_receipt(receipt("mine"));
    BOOST_TEST(listener.wait_on_receipt());
    listener.on_disconnected();
    BOOST_TEST(listener.wait_on_disconnected());
    BOOST_TEST(listener.messages.load() == 2u);
    BOOST_TEST(listener.disconnects.load() == 1u);
    BOOST_TEST(lines.size() == 5u);

    asio::io_context context;
    auto waiting = asio::co_spawn(context, listener.async_wait_for_message(), asio::use_future);
    auto beating = asio::co_spawn(context, listener.async_wait_for_heartbeat(), asio::use_future);
    context.poll();
    listener.on_message(message("three"));
    listener.on_heartbeat();
    context.run();
    BOOST_TEST(waiting.get().value().body() == "three");
    BOOST_TEST(beating.get());
}

BOOST_AUTO_TEST_CASE(where_a_broker_is)
{
    std::ostringstream text;
    text << HostAndPort("localhost", 1) << ' ' << HostAndPort("::1", 2);
    BOOST_TEST(text.str() == "localhost:1 [::1]:2");
}

BOOST_AUTO_TEST_SUITE_END()
