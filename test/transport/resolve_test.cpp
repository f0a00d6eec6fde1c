#include "name_service.hpp"
#include "support/session_tools.hpp"
#include "transport/resolve.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

// Look-ups of names, of which some do not end.
namespace {

using namespace arbalest;
using namespace arbalest::test;
using Addresses = std::vector<asio::ip::address>;

class ResolveFixture : public ContextFixture
{
public:
    asio::awaitable<Addresses> resolve(std::string host)
    {
        return detail::resolve(context.get_executor(), std::move(host));
    }

    asio::awaitable<void> until_hanging(int count)
    {
        while (NameService::hanging() != count)
            co_await pause(1ms);
    }

    std::optional<NameService> names{std::in_place};
};

std::string texts(Addresses const& addresses)
{
    std::string result;
    for (auto const& address : addresses)
        result += (result.empty() ? "" : " ") + address.to_string();
    return result;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(resolve, ResolveFixture)

BOOST_AUTO_TEST_CASE(addresses_keep_their_order)
{
    names->add("many.test", {"127.0.0.2", "::1", "127.0.0.1"});
    run([this]() -> asio::awaitable<void> {
        auto const many = co_await resolve("many.test");
        BOOST_TEST(texts(many) == "127.0.0.2 ::1 127.0.0.1");
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(literals_need_no_resolver)
{
    run([this]() -> asio::awaitable<void> {
        for (std::string const literal : {"127.0.0.1", "::1", "2001:db8::7", "fe80::1%lo"}) {
            auto const addresses = co_await resolve(literal);
            BOOST_TEST(addresses.size() == 1u);
            BOOST_TEST(NameService::look_ups(literal) == 0, literal);
        }
        auto const zoned = co_await resolve("fe80::1%lo");
        BOOST_TEST(zoned[0].to_v6().scope_id() != 0u);
    });
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_an_error)
{
    run([this]() -> asio::awaitable<void> {
        auto const failure = co_await failure_of(resolve(std::string(300, 'x'))); // too long: nobody has to be asked
        BOOST_TEST(failure.code() == asio::error::host_not_found);
    });
}

BOOST_AUTO_TEST_CASE(one_that_hangs_does_not_hold_up_others)
{
    run([this]() -> asio::awaitable<void> {
        auto const hanging = start(context.get_executor(), resolve("one.hangs.test"));
        auto const other = start(context.get_executor(), resolve("another.hangs.test"));
        co_await until_hanging(2);
        auto const addresses = co_await resolve("two.test");
        BOOST_TEST(texts(addresses) == "127.0.0.2 127.0.0.1");
        BOOST_TEST(!hanging->done);
        names.reset();
        co_await finished(hanging);
        BOOST_TEST(hanging->failure.code() == asio::error::host_not_found_try_again);
        co_await finished(other);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(one_that_hangs_is_looked_up_once)
{
    run([this]() -> asio::awaitable<void> {
        for (int i = 0; i < 200; ++i) {
            auto const hanging = start(context.get_executor(), resolve("again.hangs.test"));
            co_await others_go_on();
            hanging->cancel();
            co_await finished(hanging);
            BOOST_TEST(is_aborted(hanging->failure), hanging->failure.what());
        }
        co_await until_hanging(1);
        BOOST_TEST(NameService::look_ups("again.hangs.test") == 1);
        auto const waiting = start(context.get_executor(), resolve("again.hangs.test"));
        names.reset();
        co_await finished(waiting);
        BOOST_TEST(waiting->failure.code() == asio::error::host_not_found_try_again);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(hundreds_that_hang_take_a_bounded_number_of_threads)
{
    run([this]() -> asio::awaitable<void> {
        std::vector<decltype(start(context.get_executor(), resolve("")))> hanging;
        for (int i = 0; i < 200; ++i)
            hanging.push_back(start(context.get_executor(), resolve(std::to_string(i) + ".hangs.test")));
        auto const queued = start(context.get_executor(), resolve("127.1")); // known without a name service
        auto const abandoned = start(context.get_executor(), resolve("two.test"));
        co_await until_hanging(64);
        BOOST_TEST(!queued->done);
        abandoned->cancel();
        for (auto const& operation : hanging)
            operation->cancel();
        names.reset();
        co_await finished(queued);
        BOOST_REQUIRE(queued->value.has_value());
        BOOST_TEST(texts(*queued->value) == "127.0.0.1");
        co_await finished(abandoned);
        for (auto const& operation : hanging)
            co_await finished(operation);
    });
    BOOST_TEST(run_dry());
    BOOST_TEST(NameService::look_ups("two.test") == 0);
}

BOOST_AUTO_TEST_CASE(an_io_context_does_not_wait_for_one_that_hangs)
{
    auto const before = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        ContextFixture other;
        other.run([&]() -> asio::awaitable<void> {
            start(other.context.get_executor(), detail::resolve(other.context.get_executor(), "context.hangs.test"));
            auto const strand = asio::make_strand(other.context);
            start(strand, detail::resolve(strand, "context.hangs.test"));
            co_await others_go_on();
        });
    }
    names.reset(); // completes nothing
    BOOST_TEST((std::chrono::steady_clock::now() - before < 20s));
}

BOOST_AUTO_TEST_CASE(an_io_context_may_end_while_a_look_up_does)
{
    for (int i = 0; i < 200; ++i) {
        auto other = std::make_unique<ContextFixture>();
        other->run([&]() -> asio::awaitable<void> {
            auto const strand = asio::make_strand(other->context);
            start(strand, detail::resolve(strand, std::to_string(i) + ".context.hangs.test"));
            start(strand, detail::resolve(strand, "one.test"));
            while (!NameService::hangs())
                co_await pause(1ms);
        });
        std::thread ending([this] { names.reset(); });
        other.reset();
        ending.join();
        names.emplace();
    }
}

BOOST_AUTO_TEST_CASE(look_ups_complete_on_their_executors_thread)
{
    asio::thread_pool pool(1);
    std::promise<bool> promise;
    auto result = promise.get_future();
    asio::co_spawn(
        pool,
        [&]() -> asio::awaitable<void> {
            auto const thread = std::this_thread::get_id();
            co_await detail::resolve(pool.get_executor(), "one.test");
            promise.set_value(thread == std::this_thread::get_id());
        },
        asio::detached);
    BOOST_TEST(result.get());
    pool.join();
}

BOOST_AUTO_TEST_SUITE_END()
