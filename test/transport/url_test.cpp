#include "transport/url.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

// What an URL says (RFC 3986).
BOOST_AUTO_TEST_SUITE(url)

using arbalest::detail::parse_url;
using arbalest::detail::TransportKind;

namespace {

struct Good
{
    std::string_view text;
    std::string_view host;
    unsigned port;
    std::string_view login = {};
    std::string_view passcode = {};
    std::string_view virtual_host = {};
};

std::ostream& operator<<(std::ostream& out, Good const& good)
{
    return out << good.text;
}

Good const good[] = {
    {"stomp://localhost", "localhost", 61613},
    {"stomp://localhost/", "localhost", 61613},
    {"stomp://localhost:", "localhost", 61613}, // an empty port is the default one: 6.2.3
    {"stomp://localhost:1", "localhost", 1},
    {"stomp://localhost:65535", "localhost", 65535},
    {"stomp://localhost:0061613", "localhost", 61613},
    {"STOMP://localhost", "localhost", 61613},
    {"sToMp://LocalHost", "LocalHost", 61613},
    {"stomp://127.0.0.1:7", "127.0.0.1", 7},
    {"stomp://[::1]", "::1", 61613},
    {"stomp://[2001:db8::7]:7", "2001:db8::7", 7},
    {"stomp://[::ffff:192.0.2.1]:7", "::ffff:192.0.2.1", 7},
    {"stomp://[fe80::1%25eth0]", "fe80::1%eth0", 61613}, // a zone: RFC 6874
    {"stomp://guest:guest@[fe80::1%25en%2D1]:7/v", "fe80::1%en-1", 7, "guest", "guest", "v"},
    {"stomp://%5Ba%2525b%5D@[fe80::1%25eth0]:7/%5Ba%2525b%5D", "fe80::1%eth0", 7, "[a%25b]", "", "[a%25b]"},
    {"stomp://a%2Db.example", "a-b.example", 61613},
    {"stomp://guest:guest@localhost:61613", "localhost", 61613, "guest", "guest"},
    {"stomp://guest@localhost", "localhost", 61613, "guest"},
    {"stomp://guest:@localhost", "localhost", 61613, "guest"},
    {"stomp://:secret@localhost", "localhost", 61613, "", "secret"},
    {"stomp://@localhost", "localhost", 61613},
    {"stomp://us%3Aer:p%40ss%2Fw%3ao%25rd@[::1]:7/v", "::1", 7, "us:er", "p@ss/w:o%rd", "v"},
    {"stomp://user:a:b@localhost", "localhost", 61613, "user", "a:b"},
    {"stomp://j%C3%BCrgen:%00%0A@localhost", "localhost", 61613, "j\xc3\xbcrgen", std::string_view("\0\n", 2)},
    {"stomp://localhost/orders", "localhost", 61613, "", "", "orders"},
    {"stomp://localhost/orders/eu", "localhost", 61613, "", "", "orders/eu"},
    {"stomp://localhost/orders/", "localhost", 61613, "", "", "orders/"},
    {"stomp://localhost/%2F", "localhost", 61613, "", "", "/"},
    {"stomp://localhost//", "localhost", 61613, "", "", "/"},
    {"stomp://localhost/a%20b%3F", "localhost", 61613, "", "", "a b?"},
    {"stomp://localhost/a%40b:c", "localhost", 61613, "", "", "a@b:c"},
};

// All of them hold the passcode "s3cret" somewhere.
std::string_view const bad[] = {
    "",
    "guest:s3cret",
    "localhost:61613?s3cret",
    "//guest:s3cret@localhost",
    "guest:s3cret@localhost:61613",
    "s3cret:guest@localhost",
    "stomp:guest:s3cret@localhost",
    "stomp:/guest:s3cret@localhost",
    "stomp://",
    "stomp:///",
    "stomp://guest:s3cret@",
    "stomp://guest:s3cret@:61613",
    "stomp://guest:s3cret@/v",
    "stomp://guest:s3cret@localhost:0",
    "stomp://guest:s3cret@localhost:65536",
    "stomp://guest:s3cret@localhost:4294967297",
    "stomp://guest:s3cret@localhost:99999999999999999999",
    "stomp://guest:s3cret@localhost:-1",
    "stomp://guest:s3cret@localhost:port",
    "stomp://guest:s3cret@localhost:7 ",
    " stomp://guest:s3cret@localhost",
    "stomp://guest:s3cret@localhost\n",
    "stomp://guest:s3 cret@localhost",
    "stomp://guest:s3%zzcret@localhost",
    "stomp://guest:s3%",
    "stomp://guest:s3cret/@localhost",
    "stomp://guest:s3/cret@localhost",
    "stomp://guest:7/s3cret@localhost",
    "stomp://guest:7s3cret/@localhost",
    "stomp://guest:7s3cret",
    "stomp://guest:s3cret@localhost?x=1",
    "stomp://guest:s3cret@localhost/v?",
    "stomp://guest:s3cret@localhost#x",
    "stomp://guest:s3cret@localhost/#",
    "stomp://guest:s3cret@[::1",
    "stomp://guest:s3cret@::1",
    "stomp://guest:s3cret@[::1]x",
    "stomp://guest:s3cret@[::12345]",
    "stomp://guest:s3cret@[fe80::1%25]",
    "stomp://guest:s3cret@[fe80::1%eth0]",
    "stomp://guest:s3cret@[fe80::1%25eth0",
    "stomp://guest:s3cret@[fe80::1%25%zz]",
    "stomp://guest:s3cret@[fe80::1%25eth0%00]",
    "stomp://guest:s3cret@[fe80::1%25eth0%0A]",
    "stomp://guest:s3cret@[fe80::1%25eth:0]",
    "stomp://guest:s3cret@[%25eth0]",
    "stomp://guest:[s3cret%25x]@localhost",
    "stomp://guest:s3cret@local%00host",
    "stomp://guest:s3cret@local%0Ahost",
    "stompx://guest:s3cret@localhost",
    "http://guest:s3cret@localhost",
    "sockjs://guest:s3cret@localhost",
    "ws://guest:s3cret@localhost#x",
    "ws://guest:s3/cret@localhost",
    "ws://guest:7?s3cret@localhost",
    "wss://guest:s3cret@/x",
    "sockjs+http://guest:s3cret@localhost:0/x",
    "stomp+tls://guest:s3cret@localhost?x=1",
    "stomp+unix:/run/x.sock",
    "stomp+unix://",
    "stomp+unix:///",
    "stomp+unix://run/x.sock",
    "stomp+unix://guest:s3cret@localhost/run/x.sock",
    "stomp+unix://guest:s3cret@:7/run/x.sock",
    "stomp+unix:///run/%00x",
    "stomp+unix:///run/x.sock?s3cret",
    "stomp+unix:///run/x.sock#s3cret",
    "stomp+unix:///s3/cret@/run/x.sock",
    "stomp+://guest:s3cret@localhost",
    "1stomp://guest:s3cret@localhost",
    "st\xc3\xb6mp://guest:s3cret@localhost",
};

struct Way
{
    std::string_view text;
    TransportKind transport_kind;
    bool tls;
    unsigned port;
    std::string_view target;
};

std::ostream& operator<<(std::ostream& out, Way const& way)
{
    return out << way.text;
}

Way const ways[] = {
    {"stomp+tls://host", TransportKind::tcp, true, 61614, ""},
    {"stomp+ssl://host", TransportKind::tcp, true, 61614, ""},
    {"stomps://host", TransportKind::tcp, true, 61614, ""},
    {"STOMP+TLS://host:7", TransportKind::tcp, true, 7, ""},
    {"ws://host", TransportKind::websocket, false, 80, "/"},
    {"ws://host/", TransportKind::websocket, false, 80, "/"},
    {"ws://host:15674/ws", TransportKind::websocket, false, 15674, "/ws"},
    {"wss://host/a%20b/c;d?token=x%2By&z=/?", TransportKind::websocket, true, 443, "/a%20b/c;d?token=x%2By&z=/?"},
    {"wss://host?token=x", TransportKind::websocket, true, 443, "/?token=x"},
    {"ws://host/ws?", TransportKind::websocket, false, 80, "/ws?"},
    {"sockjs+http://host/stomp", TransportKind::sockjs, false, 80, "/stomp"},
    {"sockjs+https://host:8443/stomp/?a=b", TransportKind::sockjs, true, 8443, "/stomp/?a=b"},
};

std::optional<std::string> complaint_about(std::string_view text)
{
    try {
        parse_url(text);
    } catch (std::invalid_argument const& error) {
        return error.what();
    }
    return std::nullopt;
}

} // namespace

BOOST_DATA_TEST_CASE(says_where_a_broker_is, boost::unit_test::data::make(good), expected)
{
    auto const url = parse_url(expected.text);
    BOOST_TEST(url.scheme == "stomp");
    BOOST_TEST((url.transport_kind == TransportKind::tcp));
    BOOST_TEST(!url.tls);
    BOOST_TEST(url.host == expected.host);
    BOOST_TEST(url.port == expected.port);
    BOOST_TEST(url.login == expected.login);
    BOOST_TEST(url.passcode == expected.passcode);
    BOOST_TEST(url.virtual_host == expected.virtual_host);
}

BOOST_DATA_TEST_CASE(says_how_to_get_there, boost::unit_test::data::make(ways), expected)
{
    auto const url = parse_url(expected.text);
    BOOST_TEST((url.transport_kind == expected.transport_kind));
    BOOST_TEST(url.tls == expected.tls);
    BOOST_TEST(url.port == expected.port);
    BOOST_TEST(url.target == expected.target);
    BOOST_TEST(url.virtual_host.empty());
}

BOOST_DATA_TEST_CASE(refuses_what_is_no_url_of_a_broker, boost::unit_test::data::make(bad), text)
{
    auto const complaint = complaint_about(text);
    BOOST_REQUIRE(complaint.has_value());
    BOOST_TEST(!complaint->empty());
    BOOST_TEST(complaint->find("s3") == std::string::npos, *complaint);
}

BOOST_AUTO_TEST_CASE(says_where_a_unix_domain_socket_is)
{
    auto url = parse_url("stomp+unix:///run/x.sock");
    BOOST_TEST((url.transport_kind == TransportKind::tcp));
    BOOST_TEST(url.socket_path == "/run/x.sock");
    BOOST_TEST(url.host == "");
    BOOST_TEST(url.virtual_host == "");
    BOOST_TEST(!url.tls);
    url = parse_url("stomp+unix://gu%40est:s3cret@/run/a%20b%40c/x.sock");
    BOOST_TEST(url.socket_path == "/run/a b@c/x.sock");
    BOOST_TEST(url.login == "gu@est");
    BOOST_TEST(url.passcode == "s3cret");
    BOOST_TEST(url.shown == "stomp+unix:///run/a%20b%40c/x.sock");
    BOOST_TEST(parse_url("stomp://localhost/v").socket_path == "");
}

BOOST_AUTO_TEST_CASE(is_shown_without_credentials)
{
    BOOST_TEST(parse_url("stomp://guest:s3cret@localhost:7/v").shown == "stomp://localhost:7/v");
    BOOST_TEST(parse_url("stomp://guest@localhost").shown == "stomp://localhost");
    BOOST_TEST(parse_url("stomp://:s3cret@[::1]:7").shown == "stomp://[::1]:7");
    BOOST_TEST(parse_url("stomp://guest:s3cret@[fe80::1%25eth0]:7/v").shown == "stomp://[fe80::1%25eth0]:7/v");
    BOOST_TEST(parse_url("stomp://localhost/v%20w").shown == "stomp://localhost/v%20w");
    BOOST_TEST(parse_url("wss://guest:s3cret@host:7/ws?token=s3cret").shown == "wss://host:7/ws");
    BOOST_TEST(parse_url("sockjs+http://host?token=s3cret").shown == "sockjs+http://host");
}

struct Mistake
{
    std::string_view text;
    std::string_view shown;
    std::string_view expected;
};

std::ostream& operator<<(std::ostream& out, Mistake const& mistake)
{
    return out << mistake.text;
}

Mistake const mistakes[] = {
    {"localhost:61613", "localhost:61613", "no scheme; write stomp://localhost:61613"},
    {"localhost", "localhost", "no scheme; write stomp://localhost,"},
    {"guest:s3cret@localhost", "***@localhost", "no scheme; write stomp://host:port"},
    {"guest:s3cret", "guest:***", "no scheme"},
    {"", "", "empty"},
    {"tcp://guest:s3cret@localhost:61613", "tcp://***@localhost:61613", "use stomp://"},
    {"ssl://localhost:61614", "ssl://localhost:61614", "use stomp+tls://"},
    {"TLS://localhost", "TLS://localhost", "use stomp+tls://"},
    {"http://localhost/ws", "http://localhost/ws", "use ws://"},
    {"https://localhost/ws?token=s3cret", "https://localhost/ws?***", "use wss://"},
    {"stomp://guest:s3#cret@localhost", "stomp://***@localhost", "'#' before its last '@'"},
    {"stomp://guest:s3#cret@localhost", "stomp://***@localhost", "write %23"},
    {"stomp://guest:s3/cret@localhost", "stomp://***@localhost", "write %2F"},
    {"stomp://guest:s3?cret@localhost", "stomp://***@localhost", "write %3F"},
    {"stomp://guest:s3@cret@localhost", "stomp://***@localhost", "write %40"},
    {"stomp://guest:s3 cret@localhost", "stomp://***@localhost", "%20"},
    {"stomp://guest:s3%cret@localhost", "stomp://***@localhost", "%25"},
    {"stomp://localhost:99999", "stomp://localhost:99999", "between 1 and 65535"},
    {"stomp://localhost:0", "stomp://localhost:0", "between 1 and 65535"},
    {"stomp://guest:s3cret", "stomp://guest:***", "between 1 and 65535"},
    {"stomp://::1", "stomp://:***", "in brackets"},
    {"stomp://", "stomp://", "no host"},
    {"stomp://localhost\n2026 INFO", "stomp://localhost\\n2026 INFO", "control character"},
};

BOOST_DATA_TEST_CASE(says_what_is_wrong_and_what_is_expected, boost::unit_test::data::make(mistakes), mistake)
{
    auto const complaint = complaint_about(mistake.text);
    BOOST_REQUIRE(complaint.has_value());
    BOOST_TEST(complaint->find("s3") == std::string::npos, *complaint);
    BOOST_TEST(complaint->find(mistake.expected) != std::string::npos, *complaint);
    BOOST_TEST(complaint->starts_with('\'' + std::string(mistake.shown) + "' cannot be used: "), *complaint);
}

BOOST_AUTO_TEST_CASE(an_unknown_scheme_is_named)
{
    auto const complaint = complaint_about("mqtt://localhost");
    BOOST_REQUIRE(complaint.has_value());
    BOOST_TEST(complaint->find("'mqtt'") != std::string::npos, *complaint);
}

BOOST_AUTO_TEST_SUITE_END()
