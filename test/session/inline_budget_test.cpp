#include "support/rounds.hpp"
#include "support/session_tools.hpp"

#include <algorithm>
#include <cstdint>

// What is ready completes at once, but for one in 64: others get their turn, and the stack stays flat.
BOOST_FIXTURE_TEST_SUITE(turns, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

constexpr int many = rounds(10'000);

// Counts how often it gets its turn.
class Bystander
{
public:
    static asio::awaitable<void> run(std::shared_ptr<Bystander> self)
    {
        auto const executor = co_await asio::this_coro::executor;
        while (!self->stopped) {
            ++self->turns;
            co_await asio::post(executor, asio::use_awaitable);
        }
    }
    int turns = 0;
    bool stopped = false;
};

// Rings every millisecond.
class Ticker
{
public:
    static asio::awaitable<void> run(std::shared_ptr<Ticker> self)
    {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        while (!self->stopped) {
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
            ++self->ticks;
        }
    }
    int ticks = 0;
    bool stopped = false;
};

std::uintptr_t stack_position()
{
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

// With room for all of them.
StompConfig roomy()
{
    StompConfig config;
    config.subscription_buffer.messages = 2 * many;
    config.subscription_buffer.bytes = std::size_t{64} << 20;
    return config;
}

std::string many_messages(std::string_view subscription, int count)
{
    std::string bytes;
    for (int i = 0; i < count; ++i) {
        bytes += "MESSAGE\nsubscription:";
        bytes += subscription;
        bytes += "\nmessage-id:1\ndestination:/queue/a\n\nx";
        bytes += '\0';
    }
    return bytes;
}

} // namespace

BOOST_AUTO_TEST_CASE(of_ready_messages)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(roomy());
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.flush();
        broker.faults().send_raw(many_messages(inbox.id(), many));
        co_await until([&] { return inbox.buffered() == many; });
        auto const bystander = std::make_shared<Bystander>();
        auto const task = start(executor, Bystander::run(bystander));
        co_await others_go_on(2);
        auto const before = bystander->turns;
        for (int i = 0; i < many; ++i) {
            auto const message = co_await inbox.next();
            BOOST_REQUIRE(message.has_value());
        }
        auto const turns = bystander->turns - before;
        // One in 64, or more often where that takes longer than 4 ms; but not each time.
        BOOST_TEST(turns >= many / 64 - 1);
        BOOST_TEST(turns <= many / 4);
        bystander->stopped = true;
        co_await finished(task);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(of_sends_for_which_there_is_room)
{
    run(
        [this]() -> asio::awaitable<void> {
            StompConfig config;
            config.write_buffer = std::size_t{16} << 20;
            auto session = co_await connect(config);
            auto const executor = co_await asio::this_coro::executor;
            auto const bystander = std::make_shared<Bystander>();
            auto const task = start(executor, Bystander::run(bystander));
            auto const ticker = std::make_shared<Ticker>();
            auto const ticking = start(executor, Ticker::run(ticker));
            co_await others_go_on(2);
            auto const before = bystander->turns;
            for (int i = 0; i < many; ++i)
                co_await session.send("/topic/nobody", "x");
            auto const turns = bystander->turns - before;
            BOOST_TEST(turns >= many / 64 - 1);
            BOOST_TEST(turns <= many / 4);
            // However fast the machine is: the timer rings while sends go on.
            int sent = 0;
            for (auto const ticks = ticker->ticks; ticker->ticks < ticks + 3 && sent < 1'000'000; ++sent)
                co_await session.send("/topic/nobody", "x");
            BOOST_TEST(sent < 1'000'000);
            bystander->stopped = true;
            ticker->stopped = true;
            co_await finished(task);
            co_await finished(ticking);
            co_await session.disconnect();
        },
        60s);
}

BOOST_AUTO_TEST_CASE(the_stack_stays_flat)
{
    run(
        [this]() -> asio::awaitable<void> {
            StompConfig config;
            config.subscription_buffer.messages = 200'000;
            auto session = co_await connect(config);
            auto const executor = co_await asio::this_coro::executor;
            auto inbox = co_await session.subscribe("/queue/a");
            co_await session.flush();
            auto lowest = stack_position();
            auto highest = lowest;
            auto const look = [&] {
                auto const here = stack_position();
                lowest = std::min(lowest, here);
                highest = std::max(highest, here);
            };
            co_await asio::post(executor, asio::use_awaitable);
            for (int batch = 0; batch < 10; ++batch) {
                broker.faults().send_raw(many_messages(inbox.id(), many));
                for (int i = 0; i < many; ++i) {
                    co_await inbox.receive();
                    look();
                }
            }
            for (int i = 0; i < 10 * many; ++i) {
                co_await session.send("/topic/nobody", "x");
                look();
            }
            BOOST_TEST(highest - lowest < 64u * 1024);
            co_await session.disconnect();
        },
        60s);
}

// However much comes in one read, a consumer that waits gets some of it before the rest is decoded.
BOOST_AUTO_TEST_CASE(of_a_consumer_during_a_large_read)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(roomy());
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.flush();
        broker.faults().send_raw(many_messages(inbox.id(), many));
        std::size_t most = 0;
        for (int i = 0; i < many; ++i) {
            auto const message = co_await inbox.next();
            BOOST_REQUIRE(message.has_value());
            most = std::max(most, inbox.buffered());
        }
        BOOST_TEST(most >= 1u);
        BOOST_TEST(most <= 3u * 64u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
