#include "support/session_tools.hpp"

#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/asio/strand.hpp>

#include <exception>
#include <vector>

// What bounds a wait: next_for() and with_timeout(), with limits that lie in the future and with others.
BOOST_FIXTURE_TEST_SUITE(timeout, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

std::vector<std::chrono::nanoseconds> const no_time{0ns, -1ns, -1h, std::chrono::nanoseconds::min()};

// The session's executor, and another one.
std::vector<asio::any_io_executor> both(asio::io_context& context)
{
    std::vector<asio::any_io_executor> result;
    result.emplace_back(context.get_executor());
    result.emplace_back(asio::make_strand(context));
    return result;
}

boost::system::error_code nested_in(Failure const& failure)
{
    try {
        failure.raise();
    } catch (std::exception const& error) {
        try {
            std::rethrow_if_nested(error);
        } catch (boost::system::system_error const& nested) {
            return nested.code();
        }
    }
    return {};
}

} // namespace

BOOST_AUTO_TEST_CASE(next_for_without_time_takes_what_is_there)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto inbox = co_await session.subscribe("/queue/in");
        for (auto const& executor : both(context)) {
            for (auto const limit : no_time) {
                auto const early = start(executor, inbox.next_for(limit));
                co_await finished(early);
                BOOST_TEST(is<Timeout>(early->failure), early->failure.what());
                broker.publish("/queue/in", "x");
                co_await inbox.ready();
                auto const message = start(executor, inbox.next_for(limit));
                co_await finished(message);
                BOOST_TEST(message->value.value().value().body() == "x");
            }
        }
        co_await inbox.unsubscribe();
        auto const end = co_await inbox.next_for(0ns);
        BOOST_TEST(!end);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(whoever_polls_lets_others_run)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto inbox = co_await session.subscribe("/queue/in");
        broker.publish("/queue/in", "x");
        std::optional<Message> message;
        while (!message) {
            auto result = co_await as_result(inbox.next_for(0ns));
            if (result)
                message = std::move(*result);
            else
                BOOST_REQUIRE(is<Timeout>(result.error()));
        }
        BOOST_TEST(message->body() == "x");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(with_timeout_without_time_takes_what_is_there)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto inbox = co_await session.subscribe("/queue/in");
        for (auto const& executor : both(context)) {
            for (auto const limit : no_time) {
                auto const early = start(executor, with_timeout(limit, inbox.next()));
                co_await finished(early);
                BOOST_TEST(is<Timeout>(early->failure), early->failure.what());
                BOOST_TEST((nested_in(early->failure) == asio::error::operation_aborted));
                broker.publish("/queue/in", "x");
                co_await inbox.ready();
                auto const message = start(executor, with_timeout(limit, inbox.next()));
                co_await finished(message);
                BOOST_REQUIRE_MESSAGE(message->value, message->failure.what());
                BOOST_TEST(message->value.value().value().body() == "x");
                auto const sending = start(executor, with_timeout(limit, session.send("/queue/a", "x")));
                co_await finished(sending);
                BOOST_TEST(!sending->failure, sending->failure.what());
            }
        }
        co_await session.disconnect();
    });
}

// Not every operation calls its cancellation operation_aborted.
BOOST_AUTO_TEST_CASE(whatever_a_cancelled_operation_ends_with_is_nested)
{
    run([this]() -> asio::awaitable<void> {
        asio::experimental::channel<void(boost::system::error_code, int)> channel(context);
        auto const failure = co_await failure_of(with_timeout(1ms, channel.async_receive(asio::use_awaitable)));
        BOOST_TEST(is<Timeout>(failure), failure.what());
        BOOST_TEST((nested_in(failure) == asio::experimental::error::channel_cancelled));
    });
}

BOOST_AUTO_TEST_CASE(what_fails_before_the_limit_is_no_timeout)
{
    run([]() -> asio::awaitable<void> {
        auto const failure = co_await failure_of(with_timeout(60s, StompSession().flush()));
        BOOST_TEST(is<SessionClosed>(failure), failure.what());
    });
}

BOOST_AUTO_TEST_SUITE_END()
