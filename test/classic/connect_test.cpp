#include "recorder.hpp"
#include "support/certificates.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <future>

// Ways to a broker, and what becomes of those that lead nowhere.
BOOST_AUTO_TEST_SUITE(connecting)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

BOOST_AUTO_TEST_CASE(the_next_broker_is_tried)
{
    BrokerThread broker;
    Connection12 connection({{"127.0.0.1", free_port()}, broker.where()});
    auto const recorder = std::make_shared<Recorder>();
    connection.set_listener("recorder", recorder);
    connection.connect("", "", true);
    BOOST_TEST(connection.is_connected());
    recorder->wait_for("connected");
    BOOST_TEST(recorder->only({"connecting"}).size() == 1u); // not for attempts that fail
    connection.disconnect();
}

BOOST_AUTO_TEST_CASE(as_often_as_the_options_say)
{
    ConnectionOptions options({{"127.0.0.1", free_port()}});
    options.reconnect_sleep_initial = Seconds(0.001);
    Connection12 three(options);
    try {
        three.connect("", "", true);
        BOOST_ERROR("connected to nobody");
    } catch (ConnectError const& error) {
        BOOST_TEST(error.attempts().size() == 3u);
        BOOST_TEST(error.attempts().back().url.starts_with("stomp://127.0.0.1:"));
    }
    options.reconnect_attempts_max = 0;
    Connection12 none(options);
    BOOST_CHECK_THROW(none.connect("", "", true), ConnectError);
}

BOOST_AUTO_TEST_CASE(without_end_until_the_broker_is_there)
{
    auto const port = free_port();
    ConnectionOptions options({{"127.0.0.1", port}});
    options.reconnect_attempts_max = -1;
    options.reconnect_sleep_initial = options.reconnect_sleep_max = Seconds(0.005);
    Connection12 connection(options);
    auto connecting = std::async(std::launch::async, [&] { connection.connect("", "", true); });
    BOOST_TEST((connecting.wait_for(50ms) == std::future_status::timeout));
    BrokerConfig config;
    config.port = port;
    BrokerThread broker(config);
    connecting.get();
    BOOST_TEST(connection.is_connected());
    connection.disconnect();
}

BOOST_AUTO_TEST_CASE(tries_without_end_are_given_up)
{
    ConnectionOptions options({{"127.0.0.1", free_port()}});
    options.reconnect_attempts_max = -1;
    Connection12 connection(options);
    auto const gives_up = [&](std::function<void()> const& end) {
        auto connecting = std::async(std::launch::async, [&] { connection.connect("", "", true); });
        // Giving up does nothing as long as nothing has begun.
        wait_until([&] {
            end();
            return connecting.wait_for(1ms) == std::future_status::ready;
        });
        BOOST_CHECK_THROW(connecting.get(), SessionClosed);
    };
    gives_up([&] { connection.disconnect(); });
    gives_up([&] { connection.stop(); });
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_come_has_a_deadline)
{
    BrokerThread broker;
    broker.broker.faults().ignore_connect();
    auto options = broker.options();
    options.timeout = Seconds(0.1);
    Connection12 connection(options);
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError);
    // Behind a CONNECT that nobody waits for, sending waits for the answer, and then fails as well.
    connection.connect();
    BOOST_CHECK_THROW(connection.send("x", "/queue/a"), SessionClosed);
    broker.broker.faults().clear();
    connection.connect("", "", true);
    connection.disconnect();
}

BOOST_AUTO_TEST_CASE(an_idle_connection_has_none)
{
    BrokerThread broker;
    auto options = broker.options();
    options.timeout = Seconds(0.1);
    Connection12 connection(options);
    try {
        connection.connect("", "", true);
    } catch (ConnectError const&) {
        return; // a machine that is too slow to connect in time has nothing to show
    }
    std::this_thread::sleep_for(300ms);
    BOOST_TEST(connection.is_connected());
    connection.disconnect();
}

BOOST_AUTO_TEST_CASE(a_refusal_shows_the_error_frame)
{
    BrokerConfig config;
    config.credentials = {{"user", "right"}};
    BrokerThread broker(config);
    Connection12 connection({broker.where()});
    try {
        connection.connect("user", "wrong", true);
        BOOST_ERROR("connected with a wrong passcode");
    } catch (ConnectError const& error) {
        BOOST_REQUIRE(error.error_frame());
        BOOST_TEST(error.error_frame()->command() == "ERROR");
    }
    connection.connect("user", "right", true);
    connection.disconnect();
}

BOOST_AUTO_TEST_CASE(over_tls)
{
    TestAuthority authority;
    CertificateRequest request;
    request.ip_addresses.emplace_back("127.0.0.1");
    auto const certificate = authority.issue(request);
    BrokerConfig config;
    config.tls.certificate_file = certificate.certificate_file;
    config.tls.private_key_file = certificate.key_file;
    BrokerThread broker(config, Listen::tls);

    auto options = broker.options();
    options.reconnect_attempts_max = 1;
    Connection12 connection(options);
    BOOST_TEST(!connection.get_ssl(broker.where()).has_value());
    connection.set_ssl({broker.where()});
    BOOST_REQUIRE(connection.get_ssl(broker.where()).has_value());
    BOOST_TEST(connection.get_ssl(broker.where())->use_system_trust_store);
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError); // nobody knows the authority
    connection.set_ssl({broker.where()}, "", "", authority.ca_file());
    connection.connect("", "", true);
    BOOST_TEST(connection.is_connected());
    connection.disconnect();
}

// The loopback is tried in place of it, and must show the certificate of the host that was named.
BOOST_AUTO_TEST_CASE(over_tls_at_the_loopback)
{
    TestAuthority authority;
    CertificateRequest request;
    request.ip_addresses.emplace_back("::1");
    auto const certificate = authority.issue(request);
    BrokerConfig config;
    config.tls.certificate_file = certificate.certificate_file;
    config.tls.private_key_file = certificate.key_file;
    BrokerThread broker(config, Listen::tls);
    HostAndPort const named("::1", broker.broker.port());
    Connection12 connection({named});
    connection.set_ssl({named}, "", "", authority.ca_file());
    connection.connect("", "", true);
    BOOST_TEST(connection.is_connected());
    connection.disconnect();
}

BOOST_AUTO_TEST_CASE(an_executor_that_nobody_runs)
{
    asio::io_context idle;
    ConnectionOptions options({{"127.0.0.1", free_port()}});
    options.timeout = Seconds(0.05);
    Connection12 connection(idle.get_executor(), options);
    BOOST_CHECK_THROW(connection.connect("", "", true), Timeout);
}

BOOST_AUTO_TEST_SUITE_END()
