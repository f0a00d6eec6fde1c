#include <arbalest/protocol/error.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace error_tests {

using namespace std::chrono_literals;
using arbalest::errc;
using arbalest::ErrorFrameReceived;
using arbalest::Frame;
using arbalest::InvalidFrame;
using arbalest::MalformedFrame;
using arbalest::MissingHeartBeat;
using arbalest::Outcome;
using arbalest::StompError;

static_assert(std::is_base_of_v<boost::system::system_error, StompError>);
static_assert(boost::system::is_error_code_enum<errc>::value);
static_assert(std::is_nothrow_copy_constructible_v<MissingHeartBeat> || std::is_copy_constructible_v<MissingHeartBeat>);

constexpr errc every_code[] = {
    errc::connect_failed,       errc::lost_receipt,    errc::missing_heart_beat,
    errc::error_frame_received, errc::malformed_frame, errc::connection_lost,
    errc::slow_consumer,        errc::stale_message,   errc::operation_in_progress,
    errc::session_closed,       errc::timeout,         errc::invalid_frame,
};

Frame error_frame()
{
    Frame frame("ERROR");
    frame.add_header("message", "no such queue").add_header("receipt-id", "r-1").set_body("It is gone.\n");
    return frame;
}

// What all types share: one look at the error thrown as itself, as its base, through an exception_ptr, with another
// outcome. `check` looks at what is the type's own.
template <class Error, class Check>
void check_error(Error const& error, errc code, Outcome outcome, Check const& check)
{
    StompError const& base = error;
    BOOST_TEST((error.code() == code));
    BOOST_TEST((error.code() == make_error_code(code)));
    BOOST_TEST((base.outcome() == outcome));
    check(error);

    auto const same = [&](Error const& caught) {
        BOOST_TEST((caught.outcome() == outcome));
        BOOST_TEST(std::string_view(caught.what()) == error.what());
        check(caught);
        return true;
    };
    BOOST_CHECK_EXCEPTION(base.raise(), Error, same);
    BOOST_CHECK_EXCEPTION(std::rethrow_exception(base.to_exception_ptr()), Error, same);
    BOOST_CHECK_THROW(base.raise(), StompError);
    BOOST_CHECK_THROW(base.raise(), boost::system::system_error);

    for (auto const other : {Outcome::not_sent, Outcome::refused, Outcome::unknown}) {
        auto const changed = base.with_outcome(other);
        BOOST_REQUIRE(changed);
        BOOST_TEST((changed->outcome() == other));
        BOOST_TEST((changed->code() == code));
        BOOST_TEST(std::string_view(changed->what()) == error.what());
        auto const* const typed = dynamic_cast<Error const*>(changed.get());
        BOOST_REQUIRE(typed);
        check(*typed);
        // The original keeps its own, and a change can be changed again.
        BOOST_TEST((base.outcome() == outcome));
        BOOST_TEST((changed->with_outcome(outcome)->outcome() == outcome));
        BOOST_CHECK_EXCEPTION(changed->raise(), Error, [&](Error const& caught) { return caught.outcome() == other; });
    }
}

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(codes)
{
    std::set<std::string> messages;
    for (auto const code : every_code) {
        boost::system::error_code const converted = code;
        BOOST_TEST((converted == code));
        BOOST_TEST(converted.failed());
        BOOST_TEST((converted.category() == arbalest::error_category()));
        BOOST_TEST(converted.value() == static_cast<int>(code));
        BOOST_TEST(!converted.message().empty());
        messages.insert(converted.message());
    }
    BOOST_TEST(messages.size() == std::size(every_code));
    BOOST_TEST(std::string_view(arbalest::error_category().name()) == "arbalest");
    BOOST_TEST(!boost::system::error_code(999, arbalest::error_category()).message().empty());
    BOOST_TEST((boost::system::error_code(errc::timeout) != errc::lost_receipt));
    BOOST_TEST((boost::system::error_code(static_cast<int>(errc::timeout), boost::system::system_category()) !=
                errc::timeout));
}

BOOST_AUTO_TEST_CASE(outcomes)
{
    BOOST_TEST(to_string(Outcome::not_sent) == "not_sent");
    BOOST_TEST(to_string(Outcome::refused) == "refused");
    BOOST_TEST(to_string(Outcome::unknown) == "unknown");
    std::ostringstream out;
    out << Outcome::refused;
    BOOST_TEST(out.str() == "refused");
}

BOOST_AUTO_TEST_CASE(invalid_frame)
{
    check_error(InvalidFrame("a NUL", "login"), errc::invalid_frame, Outcome::not_sent, [](InvalidFrame const& error) {
        BOOST_TEST(error.header() == "login");
        BOOST_TEST(std::string_view(error.what()).find("login") != std::string_view::npos);
        BOOST_TEST(std::string_view(error.what()).find("a NUL") != std::string_view::npos);
    });
    check_error(InvalidFrame("no command"), errc::invalid_frame, Outcome::not_sent, [](InvalidFrame const& error) {
        BOOST_TEST(error.header() == "");
        BOOST_TEST(std::string_view(error.what()).find("header") == std::string_view::npos);
    });
}

BOOST_AUTO_TEST_CASE(malformed_frame)
{
    check_error(MalformedFrame("no colon", 5'000'000'000'000u), errc::malformed_frame, Outcome::unknown,
                [](MalformedFrame const& error) {
                    BOOST_TEST(error.reason() == "no colon");
                    BOOST_TEST(error.offset() == 5'000'000'000'000u);
                    BOOST_TEST(std::string_view(error.what()).find("5000000000000") != std::string_view::npos);
                });
}

BOOST_AUTO_TEST_CASE(missing_heart_beat)
{
    check_error(MissingHeartBeat(1500ms), errc::missing_heart_beat, Outcome::unknown,
                [](MissingHeartBeat const& error) {
                    BOOST_TEST((error.period() == 1500ms));
                    BOOST_TEST(std::string_view(error.what()).find("1500") != std::string_view::npos);
                });
}

BOOST_AUTO_TEST_CASE(error_frame_received)
{
    auto const check = [](ErrorFrameReceived const& error) {
        BOOST_TEST((error.frame() == error_frame()));
        BOOST_TEST(error.message() == "no such queue");
        std::string_view const what = error.what();
        BOOST_TEST(what.find("no such queue") != std::string_view::npos);
        BOOST_TEST(what.find("It is gone.") != std::string_view::npos);
    };
    check_error(ErrorFrameReceived(error_frame(), Outcome::refused), errc::error_frame_received, Outcome::refused,
                check);
    check_error(ErrorFrameReceived(error_frame(), Outcome::unknown), errc::error_frame_received, Outcome::unknown,
                check);
}

BOOST_AUTO_TEST_CASE(error_frame_without_anything)
{
    ErrorFrameReceived const bare(Frame("ERROR"), Outcome::unknown);
    BOOST_TEST(bare.message() == "");
    BOOST_TEST(!std::string_view(bare.what()).empty());
    // A long body is quoted in part, and kept in full.
    Frame frame("ERROR");
    frame.set_body(std::string(100000, 'x'));
    ErrorFrameReceived const wordy(frame, Outcome::unknown);
    BOOST_TEST(std::string_view(wordy.what()).size() < 500u);
    BOOST_TEST(wordy.frame().body().size() == 100000u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace error_tests
