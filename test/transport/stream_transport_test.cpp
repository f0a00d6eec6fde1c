#include "support/session_fixture.hpp"
#include <arbalest/transport/stream_transport.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/mpl/list.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace arbalest;
using namespace arbalest::test;
using asio::ip::tcp;
using LocalSocket = asio::local::stream_protocol::socket;

/// A stream as an application may have written it: its executor is of its own choice, close() takes nothing, and fails
/// when there is nothing to close.
class OwnStream
{
public:
    using executor_type = asio::any_io_executor;
    explicit OwnStream(LocalSocket socket) : socket_(std::move(socket)) {}

    executor_type get_executor() { return socket_.get_executor(); }

    template <class Buffers, class Token>
    auto async_read_some(Buffers const& buffers, Token&& token)
    {
        return socket_.async_read_some(buffers, std::forward<Token>(token));
    }

    template <class Buffers, class Token>
    auto async_write_some(Buffers const& buffers, Token&& token)
    {
        return socket_.async_write_some(buffers, std::forward<Token>(token));
    }

    void close()
    {
        if (!socket_.is_open())
            throw std::logic_error("it is closed already");
        socket_.close();
    }

private:
    LocalSocket socket_;
};

/// A transport on one end of a connection, and the other end.
struct TcpEnds
{
    using Stream = tcp::socket;
    using Peer = tcp::socket;

    explicit TcpEnds(asio::io_context& context) : peer(context)
    {
        tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        tcp::socket socket(context);
        socket.connect(acceptor.local_endpoint());
        peer = acceptor.accept();
        transport = std::make_unique<StreamTransport<Stream>>(std::move(socket));
    }
    std::unique_ptr<Transport> transport;
    Peer peer;
};

template <class LocalStream>
struct LocalEnds
{
    using Stream = LocalStream;
    using Peer = LocalSocket;

    explicit LocalEnds(asio::io_context& context) : peer(context)
    {
        LocalSocket socket(context);
        asio::local::connect_pair(socket, peer);
        transport = std::make_unique<StreamTransport<Stream>>(Stream(std::move(socket)));
    }
    std::unique_ptr<Transport> transport;
    Peer peer;
};

using AllEnds = boost::mpl::list<TcpEnds, LocalEnds<LocalSocket>, LocalEnds<OwnStream>>;

/// Reads until that ends, and returns why.
asio::awaitable<boost::system::error_code> end_of_reading(Transport& transport)
{
    char bytes[512];
    boost::system::error_code code;
    try {
        for (;;)
            co_await transport.read_some(asio::buffer(bytes));
    } catch (boost::system::system_error const& error) {
        code = error.code();
    }
    co_return code;
}

/// Writes until that ends, and returns why. Nobody reads at the other end.
asio::awaitable<boost::system::error_code> end_of_writing(Transport& transport)
{
    std::string const bytes(std::size_t{1} << 20, 'x');
    boost::system::error_code code;
    try {
        for (;;)
            co_await transport.write_some(asio::buffer(bytes), {});
    } catch (boost::system::system_error const& error) {
        code = error.code();
    }
    co_return code;
}

/// Starts an operation and keeps how it ended.
class Running
{
public:
    Running(asio::io_context& context, asio::awaitable<boost::system::error_code> operation)
    {
        asio::co_spawn(context, std::move(operation),
                       [end = end](std::exception_ptr thrown, boost::system::error_code code) {
                           if (!thrown)
                               *end = code;
                       });
    }
    bool is_over() const { return end->has_value(); }
    boost::system::error_code code() const { return end->value(); }

private:
    std::shared_ptr<std::optional<boost::system::error_code>> const end =
        std::make_shared<std::optional<boost::system::error_code>>();
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(stream_transport, ContextFixture)

BOOST_AUTO_TEST_CASE_TEMPLATE(moves_bytes_both_ways, Ends, AllEnds)
{
    Ends ends(this->context);
    BOOST_TEST((ends.transport->get_executor() == this->context.get_executor()));
    BOOST_TEST(!ends.transport->wants_frame_ends());
    this->run([&]() -> asio::awaitable<void> {
        std::string const out = "SEND\n\n\0";
        auto const written = co_await ends.transport->write_some(asio::buffer(out), {});
        BOOST_TEST(written == out.size());
        char bytes[64];
        auto const arrived = co_await asio::async_read(ends.peer, asio::buffer(bytes, written), asio::use_awaitable);
        BOOST_TEST(std::string(bytes, arrived) == out);

        co_await asio::async_write(ends.peer, asio::buffer(out), asio::use_awaitable);
        std::size_t got = 0;
        while (got < out.size()) {
            auto const size = co_await ends.transport->read_some(asio::buffer(bytes + got, 1));
            BOOST_TEST(size == 1);
            got += size;
        }
        BOOST_TEST(std::string(bytes, got) == out);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(tells_that_the_peer_has_closed, Ends, AllEnds)
{
    Ends ends(this->context);
    this->run([&]() -> asio::awaitable<void> {
        ends.peer.close();
        auto const code = co_await end_of_reading(*ends.transport);
        BOOST_TEST(code == asio::error::eof);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(abort_ends_a_read, Ends, AllEnds)
{
    Ends ends(this->context);
    Running const reading(this->context, end_of_reading(*ends.transport));
    this->run([&]() -> asio::awaitable<void> {
        co_await pause(20ms);
        BOOST_TEST(!reading.is_over());
        ends.transport->abort();
        BOOST_TEST(!reading.is_over()); // never inside of the call
        co_await pause(20ms);
        BOOST_REQUIRE(reading.is_over());
        BOOST_TEST(reading.code() == asio::error::operation_aborted);
        ends.transport->abort();

        char byte;
        boost::system::error_code code;
        auto reading_at_peer =
            ends.peer.async_read_some(asio::buffer(&byte, 1), asio::redirect_error(asio::use_awaitable, code));
        co_await std::move(reading_at_peer);
        BOOST_TEST(code == asio::error::eof);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(abort_ends_a_write, Ends, AllEnds)
{
    Ends ends(this->context);
    Running const writing(this->context, end_of_writing(*ends.transport));
    this->run([&]() -> asio::awaitable<void> {
        co_await pause(50ms);
        BOOST_TEST(!writing.is_over());
        ends.transport->abort();
        co_await pause(20ms);
        BOOST_REQUIRE(writing.is_over());
        BOOST_TEST(writing.code() == asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(operations_after_abort_fail, Ends, AllEnds)
{
    Ends ends(this->context);
    this->run([&]() -> asio::awaitable<void> {
        ends.transport->abort();
        BOOST_TEST(ends.transport->remote_endpoint().empty());
        auto const reading = co_await end_of_reading(*ends.transport);
        BOOST_TEST(reading.failed());
        auto const writing = co_await end_of_writing(*ends.transport);
        BOOST_TEST(writing.failed());
        co_await ends.transport->close(CloseReason::normal);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(cancelling_a_read_leaves_the_stream_usable, Ends, AllEnds)
{
    Ends ends(this->context);
    this->run([&]() -> asio::awaitable<void> {
        char bytes[8];
        bool timed_out = false;
        try {
            auto reading = ends.transport->read_some(asio::buffer(bytes));
            co_await with_timeout(20ms, std::move(reading));
        } catch (Timeout const&) {
            timed_out = true;
        }
        BOOST_TEST(timed_out);
        co_await asio::async_write(ends.peer, asio::buffer("x", 1), asio::use_awaitable);
        auto const size = co_await ends.transport->read_some(asio::buffer(bytes));
        BOOST_TEST(std::string(bytes, size) == "x");
    });
}

using Sockets = boost::mpl::list<TcpEnds, LocalEnds<LocalSocket>>;

BOOST_AUTO_TEST_CASE_TEMPLATE(close_lets_the_peer_read_everything, Ends, Sockets)
{
    Ends ends(this->context);
    this->run([&]() -> asio::awaitable<void> {
        std::string const out(1000, 'x');
        auto const written = co_await ends.transport->write_some(asio::buffer(out), {});
        co_await ends.transport->close(CloseReason::normal);
        ends.transport->abort();
        std::string in;
        boost::system::error_code code;
        auto reading =
            asio::async_read(ends.peer, asio::dynamic_buffer(in), asio::redirect_error(asio::use_awaitable, code));
        co_await std::move(reading);
        BOOST_TEST(code == asio::error::eof);
        BOOST_TEST(in.size() == written);
    });
}

BOOST_AUTO_TEST_CASE(names_the_peer_of_a_tcp_connection)
{
    TcpEnds ends(context);
    BOOST_TEST(ends.transport->remote_endpoint() == "127.0.0.1:" + std::to_string(ends.peer.local_endpoint().port()));
}

BOOST_AUTO_TEST_CASE(has_no_name_for_the_peer_of_another_stream)
{
    LocalEnds<LocalSocket> local(context);
    BOOST_TEST(local.transport->remote_endpoint() == "");
    LocalEnds<OwnStream> own(context);
    BOOST_TEST(own.transport->remote_endpoint() == "");
}

BOOST_AUTO_TEST_CASE(gives_access_to_its_stream)
{
    tcp::socket socket(context, tcp::v4());
    StreamTransport<tcp::socket> transport(std::move(socket));
    transport.stream().set_option(tcp::no_delay(true));
    tcp::no_delay no_delay;
    transport.stream().get_option(no_delay);
    BOOST_TEST(no_delay.value());
}

BOOST_AUTO_TEST_SUITE_END()
