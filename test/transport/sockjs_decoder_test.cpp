#include "transport/sockjs_decoder.hpp"
#include <arbalest/transport/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// SockJS's frames without a connection.
using namespace arbalest;

namespace {

/// What becomes of bytes: what there is for STOMP, and how it ends.
class Decoded
{
public:
    explicit Decoded(std::string_view bytes, std::size_t piece = std::string_view::npos)
    {
        detail::SockJsDecoder decoder;
        try {
            for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
                decoder.take(bytes.substr(0, piece));
                text += std::exchange(decoder.ready, {});
            }
        } catch (PeerClosed const& error) {
            code = error.code();
            reason = error.reason();
        } catch (boost::system::system_error const& error) {
            code = error.code();
        }
        text += decoder.ready;
    }

    std::string text;
    boost::system::error_code code;
    std::optional<std::string> reason;
};

} // namespace

BOOST_AUTO_TEST_SUITE(sockjs_decoder)

BOOST_AUTO_TEST_CASE(takes_frames_wherever_they_are_cut)
{
    std::string_view const bytes = R"(oha["x\u00fcy","]\"[","",""]a[]a ["\ud83d\ude00"]h)"
                                   "\n"
                                   R"(c[4001,"token \"expired\""])";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        Decoded const decoded(bytes, piece);
        BOOST_TEST(decoded.text == "\nx\xc3\xbcy]\"[\xf0\x9f\x98\x80\n");
        BOOST_TEST(decoded.code == boost::system::error_code(4001, websocket_close_category()));
        BOOST_TEST(decoded.reason.value_or("") == "token \"expired\"");
    }
}

BOOST_AUTO_TEST_CASE(skips_white_space_between_frames_wherever_they_are_cut)
{
    std::string_view const bytes = "oa[\"b\"]\t \r\na[\"c\"] \th \tc[3000]";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        Decoded const decoded(bytes, piece);
        BOOST_TEST(decoded.text == "bc\n");
        BOOST_TEST(decoded.reason.has_value());
    }
}

BOOST_AUTO_TEST_CASE(hands_on_a_string_before_it_ends)
{
    detail::SockJsDecoder decoder;
    decoder.take("oa[\"");
    std::string const piece(10'000, 'x');
    std::size_t most = 0;
    for (int i = 0; i < 100; ++i) {
        decoder.take(piece);
        BOOST_TEST(decoder.ready == piece);
        most = std::max(most, decoder.ready.capacity());
        decoder.ready.clear();
    }
    BOOST_TEST(most < 3 * piece.size());
}

BOOST_AUTO_TEST_CASE(keeps_nothing_of_strings_without_an_end)
{
    detail::SockJsDecoder decoder;
    decoder.take("oa[");
    std::string piece;
    while (piece.size() < 9'000)
        piece += "\"\",";
    for (int i = 0; i < 1'000; ++i)
        decoder.take(piece);
    BOOST_TEST(decoder.ready.empty());
    BOOST_TEST(decoder.ready.capacity() < piece.size());
    decoder.take("\"x\"]");
    BOOST_TEST(decoder.ready == "x");
}

BOOST_AUTO_TEST_CASE(keeps_no_more_of_a_reason_than_a_websocket_could_carry)
{
    Decoded const decoded("oc[4001,\"" + std::string(1'000'000, 'x') + "\"]", 1000);
    BOOST_TEST(decoded.code.value() == 4001);
    BOOST_TEST(decoded.reason.value_or("") == std::string(123, 'x'));
}

BOOST_AUTO_TEST_CASE(the_usual_close_is_an_end_in_order)
{
    Decoded const decoded(R"(oc[3000,"Go away!"])");
    BOOST_TEST(decoded.code == boost::asio::error::eof);
    BOOST_TEST(decoded.reason.value_or("") == "Go away!");
    BOOST_TEST(Decoded("oc[1000]").code == boost::asio::error::eof);
}

BOOST_AUTO_TEST_CASE(a_session_opens_first_and_once)
{
    auto const bad_order = make_error_code(transport_errc::bad_sockjs_order);
    BOOST_TEST(Decoded("a[\"x\"]").code == bad_order);
    BOOST_TEST(Decoded("h").code == bad_order);
    BOOST_TEST(Decoded("oo").code == bad_order);
    BOOST_TEST(Decoded("oa[]o").code == bad_order);
    // A server may refuse a session without opening it.
    BOOST_TEST(Decoded("c[2010,\"\"]").code.value() == 2010);
}

BOOST_AUTO_TEST_CASE(what_is_no_sockjs_is_refused)
{
    for (std::string_view const wrong :
         {"oCONNECTED", "oa{}", "oa[1]", "oa[\"x]\n", "oa[[\"x\"]]", "oa\"x\"", "oa[null]", "oa[true]", "oa[\"\xff\"]",
          "oax", "oc[]", "oc[\"x\"]", "oc[-1]", "oc[65536]", "oc[1.5]", "oc[1,2]", "oc[1,{\"x\":1}]", "x"})
        BOOST_TEST(Decoded(wrong).code == make_error_code(transport_errc::bad_sockjs_frame), wrong);
}

BOOST_AUTO_TEST_SUITE_END()
