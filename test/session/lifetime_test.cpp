#include "support/session_tools.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>

// Handles, io_context and broker are destroyed in every order, at rest and in the middle of every wait. What goes wrong
// here shows under AddressSanitizer.
BOOST_AUTO_TEST_SUITE(lifetime)

using namespace arbalest;
using namespace arbalest::test;

namespace {

// Everything that a user may hold.
class Holdings
{
public:
    std::optional<asio::io_context> context{std::in_place};
    std::optional<EmbeddedBroker> broker;
    StompSession session;
    Subscription inbox;
    std::optional<Message> message;
    PendingReceipt pending;
    Transaction transaction;

    asio::awaitable<void> fill(bool on_strand)
    {
        asio::any_io_executor executor = context->get_executor();
        if (on_strand)
            executor = asio::make_strand(*context);
        StompClient const client(executor, StompConfig());
        session = co_await client.connect(broker->url());
        inbox = co_await session.subscribe("/queue/a", AckMode::client_individual);
        broker->publish("/queue/a", "x");
        broker->publish("/queue/a", "y");
        message = co_await inbox.next();
        transaction = co_await session.begin();
        co_await transaction.send("/queue/b", "z");
        broker->faults().drop_receipts();
        pending = co_await session.submit("/queue/a", "w");
    }

    void run(asio::awaitable<void> work)
    {
        bool done = false;
        asio::co_spawn(*context, std::move(work), [&](std::exception_ptr thrown) {
            done = true;
            if (thrown)
                std::rethrow_exception(thrown);
        });
        auto const end = std::chrono::steady_clock::now() + 20s;
        while (!done && std::chrono::steady_clock::now() < end)
            context->run_one_for(1s);
        BOOST_REQUIRE(done);
    }

    void destroy(int which)
    {
        switch (which) {
        case 0:
            context.reset();
            break;
        case 1:
            broker.reset();
            break;
        case 2:
            session = StompSession();
            break;
        case 3:
            inbox = Subscription();
            break;
        case 4:
            message.reset();
            break;
        case 5:
            pending = PendingReceipt();
            break;
        default:
            transaction = Transaction();
            break;
        }
        if (context)
            context->poll();
    }
};

constexpr int kinds = 7;

} // namespace

BOOST_AUTO_TEST_CASE(handles_at_rest_in_many_orders)
{
    for (bool const on_strand : {false, true}) {
        for (int first = 0; first < kinds; ++first) {
            for (int second = 0; second < kinds; ++second) {
                if (second == first)
                    continue;
                for (bool const forwards : {false, true}) {
                    Holdings holdings;
                    holdings.broker.emplace(holdings.context->get_executor());
                    holdings.broker->listen();
                    holdings.run(holdings.fill(on_strand));
                    holdings.destroy(first);
                    holdings.destroy(second);
                    for (int i = 0; i < kinds; ++i) {
                        auto const which = forwards ? i : kinds - 1 - i;
                        if (which != first && which != second)
                            holdings.destroy(which);
                    }
                }
            }
        }
    }
}

namespace {

// Every wait that there is, each under way when something is destroyed.
class Waits
{
public:
    std::vector<asio::awaitable<void>> all;

    template <class T>
    void add(asio::awaitable<T> operation)
    {
        all.push_back(drop(std::move(operation)));
    }

private:
    template <class T>
    static asio::awaitable<void> drop(asio::awaitable<T> operation)
    {
        try {
            co_await std::move(operation);
        } catch (std::exception const&) {
        }
    }
};

void start_waiting(Holdings& holdings, Waits& waits)
{
    auto& session = holdings.session;
    OutgoingMessage message("/queue/a", "x");
    message.with_receipt();
    FrameOptions asking;
    asking.with_receipt();
    SubscribeOptions subscribing;
    subscribing.with_receipt();
    waits.add(session.send(message));
    waits.add(session.subscribe("/queue/c", subscribing));
    waits.add(holdings.inbox.unsubscribe(asking));
    waits.add(session.begin(asking));
    waits.add(session.closed());
    waits.add(session.ack(*holdings.message, asking));
    waits.add(holdings.pending.confirmed());
    waits.add(with_timeout(20s, session.closed()));
    waits.add(with_timeout(20s, session.send(message)));
    waits.add(session.send("/queue/large", std::string(std::size_t{16} << 20, 'x')));
    waits.add(session.send("/queue/large", std::string(std::size_t{1} << 20, 'y'))); // waits for room
    waits.add(session.submit("/queue/large", std::string(std::size_t{1} << 20, 'z')));
    waits.add(session.flush());
    waits.add(holdings.transaction.commit());
    waits.add(session.disconnect());
}

} // namespace

BOOST_AUTO_TEST_CASE(in_the_middle_of_every_wait)
{
    for (bool const on_strand : {false, true}) {
        for (int first = 0; first < kinds; ++first) {
            Holdings holdings;
            holdings.broker.emplace(holdings.context->get_executor());
            holdings.broker->listen();
            holdings.run(holdings.fill(on_strand));
            holdings.broker->faults().stop_reading();
            Waits waits;
            start_waiting(holdings, waits);
            for (auto& wait : waits.all)
                asio::co_spawn(holdings.session.get_executor(), std::move(wait), asio::detached);
            waits.all.clear();
            holdings.context->poll();
            holdings.destroy(first);
            if (holdings.context)
                holdings.context->poll();
            for (int i = kinds - 1; i >= 0; --i)
                holdings.destroy(i);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_operation_that_is_never_awaited)
{
    Holdings holdings;
    holdings.broker.emplace(holdings.context->get_executor());
    holdings.broker->listen();
    holdings.run(holdings.fill(false));
    Waits waits;
    start_waiting(holdings, waits);
    waits.all.clear();
    start_waiting(holdings, waits);
    holdings.context.reset();
    waits.all.clear();
}

BOOST_AUTO_TEST_CASE(waits_for_messages_while_things_go)
{
    for (int first = 0; first < kinds; ++first) {
        for (int kind = 0; kind < 4; ++kind) {
            Holdings holdings;
            holdings.broker.emplace(holdings.context->get_executor());
            holdings.broker->listen();
            holdings.run(holdings.fill(false));
            holdings.context->poll();
            while (holdings.inbox.try_receive()) {
            }
            Waits waits;
            if (kind == 0)
                waits.add(holdings.inbox.next());
            else if (kind == 1)
                waits.add(holdings.inbox.receive());
            else if (kind == 2)
                waits.add(holdings.inbox.next_for(20s));
            else
                waits.add(with_timeout(20s, holdings.inbox.ready()));
            asio::co_spawn(*holdings.context, std::move(waits.all.front()), asio::detached);
            holdings.context->poll();
            holdings.destroy(first);
            for (int i = 0; i < kinds; ++i)
                holdings.destroy(i);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_connect_that_is_under_way_when_the_context_goes)
{
    for (int rounds = 0; rounds < 40; ++rounds) {
        asio::io_context context;
        EmbeddedBroker broker(context.get_executor());
        broker.listen();
        if (rounds % 2)
            broker.faults().ignore_connect();
        Waits waits;
        StompClient const client;
        waits.add(client.connect(broker.url()));
        asio::co_spawn(context, std::move(waits.all.front()), asio::detached);
        for (int i = 0; i < rounds; ++i)
            context.poll_one();
    }
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_holds_everything_goes_down_with_the_context)
{
    for (int rounds = 0; rounds < 60; rounds += 3) {
        asio::io_context context;
        EmbeddedBroker broker(context.get_executor());
        broker.listen();
        auto const work = [&]() -> asio::awaitable<void> {
            auto session = co_await StompClient(confirming()).connect(broker.url());
            auto inbox = co_await session.subscribe("/queue/a", AckMode::client);
            auto transaction = co_await session.begin();
            co_await transaction.send("/queue/a", "x");
            auto pending = co_await session.submit("/queue/a", "y");
            for (;;) {
                auto const message = co_await inbox.receive();
                co_await message.ack();
            }
        };
        asio::co_spawn(context, work, asio::detached);
        for (int i = 0; i < rounds; ++i)
            context.run_one_for(10ms);
    }
}

BOOST_FIXTURE_TEST_CASE(operations_when_the_context_is_gone, ContextFixture)
{
    for (bool const on_strand : {false, true}) {
        Holdings holdings;
        holdings.broker.emplace(holdings.context->get_executor());
        holdings.broker->listen();
        holdings.run(holdings.fill(on_strand));
        holdings.context.reset();
        auto& session = holdings.session;
        run([&]() -> asio::awaitable<void> {
            std::vector<Failure> failures;
            auto failure = co_await failure_of(session.send("/queue/a", "x"));
            failures.push_back(failure);
            failure = co_await failure_of(session.submit("/queue/a", "x"));
            failures.push_back(failure);
            failure = co_await failure_of(session.subscribe("/queue/a"));
            failures.push_back(failure);
            failure = co_await failure_of(session.closed());
            failures.push_back(failure);
            failure = co_await failure_of(session.disconnect());
            failures.push_back(failure);
            failure = co_await failure_of(session.flush());
            failures.push_back(failure);
            failure = co_await failure_of(session.begin());
            failures.push_back(failure);
            failure = co_await failure_of(holdings.inbox.next());
            failures.push_back(failure);
            failure = co_await failure_of(holdings.inbox.next_for(1s));
            failures.push_back(failure);
            failure = co_await failure_of(holdings.inbox.ready());
            failures.push_back(failure);
            failure = co_await failure_of(holdings.inbox.unsubscribe());
            failures.push_back(failure);
            failure = co_await failure_of(holdings.pending.confirmed());
            failures.push_back(failure);
            failure = co_await failure_of(holdings.transaction.commit());
            failures.push_back(failure);
            failure = co_await failure_of(holdings.message->ack());
            failures.push_back(failure);
            for (auto const& one : failures)
                BOOST_TEST(is<SessionClosed>(one), one.what());
        });
        BOOST_TEST(!session.is_open());
        BOOST_CHECK_THROW(session.get_executor(), SessionClosed);
        session.start_disconnect();
        session.add_observer(std::make_shared<Observer>());
        static_cast<void>(holdings.inbox.try_receive());
        BOOST_TEST(holdings.message->body() == "x");
    }
}

namespace {

// Lets go of the session from inside a callback.
class LettingGo : public Observer, public Interceptor
{
public:
    LettingGo(std::string where, int after) : where_(std::move(where)), after_(after) {}
    void on_connected(Frame const&) override { at("connected"); }
    void on_frame_sent(Frame const&) override { at("sent"); }
    void on_frame_received(Frame const&) override { at("received"); }
    void on_closed(Failure const&) override { at("closed"); }
    void on_outgoing(Frame&) override { at("outgoing"); }
    bool on_incoming(Frame&) override
    {
        at("incoming");
        return true;
    }

    StompSession session;
    Subscription inbox;

private:
    void at(std::string_view where)
    {
        if (where == where_ && session.valid() && after_-- == 0) {
            session = StompSession();
            inbox = Subscription();
        }
    }
    std::string const where_;
    int after_;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_last_handle_goes_inside_a_callback, EmbeddedFixture)
{
    for (auto const where : {"sent", "received", "closed", "outgoing", "incoming"}) {
        for (int after = 0; after < 4; ++after) {
            auto const hooks = std::make_shared<LettingGo>(where, after);
            BOOST_TEST_CONTEXT(where << " " << after)
            {
                run([&]() -> asio::awaitable<void> {
                    auto config = confirming();
                    config.observer = hooks;
                    config.interceptor = hooks;
                    auto const executor = co_await asio::this_coro::executor;
                    Subscription other;
                    std::shared_ptr<Task<std::optional<Receipt>>> sending;
                    std::shared_ptr<Task<std::optional<Message>>> waiting;
                    {
                        auto session = co_await connect(config);
                        hooks->inbox = co_await session.subscribe("/queue/a");
                        other = co_await session.subscribe("/queue/b");
                        waiting = start(executor, other.next());
                        for (int i = 0; i < 5; ++i)
                            sending = start(executor, session.send("/queue/a", "x"));
                        hooks->session = std::move(session);
                    }
                    co_await others_go_on(100);
                    hooks->session = StompSession();
                    hooks->inbox = Subscription();
                    co_await finished(sending);
                    co_await finished(waiting);
                    BOOST_TEST(is<SessionClosed>(waiting->failure), waiting->failure.what());
                    co_await until([&] { return broker.connections() == 0; });
                });
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
