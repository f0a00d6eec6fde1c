#include "tls_fixture.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <memory>
#include <openssl/x509v3.h>
#include <ostream>
#include <string>
#include <string_view>

// Whom a server's certificate must be for, however the name is spelled.
namespace arbalest::test {

using namespace std::string_view_literals;

struct ServerName
{
    std::string_view spelling;
    std::string_view asked_for; // by SNI
};

inline std::ostream& operator<<(std::ostream& out, ServerName const& name)
{
    return out << '"' << name.spelling << '"';
}

// All of them name the server of the test.
inline constexpr ServerName good_names[] = {
    {"localhost", "localhost"},
    {"LocalHost", "LocalHost"},
    {"localhost.", "localhost"},
    {"a.wild.test", "a.wild.test"},
    {"127.0.0.1", ""},
    {"127.0.0.1.", ""},
    {"::1", ""},
    {"0:0:0:0:0:0:0:1", ""},
    {"::0.0.0.1", ""},
    {"::1%lo", ""},
    {"::1%1", ""},
    {"fe80::1%lo", ""},
    {"fe80::1%nowhere", ""},
    {"fe80::1%", ""},
    {"::1%lo%lo", ""},
};

// None of them names it.
inline constexpr std::string_view other_names[] = {
    "localhos",     "localhost.test", "wild.test",        "a.b.wild.test",
    "127.1",        "2130706433",     "0x7f000001",       "127.0.0.2",
    "::2",          "::2%lo",         "::ffff:127.0.0.1", "[::1]",
    "localhost%lo", "localhost:1",    "localhost ",       "fe80::2%lo",
};

// Nothing can be asked for, or checked, by these.
inline constexpr std::string_view unusable_names[] = {
    "."sv,
    ".."sv,
    "localhost.."sv,
    ".localhost"sv,
    ".test"sv,
    "localhost\0"sv,
    "localhost\0.evil"sv,
    "\0"sv,
    "127.0.0.1\0"sv,
    "127.0.0.1\0.evil"sv,
    "::1\0"sv,
    "::1%lo\0.evil"sv,
    "local\nhost"sv,
};

class TlsNames : public TlsFixture
{
public:
    TlsNames()
    {
        right = request_for("localhost");
        right.dns_names.emplace_back("*.wild.test");
        for (auto const* const address : {"127.0.0.1", "::1", "fe80::1"})
            right.ip_addresses.emplace_back(address);
        use(authority.issue(right));
    }

    void use_wrong_certificate()
    {
        auto wrong = request_for("elsewhere.test");
        wrong.ip_addresses.emplace_back("192.0.2.1");
        wrong.ip_addresses.emplace_back("2001:db8::1");
        use(authority.issue(wrong));
    }

    /// A certificate whose only name is the common name.
    void use_common_name(std::string name)
    {
        CertificateRequest request;
        request.common_name = std::move(name);
        use(authority.issue(request));
    }

    /// How a connect ends that sends nothing to the server.
    ConnectAttempt refused(std::string_view name)
    {
        ConnectAttempt attempt;
        options.tls.server_name = name;
        run([&, this]() -> asio::awaitable<void> {
            auto const accepting = start(context.get_executor(), server.accept());
            attempt = co_await fail_to_connect(url());
            co_await finished(accepting);
            server.socket.close();
        });
        return attempt;
    }

    /// A caller's context that trusts the authority.
    ssl::context& use_own_context()
    {
        options.tls = TlsOptions();
        options.tls.context = std::make_shared<ssl::context>(ssl::context::tls_client);
        options.tls.context->load_verify_file(authority.ca_file());
        return *options.tls.context;
    }

    X509_VERIFY_PARAM* checks() { return SSL_CTX_get0_param(options.tls.context->native_handle()); }

    CertificateRequest right;
};

} // namespace arbalest::test

using namespace arbalest;
using namespace arbalest::test;

BOOST_FIXTURE_TEST_SUITE(tls_names, TlsNames)

BOOST_DATA_TEST_CASE_F(TlsNames, the_servers_own_certificate_is_accepted, boost::unit_test::data::make(good_names),
                       name)
{
    options.tls.server_name = name.spelling;
    expect_success(url());
    BOOST_TEST(asked_for == name.asked_for);
}

BOOST_DATA_TEST_CASE_F(TlsNames, another_certificate_of_the_authority_is_refused,
                       boost::unit_test::data::make(good_names), name)
{
    use_wrong_certificate();
    options.tls.server_name = name.spelling;
    auto const message = failure(url());
    BOOST_TEST(contains(message, "host name mismatch"), message);
    BOOST_TEST(contains(message, "'elsewhere.test'"), message);
}

BOOST_DATA_TEST_CASE_F(TlsNames, another_name_is_refused, boost::unit_test::data::make(other_names), name)
{
    options.tls.server_name = name;
    auto const message = failure(url());
    BOOST_TEST(contains(message, "host name mismatch"), message);
}

BOOST_DATA_TEST_CASE_F(TlsNames, a_name_that_cannot_be_checked_is_refused, boost::unit_test::data::make(unusable_names),
                       name)
{
    auto const attempt = refused(name);
    BOOST_TEST((attempt.phase == ConnectPhase::tls));
    BOOST_TEST(attempt.code == transport_errc::unusable_setting);
    BOOST_TEST(contains(attempt.message, "TlsOptions::server_name"), attempt.message);
    BOOST_TEST(attempt.message.find('\0') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_too_long_is_refused)
{
    std::string name;
    while (name.size() < 300)
        name += "label.";
    name += "test";
    auto const attempt = refused(name);
    BOOST_TEST(attempt.code == transport_errc::unusable_setting);
    BOOST_TEST(contains(attempt.message, "cannot ask for the server name"), attempt.message);
}

BOOST_AUTO_TEST_CASE(an_empty_host_is_not_left_unchecked)
{
    use_wrong_certificate();
    run([this]() -> asio::awaitable<void> {
        auto const accepting = start(context.get_executor(), server.accept());
        auto where = detail::parse_url(url());
        where.host.clear(); // the resolver takes that for the loopback
        detail::OnFailedAttempt const ignored = [](ConnectAttempt) {};
        auto connecting = detail::connect_transport(context.get_executor(), where, options, ignored);
        auto const failure = co_await failure_of(std::move(connecting));
        BOOST_TEST(static_cast<bool>(failure));
        accepting->cancel();
        co_await finished(accepting);
    });
}

BOOST_AUTO_TEST_CASE(a_common_name_does_not_count)
{
    use_common_name("localhost");
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "no subjectAltName for 'localhost'"), message);
    BOOST_TEST(contains(message, "TlsOptions::accept_common_name"), message);
}

BOOST_AUTO_TEST_CASE(a_common_name_counts_on_request)
{
    options.tls.accept_common_name = true;
    use_common_name("localhost");
    expect_success(url("localhost"));
    use_common_name("elsewhere.test");
    BOOST_TEST(contains(failure(url("localhost")), "host name mismatch"));
    auto request = request_for("elsewhere.test");
    request.common_name = "localhost"; // beside a subjectAltName it never counts
    use(authority.issue(request));
    BOOST_TEST(contains(failure(url("localhost")), "host name mismatch"));
}

BOOST_AUTO_TEST_CASE(host_flags_of_a_callers_context_are_kept)
{
    use_own_context();
    options.tls.accept_common_name = true;
    use_common_name("localhost");
    expect_success(url("localhost"));
    X509_VERIFY_PARAM_set_hostflags(checks(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    BOOST_TEST(contains(failure(url("localhost")), "host name mismatch"));

    use(authority.issue(right));
    options.tls.server_name = "a.wild.test";
    expect_success(url());
    X509_VERIFY_PARAM_set_hostflags(checks(), X509_CHECK_FLAG_NO_WILDCARDS);
    BOOST_TEST(contains(failure(url()), "host name mismatch"));
}

BOOST_AUTO_TEST_CASE(a_name_that_a_callers_context_pins_is_checked)
{
    use_own_context();
    X509_VERIFY_PARAM_set1_host(checks(), "pinned.test", 0);
    for (bool const verify_host_name : {true, false}) {
        options.tls.verify_host_name = verify_host_name;
        use(authority.issue(right));
        auto const message = failure(url("localhost"));
        BOOST_TEST(contains(message, "host name mismatch"), message);
        BOOST_TEST(contains(message, "not for 'pinned.test'"), message);
        use(authority.issue(request_for("pinned.test")));
        expect_success(url("localhost"));
        BOOST_TEST(asked_for == "localhost");
        use_common_name("pinned.test");
        BOOST_TEST(contains(failure(url("localhost")), "host name mismatch"));
    }
}

BOOST_AUTO_TEST_CASE(an_address_that_a_callers_context_pins_is_checked)
{
    use_own_context();
    X509_VERIFY_PARAM_set1_ip_asc(checks(), "192.0.2.1");
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "host name mismatch"), message);
    use_wrong_certificate(); // which is for that address
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_SUITE_END()
