#include "session/connect_texts.hpp"
#include "support/raw_peer.hpp"
#include "transport/peer_protocol.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

// What a session says that cannot be opened.
namespace connect_texts_test {

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_literals;

struct OtherPeer
{
    std::string name;
    std::string bytes;
    std::string message;
    std::string hint;
};

std::ostream& operator<<(std::ostream& out, OtherPeer const& peer)
{
    return out << peer.name;
}

// None of them ends the connection, and few end their lines.
std::vector<OtherPeer> const other_peers{
    {"http", "HTTP/1.1 400 Bad Request\r\n", "the peer speaks HTTP: 'HTTP/1.1 400 Bad Request'", "use ws://"},
    {"tls", "\x15\x03\x03\0\x02\x02\x46"s, "the peer speaks TLS", "use stomp+tls://"},
    {"ssh", "SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "the peer speaks SSH: 'SSH-2.0-OpenSSH_9.2p1 Debian'", "SSH port"},
    {"amqp", "AMQP\0\0\x09\x01"s, "the peer speaks AMQP", "rabbitmq_stomp"},
    {"open wire", "\0\0\0\xf0\x01"s + "ActiveMQ\0\0\0\x0c"s, "the peer speaks OpenWire", "61613"},
    {"smtp", "220 mail.test ESMTP\r\n", "it sent '220 mail.test ESMTP\\r\\n'", "61613"},
    {"redis", "-ERR unknown command 'CONNECT'", "it sent '-ERR unknown", "61613"},
    {"forger", "\x1b[2J\nINFO all is well", "it sent '\\x1b[2J\\nINFO", "61613"},
    {"almost", "CONNECTION refused", "it sent 'CONNECTION", "61613"},
};

ConnectError error_of(Failure const& failure)
{
    BOOST_REQUIRE(is<ConnectError>(failure));
    return as<ConnectError>(failure);
}

void check_says(std::string_view text, std::string_view part)
{
    BOOST_TEST(text.find(part) != text.npos, "'" << text << "' does not say '" << part << "'");
}

ConnectAttempt attempt_at(std::string endpoint, std::string message)
{
    ConnectAttempt attempt;
    attempt.url = "stomp://broker.test";
    attempt.endpoint = std::move(endpoint);
    attempt.phase = ConnectPhase::tcp;
    attempt.message = std::move(message);
    return attempt;
}

class PeerFixture : public ContextFixture
{
public:
    /// Connects to a peer that answers CONNECT with those bytes and keeps the connection open.
    ConnectError error_after(std::string bytes, StompConfig config = StompConfig())
    {
        std::optional<ConnectError> error;
        run([&, this]() -> asio::awaitable<void> {
            RawPeer peer(context);
            StompClient const client(config);
            auto const connecting = start(context.get_executor(), client.connect(peer.url()));
            co_await peer.accept();
            co_await peer.receive();
            co_await peer.send(bytes);
            co_await finished(connecting);
            error = error_of(connecting->failure);
            check_says(error->what(), "cannot connect to " + peer.url() + ": ");
        });
        return *error;
    }
};

class LoginFixture : public EmbeddedFixture
{
public:
    LoginFixture() : EmbeddedFixture(config()) {}

    static BrokerConfig config()
    {
        BrokerConfig config;
        config.credentials["guest"] = "right";
        return config;
    }

    std::string hint_for(std::string credentials)
    {
        std::string hint;
        run([&, this]() -> asio::awaitable<void> {
            StompClient const client;
            auto const url = "stomp://" + credentials + "127.0.0.1:" + std::to_string(broker.port());
            auto const failure = co_await failure_of(client.connect(url));
            hint = error_of(failure).attempts().back().hint;
        });
        return hint;
    }
};

BOOST_AUTO_TEST_SUITE(connect_texts)

BOOST_DATA_TEST_CASE_F(PeerFixture, a_peer_that_speaks_something_else_is_named,
                       boost::unit_test::data::make(other_peers), other)
{
    auto const error = error_after(other.bytes);
    BOOST_REQUIRE(error.attempts().size() == 1u);
    BOOST_TEST((error.phase() == ConnectPhase::stomp));
    BOOST_TEST((error.cause() == errc::malformed_frame));
    check_says(error.attempts().back().message, other.message);
    check_says(error.attempts().back().hint, other.hint);
    check_says(error.what(), other.message);
    check_says(error.what(), other.hint);
}

BOOST_AUTO_TEST_CASE(a_broker_is_not_taken_for_something_else)
{
    for (std::string_view const first : {"", "\n", "\r\n\n", "C", "\nCONN", "CONNECTED", "CONNECTED\r\nversion", "E",
                                         "ERROR\nmessage", "RECEIPT\n", "MESS"})
        BOOST_TEST(!detail::is_not_stomp(first), first);
    for (std::string_view const first : {"CONNECTEDX", "CONNECT\n", "ERRORS", "ERROR: no", " CONNECTED", "x"})
        BOOST_TEST(detail::is_not_stomp(first), first);
}

BOOST_AUTO_TEST_CASE(a_hint_names_the_scheme_of_the_same_kind)
{
    using detail::hint_for_peer;
    using detail::TransportKind;
    std::string_view const http = "HTTP/1.1 400";
    std::string_view const tls = "\x15\x03\x01";
    std::string_view const stomp = "ERROR\nmessage";
    check_says(hint_for_peer(http, TransportKind::tcp, true), "wss://");
    check_says(hint_for_peer(tls, TransportKind::websocket, false), "wss://");
    check_says(hint_for_peer(tls, TransportKind::sockjs, false), "sockjs+https://");
    check_says(hint_for_peer(stomp, TransportKind::websocket, false), "stomp://");
    check_says(hint_for_peer(stomp, TransportKind::websocket, true), "stomp+tls://");
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_closes_without_a_word_may_want_tls, ContextFixture)
{
    run([this]() -> asio::awaitable<void> {
        RawPeer peer(context);
        StompClient const client;
        auto const connecting = start(context.get_executor(), client.connect(peer.url()));
        co_await peer.accept();
        co_await peer.receive();
        peer.close();
        co_await finished(connecting);
        auto const error = error_of(connecting->failure);
        check_says(error.attempts().back().hint, "stomp+tls://");
    });
}

// What a broker does that gets the wrong one of both, without a peer that is played by hand.
BOOST_FIXTURE_TEST_CASE(a_brokers_port_with_tls_is_told_from_one_without, ContextFixture)
{
    TestAuthority authority;
    CertificateRequest request;
    request.ip_addresses.emplace_back("127.0.0.1");
    auto const certificate = authority.issue(request);
    BrokerConfig config;
    config.tls.certificate_file = certificate.certificate_file;
    config.tls.private_key_file = certificate.key_file;
    EmbeddedBroker broker(context.get_executor(), config);
    broker.listen(Listen::tls);
    broker.listen(Listen::tcp);
    run([&]() -> asio::awaitable<void> {
        StompClient const client;
        auto const at = [&](std::string_view scheme, Listen kind) {
            return std::string(scheme) + "://127.0.0.1:" + std::to_string(broker.port(kind));
        };
        auto failure = co_await failure_of(client.connect(at("stomp", Listen::tls)));
        check_says(error_of(failure).what(), "use stomp+tls://");
        failure = co_await failure_of(client.connect(at("stomp+tls", Listen::tcp)));
        check_says(error_of(failure).what(), "use stomp://");
    });
}

BOOST_FIXTURE_TEST_CASE(a_certificate_that_is_not_trusted_names_the_setting, ContextFixture)
{
    TestAuthority authority;
    CertificateRequest request;
    request.dns_names.emplace_back("elsewhere.test");
    auto const certificate = authority.issue(request);
    BrokerConfig broker_config;
    broker_config.tls.certificate_file = certificate.certificate_file;
    broker_config.tls.private_key_file = certificate.key_file;
    EmbeddedBroker broker(context.get_executor(), broker_config);
    broker.listen(Listen::tls);
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.tls.use_system_trust_store = false;
        config.tls.ca_file = authority.ca_file();
        auto failure = co_await failure_of(StompClient(config).connect(broker.url(Listen::tls)));
        check_says(error_of(failure).what(), "StompConfig::tls.server_name");
        TestAuthority stranger("Stranger");
        config.tls.ca_file = stranger.ca_file();
        failure = co_await failure_of(StompClient(config).connect(broker.url(Listen::tls)));
        check_says(error_of(failure).what(), "StompConfig::tls.ca_file");
    });
}

BOOST_FIXTURE_TEST_CASE(a_timeout_says_how_far_it_came, PeerFixture)
{
    StompConfig config;
    config.connect_timeout = 300ms;
    check_says(error_after("", config).what(), "nothing answered CONNECT within 300 ms");
    check_says(error_after("CONNECTED\nver", config).what(),
               "no whole frame within 300 ms, but with 'CONNECTED\\nver'");
    using detail::describe_timeout;
    check_says(describe_timeout(ConnectPhase::tcp, "", "", 50ms), "TCP within 50 ms");
    check_says(describe_timeout(ConnectPhase::tls, "", "", 50ms), "TCP is open");
    check_says(describe_timeout(ConnectPhase::http, "the proxy did not answer", "", 50ms), "the proxy did not answer");
}

BOOST_FIXTURE_TEST_CASE(a_wrong_passcode_and_none_are_told_apart, LoginFixture)
{
    check_says(hint_for("guest:wrong@"), "login or the passcode is wrong");
    check_says(hint_for("guest@"), "no passcode");
    check_says(hint_for(""), "no login");
}

BOOST_AUTO_TEST_CASE(hints_know_the_refusals_of_brokers)
{
    auto const hint_after = [](std::string_view message, std::string_view body) {
        Frame error("ERROR");
        error.add_header("message", message).set_body(body);
        return detail::hint_for_error(error, true, true);
    };
    check_says(hint_after("Bad CONNECT", "Access refused for user 'guest'\n"), "wrong"); // RabbitMQ
    check_says(hint_after("User name [guest] or password is invalid.", ""), "wrong");    // ActiveMQ
    check_says(hint_after("Security Error occurred: User name [x] or password is invalid", ""), "wrong");
    check_says(hint_after("AMQ339020: Failed to validate user", ""), "wrong");                // Artemis
    check_says(hint_after("Bad CONNECT", "Virtual host '/x' access denied"), "virtual host"); // RabbitMQ
    BOOST_TEST(hint_after("Version mismatch", "Supported versions are 1.0") == "");
}

BOOST_AUTO_TEST_CASE(the_summary_comes_first_and_once)
{
    std::vector<ConnectAttempt> attempts;
    attempts.push_back(attempt_at("127.0.0.1:61613", "Connection refused"));
    BOOST_TEST(ConnectError(attempts).what() ==
               "cannot connect to stomp://broker.test: 127.0.0.1:61613: Connection refused"s);
    attempts.back().hint = "start the broker";
    BOOST_TEST(ConnectError(attempts, nullptr, 3).what() ==
               "cannot connect to stomp://broker.test after 3 attempts: 127.0.0.1:61613: Connection refused; start "
               "the broker"s);
    BOOST_TEST(ConnectError({}).what() == "cannot connect: no URL was given"s);
}

BOOST_AUTO_TEST_CASE(equal_attempts_are_told_once)
{
    std::vector<ConnectAttempt> attempts(3, attempt_at("127.0.0.1:61613", "Connection refused"));
    BOOST_TEST(ConnectError(attempts).what() ==
               "cannot connect to stomp://broker.test: 127.0.0.1:61613: Connection refused (3 times)"s);
    attempts.assign(1, attempt_at("127.0.0.1:61613", "Connection refused"));
    attempts.push_back(attempt_at("[::1]:61613", "Connection refused"));
    BOOST_TEST(ConnectError(attempts).what() ==
               "cannot connect to stomp://broker.test: 127.0.0.1:61613, [::1]:61613: Connection refused"s);
    attempts.push_back(attempt_at("", "no such host"));
    attempts.back().url = "stomp://other.test";
    BOOST_TEST(ConnectError(attempts).what() ==
               "cannot connect to any of 2 URLs: stomp://broker.test: 127.0.0.1:61613, [::1]:61613: Connection "
               "refused | stomp://other.test: no such host"s);
}

BOOST_FIXTURE_TEST_CASE(an_error_frame_forges_no_line, PeerFixture)
{
    auto const error = error_after(frame_bytes("ERROR\nmessage:no\r\x1b[2J", "one\r\n2026 INFO all is well\n"));
    check_says(error.what(), "no\\r\\x1b[2J: one\\r\\n2026 INFO all is well");
    auto const version = error_after(frame_bytes("CONNECTED\nversion:\x1b[2J" + std::string(1000, 'x')));
    check_says(version.what(), "\\x1b[2Jxxx");
    BOOST_TEST(std::string_view(version.what()).size() < 300u);
    auto const beats = error_after(frame_bytes("CONNECTED\nversion:1.2\nheart-beat:\x1b[2J" + std::string(1000, 'x')));
    check_says(beats.what(), "\\x1b[2Jxxx");
    BOOST_TEST(std::string_view(beats.what()).size() < 300u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace connect_texts_test
