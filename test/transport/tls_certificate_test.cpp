#include "tls_fixture.hpp"

#include <chrono>
#include <string>

// The checks of a server's certificate, and how each is relaxed.
using namespace arbalest;
using namespace arbalest::test;

BOOST_FIXTURE_TEST_SUITE(tls_certificate, TlsFixture)

BOOST_AUTO_TEST_CASE(a_name_is_asked_for_and_checked)
{
    expect_success(url("localhost"));
    BOOST_TEST(asked_for == "localhost");
}

BOOST_AUTO_TEST_CASE(an_address_is_checked_and_not_asked_for)
{
    expect_success(url());
    BOOST_TEST(asked_for.empty());
}

BOOST_AUTO_TEST_CASE(another_name_may_be_asked_for)
{
    options.tls.server_name = "other.test";
    expect_success(url());
    BOOST_TEST(asked_for == "other.test");
}

BOOST_AUTO_TEST_CASE(a_wrong_name_is_refused_and_both_are_named)
{
    use(authority.issue(request_for("elsewhere.test")));
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "host name mismatch"), message);
    BOOST_TEST(contains(message, "'elsewhere.test'"), message);
    BOOST_TEST(contains(message, "'localhost'"), message);
    BOOST_TEST(contains(hint, "tls.server_name"), hint);
}

BOOST_AUTO_TEST_CASE(a_wrong_address_is_refused)
{
    auto request = request_for("localhost");
    request.ip_addresses.push_back("127.0.0.9");
    request.ip_addresses.push_back("::1");
    use(authority.issue(request));
    auto const message = failure(url());
    BOOST_TEST(contains(message, "host name mismatch"), message);
    BOOST_TEST(contains(message, "'127.0.0.9', '::1', not for '127.0.0.1'"), message);
    BOOST_TEST(contains(hint, "tls.server_name"), hint);
}

BOOST_AUTO_TEST_CASE(a_wrong_name_is_accepted_on_request)
{
    use(authority.issue(request_for("elsewhere.test")));
    options.tls.verify_host_name = false;
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(an_unknown_authority_is_refused)
{
    TestAuthority stranger("Stranger");
    use(stranger.issue(request_for("localhost")));
    auto message = failure(url("localhost"));
    BOOST_TEST(contains(message, "unknown authority"), message);
    BOOST_TEST(contains(message, "'Stranger'"), message);
    BOOST_TEST(contains(hint, "tls.ca_file"), hint);
    // Off is the check of the peer, not that of the name.
    options.tls.verify_host_name = false;
    message = failure(url("localhost"));
    BOOST_TEST(contains(message, "unknown authority"), message);
}

BOOST_AUTO_TEST_CASE(an_unknown_authority_is_accepted_on_request)
{
    TestAuthority stranger;
    use(stranger.issue(request_for("localhost")));
    options.tls.verify_peer = false;
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(without_the_check_of_the_peer_the_name_is_still_checked)
{
    TestAuthority stranger;
    use(stranger.issue(request_for("elsewhere.test")));
    options.tls.verify_peer = false;
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "host name mismatch"), message);
}

BOOST_AUTO_TEST_CASE(everything_is_accepted_on_request)
{
    auto request = request_for("elsewhere.test");
    request.valid_until = std::chrono::seconds(-60);
    use(authority.issue_self_signed(request));
    options.tls.verify_peer = false;
    options.tls.verify_host_name = false;
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_CASE(the_systems_authorities_do_not_include_the_tests)
{
    options.tls.ca_file.clear();
    options.tls.use_system_trust_store = true;
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "unknown authority"), message);
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_refused)
{
    auto request = request_for("localhost");
    request.valid_until = std::chrono::seconds(-60);
    use(authority.issue(request));
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "expired on"), message);
}

BOOST_AUTO_TEST_CASE(a_certificate_of_tomorrow_is_refused)
{
    auto request = request_for("localhost");
    request.valid_from = std::chrono::seconds(3600);
    use(authority.issue(request));
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "not valid before"), message);
}

BOOST_AUTO_TEST_CASE(a_self_signed_certificate_is_refused)
{
    use(authority.issue_self_signed(request_for("localhost")));
    auto const message = failure(url("localhost"));
    BOOST_TEST(contains(message, "self-signed"), message);
    BOOST_TEST(contains(hint, "tls.ca_file"), hint);
}

BOOST_AUTO_TEST_CASE(a_self_signed_certificate_can_be_trusted_itself)
{
    auto const certificate = authority.issue_self_signed(request_for("localhost"));
    use(certificate);
    options.tls.ca_file = certificate.certificate_file;
    expect_success(url("localhost"));
}

BOOST_AUTO_TEST_SUITE_END()
