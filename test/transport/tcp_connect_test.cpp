#include "full_listener.hpp"
#include "name_service.hpp"
#include "support/open_files.hpp"
#include "support/session_fixture.hpp"
#include "transport/tcp_connect.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace {

using namespace arbalest;
using namespace arbalest::test;
using asio::ip::tcp;

class ConnectFixture : public ContextFixture
{
public:
    /// Connects, and notes the attempts that failed.
    asio::awaitable<tcp::socket> connect(std::string host, std::uint16_t port, TcpOptions options = TcpOptions())
    {
        std::function<void(ConnectAttempt)> const failed = [this](ConnectAttempt attempt) {
            attempts.push_back(std::move(attempt));
        };
        return detail::connect_tcp(context.get_executor(), std::move(host), port, std::move(options), failed);
    }

    /// The same for with_timeout(), which needs a result with a default.
    asio::awaitable<void> connect_and_close(std::string host, std::uint16_t port)
    {
        auto socket = co_await connect(std::move(host), port);
        socket.close();
    }

    /// Expects that connecting fails; returns the code with which it does.
    asio::awaitable<boost::system::error_code> fail_to_connect(std::string host, std::uint16_t port,
                                                               TcpOptions options = TcpOptions())
    {
        boost::system::error_code code;
        try {
            auto const socket = co_await connect(std::move(host), port, std::move(options));
        } catch (boost::system::system_error const& error) {
            code = error.code();
        }
        co_return code;
    }

    std::vector<ConnectAttempt> attempts;
};

/// Listens on 127.0.0.1 only.
class Listener
{
public:
    explicit Listener(asio::io_context& context)
        : acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), port(acceptor.local_endpoint().port())
    {
    }

    tcp::acceptor acceptor;
    std::uint16_t port;
};

std::uint16_t unused_port(asio::io_context& context)
{
    Listener const listener(context);
    return listener.port;
}

int tcp_option(tcp::socket& socket, int name)
{
    int value = 0;
    socklen_t size = sizeof value;
    BOOST_REQUIRE(getsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, &size) == 0);
    return value;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(tcp_connect, ConnectFixture)

BOOST_AUTO_TEST_CASE(connects_to_a_name)
{
    run([this]() -> asio::awaitable<void> {
        NameService const names; // not "localhost": a machine without /etc/hosts does not know it
        Listener listener(context);
        auto const socket = co_await connect("one.test", listener.port);
        auto const peer = co_await listener.acceptor.async_accept(asio::use_awaitable);
        BOOST_TEST(peer.remote_endpoint() == socket.local_endpoint());
        BOOST_TEST(attempts.empty());
    });
}

BOOST_AUTO_TEST_CASE(connects_to_an_ipv6_address)
{
    boost::system::error_code code;
    tcp::acceptor acceptor(context);
    acceptor.open(tcp::v6(), code);
    if (!code)
        acceptor.bind(tcp::endpoint(asio::ip::address_v6::loopback(), 0), code);
    if (code) {
        BOOST_TEST_MESSAGE("no IPv6 on this machine: " << code.message());
        return;
    }
    acceptor.listen();
    run([&, this]() -> asio::awaitable<void> {
        for (std::string const host : {"::1", "::1%lo", "::1%1"}) { // a zone matters to link-local addresses only
            auto const socket = co_await connect(host, acceptor.local_endpoint().port());
            BOOST_TEST(socket.remote_endpoint().port() == acceptor.local_endpoint().port());
            BOOST_TEST(attempts.empty());
        }
    });
}

BOOST_AUTO_TEST_CASE(connects_to_each_address_in_turn)
{
    NameService const names;
    run([this]() -> asio::awaitable<void> {
        Listener listener(context);
        auto const socket = co_await connect("two.test", listener.port);
        BOOST_TEST(socket.remote_endpoint() == listener.acceptor.local_endpoint());
        BOOST_REQUIRE(attempts.size() == 1);
        BOOST_TEST(attempts[0].endpoint == "127.0.0.2:" + std::to_string(listener.port));
        BOOST_TEST((attempts[0].phase == ConnectPhase::tcp));
        BOOST_TEST(attempts[0].code == asio::error::connection_refused);
        BOOST_TEST(attempts[0].message == attempts[0].code.message());
        BOOST_TEST(attempts[0].url.empty());
    });
}

BOOST_AUTO_TEST_CASE(reports_every_address_that_refuses)
{
    NameService const names;
    run([this]() -> asio::awaitable<void> {
        auto const port = std::to_string(unused_port(context));
        auto const files = open_files();
        auto const code = co_await fail_to_connect("two.test", static_cast<std::uint16_t>(std::stoi(port)));
        BOOST_TEST(code == asio::error::connection_refused);
        BOOST_REQUIRE(attempts.size() == 2);
        BOOST_TEST(attempts[0].endpoint == "127.0.0.2:" + port);
        BOOST_TEST(attempts[1].endpoint == "127.0.0.1:" + port);
        BOOST_TEST(open_files() == files);
    });
}

BOOST_AUTO_TEST_CASE(reports_a_name_that_does_not_exist)
{
    run([this]() -> asio::awaitable<void> {
        std::string const name(300, 'x'); // too long for one: nobody has to be asked
        auto const code = co_await fail_to_connect(name, 61613);
        BOOST_TEST(code.failed());
        BOOST_REQUIRE(attempts.size() == 1);
        BOOST_TEST((attempts[0].phase == ConnectPhase::resolve));
        BOOST_TEST(attempts[0].code == code);
        BOOST_TEST(attempts[0].endpoint.empty());
        BOOST_TEST(attempts[0].message.find(name) != std::string::npos);
    });
}

BOOST_AUTO_TEST_CASE(applies_the_default_options)
{
    run([this]() -> asio::awaitable<void> {
        Listener const listener(context);
        auto const socket = co_await connect("127.0.0.1", listener.port);
        tcp::no_delay no_delay;
        socket.get_option(no_delay);
        BOOST_TEST(no_delay.value());
        asio::socket_base::keep_alive keep_alive;
        socket.get_option(keep_alive);
        BOOST_TEST(!keep_alive.value());
    });
}

BOOST_AUTO_TEST_CASE(applies_other_options)
{
    run([this]() -> asio::awaitable<void> {
        Listener listener(context);
        TcpOptions options;
        options.no_delay = false;
        options.keep_alive = true;
        options.local_address = "127.0.0.3";
        options.local_port = unused_port(context);
        auto const socket = co_await connect("127.0.0.1", listener.port, options);
        tcp::no_delay no_delay;
        socket.get_option(no_delay);
        BOOST_TEST(!no_delay.value());
        asio::socket_base::keep_alive keep_alive;
        socket.get_option(keep_alive);
        BOOST_TEST(keep_alive.value());
        auto const peer = co_await listener.acceptor.async_accept(asio::use_awaitable);
        BOOST_TEST(peer.remote_endpoint() == tcp::endpoint(asio::ip::make_address("127.0.0.3"), options.local_port));
    });
}

BOOST_AUTO_TEST_CASE(reports_a_local_address_that_cannot_be_bound)
{
    run([this]() -> asio::awaitable<void> {
        Listener const listener(context);
        char const* const unusable_addresses[] = {"no address", "192.0.2.1", "::1"};
        for (auto const* const unusable : unusable_addresses) {
            attempts.clear();
            TcpOptions options;
            options.local_address = unusable;
            auto const code = co_await fail_to_connect("127.0.0.1", listener.port, options);
            BOOST_TEST(code.failed(), unusable);
            BOOST_REQUIRE(attempts.size() == 1);
            BOOST_TEST((attempts[0].phase == ConnectPhase::tcp));
            BOOST_TEST(attempts[0].code == code);
        }
    });
}

BOOST_AUTO_TEST_CASE(applies_keep_alive_times_and_the_user_timeout)
{
    run([this]() -> asio::awaitable<void> {
        Listener const listener(context);
        TcpOptions options;
        options.keep_alive = true;
        options.keep_alive_idle = 70s;
        options.keep_alive_interval = 7s;
        options.keep_alive_probes = 4;
        options.user_timeout = 12345ms;
        auto socket = co_await connect("127.0.0.1", listener.port, options);
        BOOST_TEST(tcp_option(socket, TCP_KEEPIDLE) == 70);
        BOOST_TEST(tcp_option(socket, TCP_KEEPINTVL) == 7);
        BOOST_TEST(tcp_option(socket, TCP_KEEPCNT) == 4);
        BOOST_TEST(tcp_option(socket, TCP_USER_TIMEOUT) == 12345);
        options.keep_alive = false; // then its times do not matter
        socket = co_await connect("127.0.0.1", listener.port, options);
        BOOST_TEST(tcp_option(socket, TCP_KEEPIDLE) != 70);
        BOOST_TEST(tcp_option(socket, TCP_USER_TIMEOUT) == 12345);
    });
}

BOOST_AUTO_TEST_CASE(reports_a_keep_alive_time_that_the_system_does_not_take)
{
    run([this]() -> asio::awaitable<void> {
        Listener const listener(context);
        TcpOptions options;
        options.keep_alive = true;
        options.keep_alive_idle = std::chrono::seconds::max();
        auto const code = co_await fail_to_connect("127.0.0.1", listener.port, options);
        BOOST_TEST(code == asio::error::invalid_argument);
        BOOST_REQUIRE(attempts.size() == 1);
        BOOST_TEST((attempts[0].phase == ConnectPhase::tcp));
    });
}

BOOST_AUTO_TEST_CASE(cancelling_leaves_no_socket)
{
    FullListener listener(context);
    run([&, this]() -> asio::awaitable<void> {
        co_await listener.fill();
        auto const files = open_files();
        bool timed_out = false;
        try {
            auto connecting = connect_and_close("127.0.0.2", listener.port());
            co_await with_timeout(100ms, std::move(connecting));
        } catch (Timeout const&) {
            timed_out = true;
        }
        BOOST_TEST(timed_out);
        BOOST_TEST(open_files() == files);
        BOOST_REQUIRE(attempts.size() == 1);
        BOOST_TEST(attempts[0].code == asio::error::operation_aborted);
        BOOST_TEST((attempts[0].phase == ConnectPhase::tcp));
    });
}

BOOST_AUTO_TEST_CASE(a_resolution_that_hangs_is_abandoned)
{
    auto names = std::make_unique<NameService>();
    run([this]() -> asio::awaitable<void> {
        bool timed_out = false;
        try {
            auto connecting = connect_and_close("hangs.test", 61613);
            co_await with_timeout(100ms, std::move(connecting));
        } catch (Timeout const&) {
            timed_out = true;
        }
        BOOST_TEST(timed_out);
        while (!NameService::hangs())
            co_await pause(10ms);
        BOOST_REQUIRE(attempts.size() == 1);
        BOOST_TEST((attempts[0].phase == ConnectPhase::resolve));
    });
    // Its answer comes in the end, and nobody is there to take it.
    names.reset();
    BOOST_TEST(run_dry());
    BOOST_TEST(attempts.size() == 1);
}

BOOST_AUTO_TEST_CASE(a_session_is_told_of_a_resolution_that_hangs)
{
    NameService const names;
    run([]() -> asio::awaitable<void> {
        StompConfig config;
        config.connect_timeout = 100ms;
        StompClient const client(config);
        std::vector<ConnectAttempt> attempts;
        try {
            co_await client.connect("stomp://guest:s3cret@session.hangs.test");
        } catch (ConnectError const& error) {
            attempts = error.attempts();
            BOOST_TEST(std::string(error.what()).find("s3cret") == std::string::npos);
        }
        BOOST_REQUIRE(attempts.size() == 1);
        BOOST_TEST((attempts[0].phase == ConnectPhase::resolve));
        BOOST_TEST((attempts[0].code == errc::timeout));
        BOOST_TEST(attempts[0].url == "stomp://session.hangs.test");
    });
}

BOOST_AUTO_TEST_SUITE_END()
