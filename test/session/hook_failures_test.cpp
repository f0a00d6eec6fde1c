#include "reconnect_tools.hpp"

#include <stdexcept>

// What becomes of that about which a hook has thrown: an int, which is no std::exception.
BOOST_FIXTURE_TEST_SUITE(hook_failures, arbalest::test::ReconnectFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

/// Throws on the way out or in where it is told to, and remembers which callbacks were reported.
class ThrowingHooks final : public Interceptor, public Observer
{
public:
    std::function<bool(Frame const&)> throws_out;
    std::function<bool(Frame const&)> throws_in;
    std::vector<std::string> reported;

    void on_outgoing(Frame& frame) override
    {
        if (!throws_out || !throws_out(frame))
            return;
        frame.add_header("changed", "before it threw");
        throw 42;
    }
    bool on_incoming(Frame& frame) override
    {
        if (throws_in && throws_in(frame))
            throw 42;
        return true;
    }
    void on_callback_failed(std::string_view callback, Failure const& failure) override
    {
        BOOST_TEST(is<int>(failure), failure.what());
        reported.emplace_back(callback);
    }
};

StompConfig with_hooks(StompConfig config, std::shared_ptr<ThrowingHooks> const& hooks)
{
    config.interceptor = hooks;
    config.observer = hooks;
    return config;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_fails_with_what_the_interceptor_throws_and_sends_nothing)
{
    for (bool const reconnects : {false, true}) {
        run([this, reconnects]() -> asio::awaitable<void> {
            auto const hooks = std::make_shared<ThrowingHooks>();
            auto config = with_hooks(reconnects ? reconnecting() : StompConfig(), hooks);
            config.auto_receipt = true;
            auto session = co_await connect(config);
            auto inbox = co_await session.subscribe("/queue/a", AckMode::client_individual);
            broker.publish("/queue/a", "1");
            auto const message = co_await inbox.receive();
            auto transaction = co_await session.begin();
            auto const sent = all_received().size();
            std::size_t failures = 0;
            hooks->throws_out = [](Frame const&) { return true; };
            auto const expect_int = [&](Failure failure) {
                BOOST_TEST(is<int>(failure), failure.what());
                ++failures;
            };
            expect_int(co_await failure_of(session.send("/queue/a", "x")));
            expect_int(co_await failure_of(session.submit("/queue/a", "x")));
            expect_int(co_await failure_of(session.subscribe("/queue/b")));
            expect_int(co_await failure_of(session.ack(message)));
            expect_int(co_await failure_of(session.nack(message)));
            expect_int(co_await failure_of(session.begin()));
            expect_int(co_await failure_of(transaction.send("/queue/a", "x")));
            expect_int(co_await failure_of(transaction.commit()));
            expect_int(co_await failure_of(transaction.abort()));
            expect_int(co_await failure_of(inbox.unsubscribe()));
            BOOST_TEST(hooks->reported.size() == failures);
            BOOST_TEST(std::ranges::count(hooks->reported, "on_outgoing") == static_cast<std::ptrdiff_t>(failures));
            hooks->throws_out = nullptr;
            // All of them can be tried again.
            co_await transaction.commit();
            BOOST_TEST(all_received().size() == sent + 1);
            auto const acknowledged = co_await session.ack(message);
            BOOST_TEST(acknowledged);
            broker.publish("/queue/a", "2");
            auto const next = co_await inbox.receive();
            BOOST_TEST(next.body() == "2");
            co_await next.ack();
            co_await inbox.unsubscribe();
            co_await session.disconnect();
        });
    }
}

BOOST_AUTO_TEST_CASE(a_frame_that_waits_for_room_fails_in_the_same_way)
{
    for (bool const reconnects : {false, true}) {
        run([this, reconnects]() -> asio::awaitable<void> {
            auto const executor = co_await asio::this_coro::executor;
            auto const hooks = std::make_shared<ThrowingHooks>();
            auto config = with_hooks(reconnects ? reconnecting() : StompConfig(), hooks);
            config.write_buffer.limit = 1;
            auto session = co_await connect(config);
            hooks->throws_out = [](Frame const& frame) { return frame.body() == "bad"; };
            auto const first = start(executor, send_confirmed(session, "/queue/a", "first"));
            auto const bad = start(executor, send_confirmed(session, "/queue/a", "bad"));
            auto const good = start(executor, send_confirmed(session, "/queue/a", "good"));
            co_await finished(first);
            co_await finished(bad);
            co_await finished(good);
            BOOST_TEST(!first->failure, first->failure.what());
            BOOST_TEST(is<int>(bad->failure), bad->failure.what());
            BOOST_TEST(!good->failure, good->failure.what());
            co_await session.disconnect();
        });
    }
}

BOOST_AUTO_TEST_CASE(a_message_that_waits_for_a_connection_fails_in_the_same_way)
{
    run([this]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        auto const hooks = std::make_shared<ThrowingHooks>();
        auto session = co_await connect(with_hooks(reconnecting(), hooks));
        hooks->throws_out = [](Frame const& frame) { return frame.body() == "bad"; };
        broker.stop();
        co_await until_lost(session);
        auto const bad = start(executor, send_confirmed(session, "/queue/a", "bad"));
        auto const good = start(executor, send_confirmed(session, "/queue/a", "good"));
        broker.listen();
        co_await finished(bad);
        co_await finished(good);
        BOOST_TEST(is<int>(bad->failure), bad->failure.what());
        BOOST_TEST(!good->failure, good->failure.what());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_frame_that_nobody_waits_for_goes_out_as_it_was)
{
    run([this]() -> asio::awaitable<void> {
        auto const hooks = std::make_shared<ThrowingHooks>();
        auto session = co_await connect(with_hooks(StompConfig(), hooks));
        hooks->throws_out = [](Frame const& frame) {
            return frame.command() == "UNSUBSCRIBE" || frame.command() == "ABORT" || frame.command() == "DISCONNECT";
        };
        {
            auto const subscription = co_await session.subscribe("/queue/a");
            auto const transaction = co_await session.begin();
        }
        co_await session.disconnect();
        std::vector<std::string> const expected{"on_outgoing", "on_outgoing", "on_outgoing"};
        BOOST_TEST((hooks->reported == expected));
        for (auto const command : {"UNSUBSCRIBE", "ABORT", "DISCONNECT"}) {
            auto const all = all_received();
            auto const frame = std::ranges::find(all, command, [](auto const& it) { return it.frame.command(); });
            BOOST_REQUIRE_MESSAGE(frame != all.end(), command << " was not sent");
            BOOST_TEST(!frame->frame.has_header("changed"), command);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_frame_that_nobody_waits_for_is_not_made_invalid)
{
    class Spoiling final : public Interceptor
    {
    public:
        void on_outgoing(Frame& frame) override
        {
            if (frame.command() == "UNSUBSCRIBE")
                frame.set_body("which UNSUBSCRIBE has not");
        }
    };
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        session.add_interceptor(std::make_shared<Spoiling>());
        auto subscription = co_await session.subscribe("/queue/a");
        auto const asked = co_await failure_of(subscription.unsubscribe());
        BOOST_TEST(is<InvalidFrame>(asked), asked.what());
        BOOST_TEST(count_received("UNSUBSCRIBE") == 0u);
        subscription = Subscription();
        co_await until([this] { return count_received("UNSUBSCRIBE") == 1; });
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_resubscription_fails_alone_when_an_interceptor_throws)
{
    run([this]() -> asio::awaitable<void> {
        auto const hooks = std::make_shared<ThrowingHooks>();
        auto session = co_await connect(with_hooks(reconnecting(), hooks));
        auto bad = co_await session.subscribe("/queue/bad");
        auto good = co_await session.subscribe("/queue/good");
        hooks->throws_out = [](Frame const& frame) {
            return frame.command() == "SUBSCRIBE" && frame.header("destination") == "/queue/bad";
        };
        broker.faults().close_connections();
        auto const failure = co_await failure_of(bad.next());
        BOOST_TEST(is<int>(failure), failure.what());
        broker.publish("/queue/good", "x");
        auto const message = co_await good.receive();
        BOOST_TEST(message.body() == "x");
        BOOST_TEST(hooks->reported.size() == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_an_interceptor_throws_at_connect_fails_that_attempt)
{
    run([this]() -> asio::awaitable<void> {
        auto const hooks = std::make_shared<ThrowingHooks>();
        int thrown = 0;
        hooks->throws_out = [&](Frame const& frame) { return frame.command() == "CONNECT" && ++thrown == 1; };
        auto const failure = co_await failure_of(connect(with_hooks(StompConfig(), hooks)));
        BOOST_TEST(is<ConnectError>(failure), failure.what());
        BOOST_TEST(failure.what().find("exception of an unknown type") != std::string::npos, failure.what());
        co_await until([this] { return broker.connections() == 0; });
        thrown = 0;
        StompClient const client(with_hooks(StompConfig(), hooks));
        std::vector<std::string> urls{broker.url(), broker.url()};
        auto session = co_await client.connect(urls); // by the second
        thrown = -1;
        co_await session.disconnect();

        auto config = with_hooks(reconnecting(), hooks);
        auto coming_back = co_await connect(config); // nothing is thrown
        thrown = 0;
        broker.faults().close_connections();
        co_await until_connected(coming_back, 2);
        BOOST_TEST(thrown == 2);
        co_await coming_back.disconnect();
    });
}

// As something of the hook's own that was cancelled would: it is not the caller who has given up.
BOOST_AUTO_TEST_CASE(operation_aborted_from_an_interceptor_cancels_nothing)
{
    class Aborting final : public Interceptor
    {
    public:
        void on_outgoing(Frame& frame) override
        {
            if (frame.command() == "CONNECT" && ++times == 2)
                throw boost::system::system_error(asio::error::operation_aborted);
        }
        int times = 0;
    };
    run([this]() -> asio::awaitable<void> {
        auto const aborting = std::make_shared<Aborting>();
        auto config = reconnecting();
        config.interceptor = aborting;
        auto session = co_await connect(config);
        broker.faults().close_connections();
        co_await until_connected(session, 2);
        BOOST_TEST(aborting->times == 3);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_frame_on_the_way_in_counts_as_swallowed)
{
    run([this]() -> asio::awaitable<void> {
        auto const hooks = std::make_shared<ThrowingHooks>();
        auto session = co_await connect(with_hooks(confirming(), hooks));
        auto inbox = co_await session.subscribe("/queue/a");
        hooks->throws_in = [](Frame const& frame) { return frame.body() == "bad"; };
        broker.publish("/queue/a", "bad");
        broker.publish("/queue/a", "good");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "good");
        BOOST_TEST(session.is_open());
        std::vector<std::string> const expected{"on_incoming"};
        BOOST_TEST((hooks->reported == expected));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(on_unhandled_may_throw)
{
    run([this]() -> asio::awaitable<void> {
        auto const hooks = std::make_shared<ThrowingHooks>();
        auto config = with_hooks(confirming(), hooks);
        config.on_unhandled = [](Frame const&) { throw 42; };
        auto session = co_await connect(config);
        broker.faults().send_raw(std::string("RECEIPT\nreceipt-id:of nobody\n\n").append(1, '\0'));
        co_await session.send("/queue/a", "x"); // its receipt comes behind
        std::vector<std::string> const expected{"on_unhandled"};
        BOOST_TEST((hooks->reported == expected));
        BOOST_TEST(session.is_open());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(before_connect_may_throw_and_is_tried_again)
{
    run([this]() -> asio::awaitable<void> {
        auto const hooks = std::make_shared<ThrowingHooks>();
        auto config = with_hooks(reconnecting(), hooks);
        int calls = 0;
        config.before_connect = [&calls](ConnectParameters&) -> asio::awaitable<void> {
            ++calls;
            if (calls == 2 || calls == 3)
                throw 42;
            co_return;
        };
        auto session = co_await connect(config);
        broker.faults().close_connections();
        co_await until_connected(session, 2);
        BOOST_TEST(calls == 4);
        std::vector<std::string> const expected{"before_connect", "before_connect"};
        BOOST_TEST((hooks->reported == expected));
        co_await session.disconnect();

        calls = 1;
        auto const failure = co_await failure_of(connect(config));
        BOOST_TEST(is<ConnectError>(failure), failure.what());
    });
}

// Something that the hook itself awaits was cancelled, which is not the session's doing.
BOOST_AUTO_TEST_CASE(before_connect_may_throw_operation_aborted)
{
    run([this]() -> asio::awaitable<void> {
        auto config = reconnecting();
        int calls = 0;
        config.before_connect = [&calls](ConnectParameters&) -> asio::awaitable<void> {
            if (++calls == 2)
                throw boost::system::system_error(asio::error::operation_aborted);
            co_return;
        };
        auto session = co_await connect(config);
        broker.faults().close_connections();
        co_await until_connected(session, 2);
        BOOST_TEST(calls == 3);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(retry_if_that_throws_says_no)
{
    run([this]() -> asio::awaitable<void> {
        auto const hooks = std::make_shared<ThrowingHooks>();
        auto policy = quick_policy();
        policy.retry_if = [](Failure const&) -> bool { throw 42; };
        auto session = co_await connect(with_hooks(reconnecting(policy), hooks));
        broker.faults().close_connections();
        auto const cause = co_await session.closed();
        BOOST_TEST(is<ConnectionLost>(cause), cause.what());
        std::vector<std::string> const expected{"retry_if"};
        BOOST_TEST((hooks->reported == expected));
    });
}

BOOST_AUTO_TEST_CASE(each_of_several_observers_that_throw_is_reported)
{
    class Failing final : public Observer
    {
    public:
        void on_frame_sent(Frame const& frame) override
        {
            if (frame.command() == "SEND")
                throw 42;
        }
        void on_callback_failed(std::string_view, Failure const&) override { throw 43; }
    };
    run([this]() -> asio::awaitable<void> {
        auto const hooks = std::make_shared<ThrowingHooks>();
        std::vector<std::shared_ptr<Observer>> all{std::make_shared<Failing>(), hooks, std::make_shared<Failing>()};
        StompConfig config;
        config.observer = combine_observers(std::move(all));
        auto session = co_await connect(config);
        session.add_observer(std::make_shared<Failing>());
        co_await session.send("/queue/a", "x");
        std::vector<std::string> const expected(3, "on_frame_sent");
        BOOST_TEST((hooks->reported == expected));
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
