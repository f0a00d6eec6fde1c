#include "support/open_files.hpp"
#include "support/rounds.hpp"
#include "support/session_tools.hpp"

#include <malloc.h>

// Sessions come and go by the thousand, and leave nothing.
BOOST_FIXTURE_TEST_SUITE(churn, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

std::size_t bytes_in_use()
{
    return ::mallinfo2().uordblks;
}

// One session that does something, and ends in one of the ways to end.
asio::awaitable<void> live(EmbeddedBroker& broker, int number)
{
    StompClient const client(confirming());
    auto session = co_await client.connect(broker.url());
    auto inbox = co_await session.subscribe("/queue/churn", AckMode::client_individual);
    co_await session.send("/queue/churn", "x");
    auto const message = co_await inbox.receive();
    // One leaves its message behind, the next one takes both.
    if (number % 2) {
        co_await session.ack(message);
        auto const left = co_await inbox.receive();
        co_await session.ack(left);
    }
    switch (number % 6) {
    case 0:
        co_await session.disconnect();
        break;
    case 1:
        co_await inbox.unsubscribe();
        break;
    case 2: {
        auto const transaction = co_await session.begin();
        break;
    }
    case 3: {
        broker.faults().reset_connections();
        co_await session.closed();
        break;
    }
    case 4: {
        auto const failure = co_await failure_of(with_timeout(1ms, inbox.next()));
        break;
    }
    default:
        break; // the last handle goes
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(thousands_of_sessions_leave_no_memory_and_no_file_behind)
{
    auto const round = [this](int count) {
        run(
            [this, count]() -> asio::awaitable<void> {
                for (int i = 0; i < count; ++i)
                    co_await live(broker, i);
                co_await until([this] { return broker.connections() == 0; });
            },
            120s);
    };
    round(rounds(600));
    auto const memory = bytes_in_use();
    auto const files = open_files();
    round(rounds(3000));
    BOOST_TEST(open_files() == files);
    // Less than a hundred bytes for each of them.
    auto const now = bytes_in_use();
    BOOST_TEST((now < memory || now - memory < 100'000), "grown by " << now - memory << " bytes");
}

BOOST_AUTO_TEST_CASE(refused_connects_leave_nothing_either)
{
    broker.faults().refuse_login();
    auto const round = [this](int count) {
        run(
            [this, count]() -> asio::awaitable<void> {
                StompClient const client;
                for (int i = 0; i < count; ++i) {
                    auto const failure = co_await failure_of(client.connect(broker.url()));
                    BOOST_REQUIRE(is<ConnectError>(failure));
                }
                co_await until([this] { return broker.connections() == 0; });
            },
            120s);
    };
    round(rounds(200));
    auto const memory = bytes_in_use();
    auto const files = open_files();
    round(rounds(1000));
    BOOST_TEST(open_files() == files);
    auto const now = bytes_in_use();
    BOOST_TEST((now < memory || now - memory < 50'000), "grown by " << now - memory << " bytes");
}

BOOST_AUTO_TEST_SUITE_END()
