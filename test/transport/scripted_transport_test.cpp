#include "support/contains.hpp"
#include "support/session_tools.hpp"
#include <arbalest/testing/scripted_transport.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>

#include <optional>
#include <stdexcept>
#include <string>

namespace {

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_literals;
using testing::Script;
using testing::ScriptedTransport;

class ScriptFixture : public ContextFixture
{
public:
    ScriptFixture() : script(context.get_executor()) {}

    asio::awaitable<StompSession> open(StompConfig config = StompConfig())
    {
        std::unique_ptr<Transport> transport = std::make_unique<ScriptedTransport>(script);
        return StompSession::over(std::move(transport), std::move(config));
    }

    /// What verify() complains about; empty when it does not.
    std::string complaint() const
    {
        try {
            script.verify();
        } catch (std::logic_error const& error) {
            return error.what();
        }
        return {};
    }

    Script script;
};

asio::awaitable<void> write(Transport& transport, std::string bytes)
{
    auto const size = co_await transport.write_some(asio::buffer(bytes), {});
    BOOST_TEST(size == bytes.size());
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(scripted_transport, ScriptFixture)

BOOST_AUTO_TEST_CASE(plays_a_broker)
{
    script.expect_frame("CONNECT", {{"login", "guest"}, {"accept-version", ""}}).reply_frame("CONNECTED\nversion:1.2");
    script.expect_frame("SEND", {{"destination", "/queue/q"}}).reply_frame("RECEIPT\nreceipt-id:{receipt}");
    script.expect([](Frame const& frame) { return frame.body() == "{receipt}"; }, "the second message")
        .reply_frame("ERROR\nmessage:{destination} is full", "{destination}");
    run([this]() -> asio::awaitable<void> {
        StompConfig config;
        config.auto_receipt = true;
        config.login = "guest";
        auto session = co_await open(config);
        auto const receipt = co_await session.send("/queue/q", "first");
        BOOST_TEST(receipt.has_value());
        std::string message;
        std::string body;
        try {
            co_await session.send("/queue/q", "{receipt}");
        } catch (ErrorFrameReceived const& error) {
            message = error.frame().header("message").value_or("");
            body = error.frame().body();
        }
        BOOST_TEST(message == "/queue/q is full");
        BOOST_TEST(body == "{destination}"); // only the head is filled in
        co_await until([this] { return script.aborted(); });
    });
    BOOST_TEST(complaint() == "");
    BOOST_TEST(script.done());
    BOOST_TEST(script.closed().size() == 1u);
    BOOST_TEST((script.closed().front() == CloseReason::error));
}

BOOST_AUTO_TEST_CASE(expects_bytes_in_whatever_pieces)
{
    script.reply("hello").expect("a\nbc").expect("\n").expect("d").end();
    run([this]() -> asio::awaitable<void> {
        ScriptedTransport transport(script);
        char bytes[10];
        auto size = co_await transport.read_some(asio::buffer(bytes, 2));
        BOOST_TEST(std::string(bytes, size) == "he");
        size = co_await transport.read_some(asio::buffer(bytes));
        BOOST_TEST(std::string(bytes, size) == "llo");
        co_await write(transport, "a");
        co_await write(transport, "\nbc");
        BOOST_TEST(!script.done());
        auto const reading = start(context.get_executor(), transport.read_some(asio::buffer(bytes)));
        co_await write(transport, "\nd");
        co_await finished(reading);
        BOOST_TEST(reading->failure.code() == asio::error::eof);
        BOOST_TEST(complaint() == "");
        auto const late = co_await failure_of(write(transport, "x"));
        BOOST_TEST(late.code() == asio::error::broken_pipe);
    });
}

BOOST_AUTO_TEST_CASE(skips_heart_beats)
{
    script.expect("x").expect_frame("SEND");
    run([this]() -> asio::awaitable<void> {
        ScriptedTransport transport(script);
        co_await write(transport, "\n\n");
        co_await write(transport, "\nx\n");
        co_await write(transport, "\nSEND\n\n");
        co_await write(transport, "\0\n"s);
        co_await write(transport, "\n");
        BOOST_TEST(complaint() == "");
    });
}

BOOST_AUTO_TEST_CASE(tells_what_did_not_come)
{
    script.expect("x").expect_frame("SEND", {{"destination", "/queue/q"}});
    BOOST_TEST(contains(complaint(), "step 1 of 2 did not come: the bytes \"x\""), complaint());
    run([this]() -> asio::awaitable<void> {
        ScriptedTransport transport(script);
        co_await write(transport, "xSEND\ndest");
        BOOST_TEST(contains(complaint(), "step 2 of 2 did not come: a frame SEND with destination:/queue/q"),
                   complaint());
        BOOST_TEST(contains(complaint(), "SEND\\ndest"), complaint());
    });
}

BOOST_AUTO_TEST_CASE(tells_what_came_instead)
{
    script.expect_frame("CONNECT").reply_frame("CONNECTED\nversion:1.2");
    script.expect_frame("SEND", {{"destination", "/queue/q"}});
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open();
        auto const failure = co_await failure_of(session.send(OutgoingMessage("/queue/other").with_receipt()));
        BOOST_TEST(is<ConnectionLost>(failure), failure.what());
    });
    BOOST_TEST(!script.done());
    BOOST_TEST(contains(complaint(), "step 3 of 3 is a frame SEND"), complaint());
    BOOST_TEST(contains(complaint(), "/queue/other"), complaint());
}

BOOST_AUTO_TEST_CASE(other_bytes_and_no_frames_are_told)
{
    script.expect("abc");
    run([this]() -> asio::awaitable<void> {
        ScriptedTransport transport(script);
        auto const failure = co_await failure_of(write(transport, "abx"));
        BOOST_TEST((failure.code() == boost::system::errc::protocol_error));
        BOOST_TEST(contains(complaint(), "\"abx\""), complaint());
        Script other(context.get_executor());
        other.expect_frame("SEND");
        ScriptedTransport another(other);
        auto const malformed = co_await failure_of(write(another, "SEND\nno colon\n\n\0"s));
        BOOST_TEST((malformed.code() == boost::system::errc::protocol_error));
        BOOST_CHECK_THROW(other.verify(), std::logic_error);
    });
}

BOOST_AUTO_TEST_CASE(more_than_was_expected_is_told)
{
    run([this]() -> asio::awaitable<void> {
        ScriptedTransport transport(script);
        BOOST_TEST(script.done());
        auto const failure = co_await failure_of(write(transport, "x"));
        BOOST_TEST((failure.code() == boost::system::errc::protocol_error));
        BOOST_TEST(contains(complaint(), "nothing more was expected"), complaint());
    });
}

BOOST_AUTO_TEST_CASE(ends_as_it_is_told)
{
    script.reply("x").end(asio::error::connection_reset);
    run([this]() -> asio::awaitable<void> {
        ScriptedTransport transport(script);
        char byte;
        co_await transport.read_some(asio::buffer(&byte, 1));
        auto const failure = co_await failure_of(transport.read_some(asio::buffer(&byte, 1)));
        BOOST_TEST(failure.code() == asio::error::connection_reset);
        BOOST_TEST(script.done());
    });
}

BOOST_AUTO_TEST_CASE(has_one_transport)
{
    ScriptedTransport const transport(script);
    BOOST_CHECK_THROW(ScriptedTransport another(script), std::invalid_argument);
    BOOST_CHECK_THROW(script.expect(""), std::invalid_argument);
    BOOST_CHECK_THROW(script.expect(std::function<bool(Frame const&)>(), "x"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(may_outlive_its_io_context)
{
    std::optional<Script> kept;
    {
        StompSession session;
        asio::io_context mortal;
        auto const strand = asio::make_strand(mortal);
        kept.emplace(strand);
        kept->expect_frame("CONNECT").reply_frame("CONNECTED\nversion:1.2");
        std::unique_ptr<Transport> transport = std::make_unique<ScriptedTransport>(*kept);
        auto const opening = start(strand, StompSession::over(std::move(transport), StompConfig()));
        auto const end = std::chrono::steady_clock::now() + 10s;
        while (!opening->done && std::chrono::steady_clock::now() < end)
            mortal.run_one_for(10s);
        BOOST_REQUIRE(opening->value.has_value());
        session = *opening->value;
        opening->value.reset();
    }
    BOOST_TEST(kept->done());
    BOOST_TEST(kept->aborted());
}

BOOST_AUTO_TEST_SUITE_END()
