#include "recorder.hpp"
#include "support/certificates.hpp"
#include <arbalest/transport/over_websocket.hpp>

#include <boost/asio/ip/tcp.hpp>

// WSConnection: the classic interface over WebSockets.
BOOST_AUTO_TEST_SUITE(ws_connection)

using namespace arbalest;
using namespace arbalest::classic;
using namespace arbalest::test;

namespace {

void talk(WSConnection& connection)
{
    auto const recorder = std::make_shared<Recorder>();
    connection.set_listener("recorder", recorder);
    connection.connect("", "", true);
    BOOST_TEST(connection.version() == StompVersion::v1_2);
    connection.subscribe("/queue/a", "1");
    connection.send("gr\xc3\xbc\xc3\x9f", "/queue/a");
    recorder->wait_for("message gr\xc3\xbc\xc3\x9f");
    connection.disconnect("bye");
    recorder->wait_for("receiver_loop_completed");
    BOOST_TEST(recorder->only({"connect", "disconnect", "receipt"}) ==
                   (Trace{"connecting", "connected", "disconnecting", "receipt bye", "disconnected"}),
               line_of(recorder->trace()));
}

} // namespace

BOOST_AUTO_TEST_CASE(by_url_and_by_options)
{
    BrokerThread broker(BrokerConfig(), Listen::websocket);
    WSConnection by_url(broker.broker.url());
    talk(by_url);
    WSConnectionOptions options({broker.where()});
    options.ws_path = "stomp?token=1";
    options.header = {{"X-Traced", "yes"}};
    options.binary_mode = true;
    WSConnection by_options(options);
    talk(by_options);
    auto const handshake = broker.broker.last_handshake();
    BOOST_REQUIRE(handshake.has_value());
    BOOST_TEST(handshake->target == "/stomp?token=1");
    BOOST_TEST(handshake->header("x-traced").value_or("") == "yes");
    BOOST_TEST(handshake->subprotocol == "v12.stomp");
    WSConnection const by_default;
    BOOST_TEST((by_default.host_and_ports() == std::vector<HostAndPort>{HostAndPort("localhost", 8080)}));
}

BOOST_AUTO_TEST_CASE(secure)
{
    TestAuthority authority;
    CertificateRequest request;
    request.ip_addresses.emplace_back("127.0.0.1");
    auto const certificate = authority.issue(request);
    BrokerConfig config;
    config.tls.certificate_file = certificate.certificate_file;
    config.tls.private_key_file = certificate.key_file;
    BrokerThread broker(config, Listen::secure_websocket);
    WSConnectionOptions options;
    options.reconnect_attempts_max = 1;
    WSConnection connection(broker.broker.url(), options);
    BOOST_TEST(connection.get_ssl(broker.where()).has_value());
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError);
    connection.set_ssl({broker.where()}, "", "", authority.ca_file());
    talk(connection);
}

BOOST_AUTO_TEST_CASE(a_web_socket_that_is_open_already)
{
    namespace websocket = boost::beast::websocket;
    BrokerThread broker(BrokerConfig(), Listen::websocket);
    websocket::stream<asio::ip::tcp::socket> stream(broker.context.get_executor());
    stream.next_layer().connect({asio::ip::address_v4::loopback(), broker.broker.port()});
    stream.handshake("localhost", "/stomp");
    WSConnectionOptions options;
    options.ws = OpenWebSocket(std::move(stream));
    WSConnection connection(options);
    talk(connection);
    BOOST_CHECK_THROW(connection.connect("", "", true), ConnectError); // that one is used up
}

BOOST_AUTO_TEST_CASE(urls_that_are_none)
{
    BOOST_CHECK_THROW(WSConnection("stomp://localhost"), std::invalid_argument);
    BOOST_CHECK_THROW(WSConnection("http://localhost"), std::invalid_argument);
    BOOST_CHECK_THROW(WSConnection(""), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
