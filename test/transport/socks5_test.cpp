#include "transport/proxy.hpp"
#include "transport_fixture.hpp"

#include <boost/asio/read.hpp>

#include <string>
#include <string_view>
#include <vector>

// Connections through a SOCKS5 proxy that is played by hand (RFC 1928, RFC 1929).
namespace {

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_view_literals;

class Socks5Fixture : public TransportFixture
{
public:
    Socks5Fixture() : proxy(context) { options.proxy = proxy.at("socks5"); }

    /// Reads so many bytes from the client.
    asio::awaitable<std::string> read(std::size_t size)
    {
        std::string bytes(size, '\0');
        co_await asio::async_read(proxy.socket, asio::buffer(bytes), asio::use_awaitable);
        co_return bytes;
    }

    /// Accepts a client; waits for each request, which it remembers, and sends the answer to it.
    struct Exchange
    {
        std::size_t request_size;
        std::string_view answer;
    };

    asio::awaitable<void> play(std::vector<Exchange> exchanges)
    {
        co_await proxy.accept();
        for (auto const& exchange : exchanges) {
            requests.push_back(co_await read(exchange.request_size));
            co_await proxy.send(std::string(exchange.answer));
        }
    }

    ConnectAttempt refused(std::vector<Exchange> exchanges, std::string url = "stomp://broker.test")
    {
        ConnectAttempt attempt;
        requests.clear();
        run([&, this]() -> asio::awaitable<void> {
            auto const playing = start(context.get_executor(), play(std::move(exchanges)));
            attempt = co_await fail_to_connect(url);
            co_await finished(playing);
            co_await proxy.wait_for_end();
            BOOST_TEST((attempt.phase == ConnectPhase::http));
            BOOST_TEST(attempt.endpoint == "127.0.0.1:" + std::to_string(proxy.port()));
        });
        BOOST_TEST(run_dry());
        return attempt;
    }

    /// Connects, and moves bytes in both directions.
    void expect_success(std::vector<Exchange> exchanges, std::string url)
    {
        requests.clear();
        run([&, this]() -> asio::awaitable<void> {
            auto const playing = start(context.get_executor(), play(std::move(exchanges)));
            auto const transport = co_await connect(url);
            co_await finished(playing);
            co_await write_frame(*transport, "hello");
            auto const heard = co_await read(5);
            BOOST_TEST(heard == "hello");
            co_await proxy.send("world");
            auto const answer = co_await read_bytes(*transport, 5);
            BOOST_TEST(answer == "world");
            transport->abort();
            proxy.socket.close();
        });
        BOOST_TEST(run_dry());
    }

    TcpPeer proxy;
    std::vector<std::string> requests;
};

constexpr auto no_authentication = "\5\0"sv;
constexpr auto username_password = "\5\2"sv;
constexpr auto connection_granted = "\5\0\0\1\x7f\0\0\1\x12\x34"sv;

} // namespace

BOOST_FIXTURE_TEST_SUITE(socks5, Socks5Fixture)

BOOST_AUTO_TEST_CASE(the_proxy_resolves_the_name)
{
    expect_success({{3, no_authentication}, {18, connection_granted}}, "stomp://broker.test");
    BOOST_TEST(requests.at(0) == "\5\1\0"sv);
    BOOST_TEST(requests.at(1) == "\5\1\0\3\x0b"
                                 "broker.test\xf0\xad"sv);
}

BOOST_AUTO_TEST_CASE(addresses_are_sent_as_such)
{
    expect_success({{3, no_authentication}, {10, connection_granted}}, "stomp://192.0.2.1:258");
    BOOST_TEST(requests.at(1) == "\5\1\0\1\xc0\0\2\1\1\2"sv);
    expect_success({{3, no_authentication}, {22, connection_granted}}, "stomp://[2001:db8::7%25eth0]:258");
    BOOST_TEST(requests.at(1) == "\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7\1\2"sv);
}

BOOST_AUTO_TEST_CASE(the_proxys_own_address_may_be_of_any_kind)
{
    expect_success({{3, no_authentication}, {18, "\5\0\0\3\4namepp"sv}}, "stomp://broker.test");
    expect_success({{3, no_authentication}, {18, "\5\0\0\3\0pp"sv}}, "stomp://broker.test");
    std::string longest("\5\0\0\3\xff"sv);
    longest.append(255 + 2, 'x');
    expect_success({{3, no_authentication}, {18, longest}}, "stomp://broker.test");
    expect_success({{3, no_authentication}, {18, "\5\0\0\4aaaabbbbccccddddpp"sv}}, "stomp://broker.test");
}

BOOST_AUTO_TEST_CASE(credentials_are_sent_when_the_proxy_wants_them)
{
    options.proxy = "socks5h://us%40er:s3cret@127.0.0.1:" + std::to_string(proxy.port());
    expect_success({{4, username_password}, {14, "\1\0"sv}, {18, connection_granted}}, "stomp://broker.test");
    BOOST_TEST(requests.at(0) == "\5\2\0\2"sv);
    BOOST_TEST(requests.at(1) == "\1\5us@er\6s3cret"sv);
    expect_success({{4, no_authentication}, {18, connection_granted}}, "stomp://broker.test");
}

BOOST_AUTO_TEST_CASE(wrong_credentials_are_refused_without_being_shown)
{
    options.proxy = "socks5://user:s3cret@127.0.0.1:" + std::to_string(proxy.port());
    auto const attempt = refused({{4, username_password}, {13, "\1\1"sv}});
    BOOST_TEST(attempt.code == transport_errc::proxy_refused);
    BOOST_TEST(contains(attempt.message, "refused user and password"), attempt.message);
    BOOST_TEST(!contains(attempt.message + attempt.hint, "s3cret"));
}

BOOST_AUTO_TEST_CASE(missing_credentials_are_hinted_at)
{
    auto const attempt = refused({{3, "\5\xff"sv}});
    BOOST_TEST(attempt.code == transport_errc::proxy_refused);
    BOOST_TEST(contains(attempt.hint, "credentials"), attempt.hint);
}

BOOST_AUTO_TEST_CASE(a_refusal_says_why)
{
    auto attempt = refused({{3, no_authentication}, {18, "\5\5"sv}}); // two bytes are enough for that
    BOOST_TEST(attempt.code == transport_errc::proxy_refused);
    BOOST_TEST(contains(attempt.message, "connection refused"), attempt.message);
    BOOST_TEST(contains(attempt.hint, "broker.test"), attempt.hint);
    attempt = refused({{3, no_authentication}, {18, "\5\x63"sv}});
    BOOST_TEST(contains(attempt.message, "unassigned"), attempt.message);
}

BOOST_AUTO_TEST_CASE(what_is_not_socks_is_recognised)
{
    std::vector<std::vector<Exchange>> const wrong = {
        {{3, "HTTP/1.1 400 Bad Request\r\n\r\n"sv}},
        {{3, "\4\0"sv}},
        {{3, "\5\1"sv}},
        {{3, username_password}},
        {{3, no_authentication}, {18, "\4\0"sv}},
        {{3, no_authentication}, {18, "\5\0\0\2\0\0\0\0\0\0"sv}},
    };
    for (auto const& exchanges : wrong) {
        auto const attempt = refused(exchanges);
        BOOST_TEST(attempt.code == transport_errc::not_socks);
        BOOST_TEST(contains(attempt.message, "proxy"), attempt.message);
    }
}

BOOST_AUTO_TEST_CASE(a_proxy_that_closes_at_any_byte_is_an_error)
{
    for (std::size_t size = 0; size < connection_granted.size(); ++size) {
        run([&, this]() -> asio::awaitable<void> {
            auto const playing =
                start(context.get_executor(), [](Socks5Fixture& self, std::size_t size) -> asio::awaitable<void> {
                    std::vector<Exchange> exchanges{{3, no_authentication}, {18, connection_granted.substr(0, size)}};
                    co_await self.play(std::move(exchanges));
                    self.proxy.socket.close();
                }(*this, size));
            auto const attempt = co_await fail_to_connect("stomp://broker.test");
            BOOST_TEST(attempt.code == asio::error::eof);
            BOOST_TEST(contains(attempt.message, "the proxy did not answer"), attempt.message);
            co_await finished(playing);
        });
    }
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_cancelled_connect_leaves_no_socket)
{
    run([this]() -> asio::awaitable<void> {
        auto const accepting = start(context.get_executor(), proxy.accept());
        auto const connecting = start(context.get_executor(), connect("stomp://broker.test"));
        co_await finished(accepting);
        co_await read(3);
        connecting->cancel();
        co_await finished(connecting);
        BOOST_TEST(is_aborted(connecting->failure), connecting->failure.what());
        co_await proxy.wait_for_end();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_too_long_is_not_sent)
{
    run([this]() -> asio::awaitable<void> {
        auto const accepting = start(context.get_executor(), proxy.accept());
        auto const attempt = co_await fail_to_connect("stomp://" + std::string(256, 'x'));
        BOOST_TEST(attempt.code == transport_errc::unusable_setting);
        co_await finished(accepting);
    });
}

BOOST_AUTO_TEST_CASE(its_url_is_read)
{
    auto proxy_url = detail::parse_proxy("socks5://proxy.test");
    BOOST_TEST((proxy_url.kind == detail::ProxyUrl::Kind::socks5));
    BOOST_TEST(proxy_url.port == 1080);
    BOOST_TEST(proxy_url.login == "");
    proxy_url = detail::parse_proxy("SOCKS5H://us%40er:p%2Fw@[::1]:9");
    BOOST_TEST((proxy_url.kind == detail::ProxyUrl::Kind::socks5));
    BOOST_TEST(proxy_url.port == 9);
    BOOST_TEST(proxy_url.login == "us@er");
    BOOST_TEST(proxy_url.passcode == "p/w");
    for (auto const& unusable : {"socks4://host", "socks5://host/x", "socks5://:pw@host"})
        BOOST_CHECK_THROW(detail::parse_proxy(unusable), std::invalid_argument);
    BOOST_CHECK_THROW(detail::parse_proxy("socks5://" + std::string(256, 'x') + ":y@host"), std::invalid_argument);
    BOOST_CHECK_THROW(detail::parse_proxy("socks5://x:" + std::string(256, 'y') + "@host"), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
