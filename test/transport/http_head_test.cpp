#include "transport/http.hpp"
#include "transport/http_head.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>

// HTTP without a connection.
using arbalest::detail::are_extensions_offered;
using arbalest::detail::HttpHead;

namespace {

/// Takes bytes, cut at one place. Returns how many belong to the head.
std::size_t take_cut(HttpHead& head, std::string_view bytes, std::size_t cut)
{
    auto const first = head.take(bytes.substr(0, cut));
    return first < cut ? first : first + head.take(bytes.substr(cut));
}

HttpHead::State state_after(std::string_view bytes)
{
    HttpHead head;
    head.take(bytes);
    return head.state();
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_head)

BOOST_AUTO_TEST_CASE(ends_with_an_empty_line_wherever_it_is_cut)
{
    for (std::string_view const head_bytes :
         {"HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\nLOCATION :\t/there \r\n\r\n",
          "HTTP/1.0 404 Not Found\nLocation:/there\n\n", "HTTP/1.1 404 Not Found\r\nX\r\nlocation: /there\r\n\r\n"}) {
        std::string const bytes = std::string(head_bytes) + "\r\n\r\nbody";
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            HttpHead head;
            BOOST_TEST(take_cut(head, bytes, cut) == head_bytes.size());
            BOOST_TEST((head.state() == HttpHead::State::complete));
            BOOST_TEST(head.status() == 404u);
            BOOST_TEST(head.reason() == "Not Found");
            BOOST_TEST(head.field("Location") == "/there");
            BOOST_TEST(head.field("Server") == "");
            BOOST_TEST(head.text() == head_bytes);
        }
    }
}

BOOST_AUTO_TEST_CASE(interim_answers_are_skipped)
{
    std::string const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLocation: /early\r\n\r\n";
    for (std::string const last : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
        auto const bytes = interim + last + "HTTP/1.1 500 \r\n\r\n";
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            HttpHead head;
            BOOST_TEST(take_cut(head, bytes, cut) == interim.size() + last.size());
            BOOST_TEST((head.state() == HttpHead::State::complete));
            BOOST_TEST(head.text() == last);
            BOOST_TEST(head.field("Location") == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(the_status_is_known_before_the_end)
{
    HttpHead head;
    head.take("HTTP/1.1 401 Unauth");
    BOOST_TEST(head.status() == 0u);
    head.take("orized\r\nX: y");
    BOOST_TEST(head.status() == 401u);
    BOOST_TEST(head.reason() == "Unauthorized");
    BOOST_TEST((head.state() == HttpHead::State::incomplete));
    // A reason may be missing, with or without its blank.
    HttpHead without;
    without.take("HTTP/1.1 200\r\n\r\n");
    BOOST_TEST(without.status() == 200u);
    BOOST_TEST(without.reason() == "");
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_known_at_once)
{
    for (std::string_view const bytes : {"S", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n", "HTTP/1.1\r\n",
                                         "HTTP/1.1 2xx OK\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 099 x\r\n", "\r\n"})
        BOOST_TEST((state_after(bytes) == HttpHead::State::not_http), bytes);
    for (std::string_view const bytes : {"", "H", "HTTP/", "HTTP/1.", "HTTP/1.1 200 OK"})
        BOOST_TEST((state_after(bytes) == HttpHead::State::incomplete), bytes);
}

BOOST_AUTO_TEST_CASE(is_bounded)
{
    HttpHead head;
    head.take("HTTP/1.1 403 Forbidden\r\n");
    std::string const piece(1000, 'x');
    for (int i = 0; i < 1000; ++i)
        head.take(piece);
    BOOST_TEST((head.state() == HttpHead::State::too_long));
    BOOST_TEST(head.status() == 403u);
    BOOST_TEST(head.text().size() <= std::size_t{64} << 10);
    // With interim answers without an end.
    HttpHead interim;
    for (int i = 0; i < 10'000; ++i)
        interim.take("HTTP/1.1 100 Continue\r\n\r\n");
    BOOST_TEST((interim.state() == HttpHead::State::too_long));
}

BOOST_AUTO_TEST_CASE(extensions_must_have_been_offered)
{
    BOOST_TEST(are_extensions_offered("", false));
    BOOST_TEST(are_extensions_offered(" , ", false));
    BOOST_TEST(!are_extensions_offered("permessage-deflate", false));
    for (std::string_view const chosen :
         {"", "permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
          "permessage-deflate;server_max_window_bits=10 ; client_max_window_bits=\"9\""})
        BOOST_TEST(are_extensions_offered(chosen, true), chosen);
    for (std::string_view const chosen :
         {"x-webkit-deflate-frame", "permessage-deflate, permessage-deflate", "permessage-deflate, x",
          "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=8",
          "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=x",
          "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; unknown",
          "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10"})
        BOOST_TEST(!are_extensions_offered(chosen, true), chosen);
}

BOOST_AUTO_TEST_SUITE_END()
