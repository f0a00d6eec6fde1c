#include "reconnect_tools.hpp"

#include <boost/asio/detached.hpp>

#include <cstdint>

// When a session that reconnects gives up, and how it is ended.
BOOST_FIXTURE_TEST_SUITE(reconnect_end, arbalest::test::ReconnectFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

ReconnectPolicy never_again()
{
    auto policy = quick_policy();
    policy.initial = 1h;
    policy.max = 1h;
    return policy;
}

ConnectError connect_error(Failure const& failure)
{
    try {
        failure.raise();
    } catch (ConnectError const& error) {
        return error;
    } catch (std::exception const& error) {
        BOOST_FAIL("not a ConnectError: " << error.what());
    }
    throw std::logic_error("not reached");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_rejected_login_ends_it_for_good)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a");
        broker.faults().refuse_login();
        broker.faults().drop_receipts(1);
        auto const sent = start(executor, send_confirmed(session, "/queue/a", "x"));
        co_await until([&] { return count_received("SEND x") == 1; });
        broker.faults().close_connections();
        auto const cause = co_await session.closed();
        auto const error = connect_error(cause);
        BOOST_TEST((error.phase() == ConnectPhase::stomp));
        BOOST_TEST(error.error_frame() != nullptr);
        BOOST_TEST(error.rounds() == 1u);
        BOOST_TEST(!session.is_open());
        co_await finished(sent);
        BOOST_TEST(is<ConnectError>(sent->failure), sent->failure.what());
        BOOST_TEST((sent->failure.outcome() == Outcome::unknown)); // it had left on the old connection
        auto const next = co_await failure_of(inbox.next());
        auto const last = co_await failure_of(inbox.next());
        BOOST_TEST(is<ConnectError>(last), last.what());
        auto const late = co_await failure_of(session.send("/queue/a", "y"));
        BOOST_TEST(is<ConnectError>(late));
        BOOST_TEST((late.outcome() == Outcome::not_sent));
    });
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_accepted_ends_it_for_good)
{
    run([this]() -> asio::awaitable<void> {
        TestAuthority trusted;
        TestAuthority strange;
        CertificateRequest request;
        request.ip_addresses.emplace_back("127.0.0.1");
        auto const good = trusted.issue(request);
        auto const bad = strange.issue(request);
        BrokerConfig secure;
        secure.tls.certificate_file = good.certificate_file;
        secure.tls.private_key_file = good.key_file;
        auto peer = std::make_unique<EmbeddedBroker>(context.get_executor(), secure);
        peer->listen(Listen::tls);
        auto const port = peer->port(Listen::tls);
        auto config = reconnecting();
        config.tls.ca_file = trusted.ca_file();
        StompClient client(config);
        auto session = co_await client.connect(peer->url(Listen::tls));
        peer->stop();
        peer.reset();
        co_await until_lost(session);
        co_await others_go_on(100);
        secure.tls.certificate_file = bad.certificate_file;
        secure.tls.private_key_file = bad.key_file;
        EmbeddedBroker impostor(context.get_executor(), secure);
        co_await until([&] {
            try {
                impostor.listen(Listen::tls, port);
                return true;
            } catch (boost::system::system_error const&) {
                return false; // its predecessor still has it
            }
        });
        auto const cause = co_await session.closed();
        auto const error = connect_error(cause);
        BOOST_TEST((error.phase() == ConnectPhase::tls), error.what());
        BOOST_TEST(error.attempts().back().certificate_refused);
    });
}

BOOST_AUTO_TEST_CASE(an_exhausted_policy_ends_it_with_the_last_cause_and_the_number_of_attempts)
{
    run([this]() -> asio::awaitable<void> {
        auto policy = quick_policy();
        policy.attempts = 3;
        auto session = co_await connect(reconnecting(policy));
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a");
        auto const waits = start(executor, inbox.next());
        broker.stop();
        auto const cause = co_await session.closed();
        auto const error = connect_error(cause);
        BOOST_TEST(error.rounds() == 3u);
        BOOST_TEST(error.attempts().size() == 1u); // those of the last
        BOOST_TEST((error.phase() == ConnectPhase::tcp));
        auto const summary = "cannot connect to " + broker.url() + " after 3 attempts: ";
        BOOST_TEST(std::string(error.what()).starts_with(summary), error.what());
        co_await finished(waits);
        BOOST_TEST(is<ConnectError>(waits->failure));
    });
}

BOOST_AUTO_TEST_CASE(attempts_that_lead_to_connections_that_do_not_hold_run_out_as_well)
{
    run([this]() -> asio::awaitable<void> {
        auto policy = quick_policy();
        policy.attempts = 2;
        policy.stable_after = 1h;
        auto session = co_await connect(reconnecting(policy));
        for (std::uint64_t connections = 2; connections <= 3; ++connections) {
            broker.faults().close_connections();
            co_await until_connected(session, connections);
        }
        broker.faults().close_connections();
        auto const cause = co_await session.closed();
        auto const error = connect_error(cause);
        BOOST_TEST(error.rounds() == 2u);
        BOOST_TEST((error.cause() == errc::connection_lost));
        auto const summary = "cannot connect to " + broker.url() + " after 2 attempts: ";
        BOOST_TEST(std::string(error.what()).starts_with(summary), error.what());
        BOOST_TEST(session.stats().connections == 3u);
    });
}

BOOST_AUTO_TEST_CASE(retry_if_has_the_last_word)
{
    run([this]() -> asio::awaitable<void> {
        std::vector<errc> asked;
        auto policy = quick_policy();
        policy.retry_if = [&asked](Failure const& failure) {
            asked.push_back(static_cast<errc>(failure.code().value()));
            return failure.code() != errc::missing_heart_beat && asked.size() < 4;
        };
        auto session = co_await connect(reconnecting(policy));
        broker.faults().refuse_login();
        broker.faults().close_connections();
        auto const cause = co_await session.closed();
        BOOST_TEST(connect_error(cause).rounds() == 3u);
        std::vector<errc> const expected{errc::connection_lost, errc::connect_failed, errc::connect_failed,
                                         errc::connect_failed};
        BOOST_TEST((asked == expected));

        broker.faults().clear();
        policy.retry_if = [](Failure const&) { return false; };
        auto second = co_await connect(reconnecting(policy));
        broker.faults().close_connections();
        auto const at_once = co_await second.closed();
        BOOST_TEST(is<ConnectionLost>(at_once), at_once.what());

        policy.retry_if = [](Failure const&) -> bool { throw std::runtime_error("cannot say"); };
        auto third = co_await connect(reconnecting(policy));
        broker.faults().close_connections();
        auto const unsaid = co_await third.closed();
        BOOST_TEST(is<ConnectionLost>(unsaid), unsaid.what());
    });
}

BOOST_AUTO_TEST_CASE(disconnect_ends_it_at_once_while_it_waits)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting(never_again()));
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a");
        broker.stop();
        co_await until_lost(session);
        auto const sent = start(executor, send_confirmed(session, "/queue/a", "x"));
        auto const begun = start(executor, session.begin());
        auto const flushed = start(executor, session.flush());
        auto const next = start(executor, inbox.next());
        co_await others_go_on();
        co_await session.disconnect();
        BOOST_TEST(!session.is_open());
        auto const cause = co_await session.closed();
        BOOST_TEST(is<SessionClosed>(cause));
        co_await finished(sent);
        BOOST_TEST(is<SessionClosed>(sent->failure));
        BOOST_TEST((sent->failure.outcome() == Outcome::not_sent));
        co_await finished(begun);
        BOOST_TEST(is<SessionClosed>(begun->failure));
        co_await finished(flushed);
        BOOST_TEST(is<SessionClosed>(flushed->failure));
        co_await finished(next);
        BOOST_TEST(!next->failure);
        BOOST_TEST(!next->value.value().has_value()); // the orderly end
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(disconnect_ends_it_at_once_while_it_connects)
{
    for (int i = 0; i < 3; ++i) {
        run([&]() -> asio::awaitable<void> {
            bool asked = false;
            auto config = reconnecting();
            config.before_connect = [&](ConnectParameters&) -> asio::awaitable<void> {
                asio::steady_timer timer(co_await asio::this_coro::executor);
                timer.expires_after(i == 2 && asked ? std::chrono::milliseconds(1h) : 0ms);
                asked = true;
                co_await timer.async_wait(asio::use_awaitable);
            };
            auto session = co_await connect(config);
            if (i == 0)
                broker.faults().ignore_connect();
            else if (i == 1)
                broker.faults().delay_accept(1h);
            auto events = session.connection_events();
            broker.faults().close_connections();
            for (;;) {
                auto const event = co_await events.next();
                if (event.value().state == ConnectionEvent::State::connecting)
                    break;
            }
            co_await pause(20ms); // so that it gets to CONNECT
            auto const executor = co_await asio::this_coro::executor;
            auto const ended = start(executor, session.disconnect());
            co_await finished(ended);
            BOOST_TEST(!ended->failure);
            broker.faults().clear();
            broker.stop();
        });
        BOOST_TEST(run_dry());
        broker.listen();
    }
}

BOOST_AUTO_TEST_CASE(an_ungraceful_disconnect_is_no_loss)
{
    run([this]() -> asio::awaitable<void> {
        auto config = reconnecting();
        config.graceful_disconnect = false;
        auto session = co_await connect(config);
        co_await session.disconnect();
        auto const cause = co_await session.closed();
        BOOST_TEST(is<SessionClosed>(cause));
        co_await pause(20ms);
        BOOST_TEST(session.stats().connections == 1u);
    });
}

BOOST_AUTO_TEST_CASE(a_connection_lost_in_the_middle_of_disconnecting_is_not_replaced)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting());
        auto const executor = co_await asio::this_coro::executor;
        broker.faults().drop_receipts();
        auto const sent = start(executor, send_confirmed(session, "/queue/a", "x"));
        co_await until([&] { return count_received("SEND x") == 1; });
        auto const ended = start(executor, session.disconnect());
        co_await others_go_on();
        broker.faults().close_connections();
        co_await finished(ended);
        co_await finished(sent);
        BOOST_TEST(static_cast<bool>(sent->failure));
        BOOST_TEST((sent->failure.outcome() == Outcome::unknown));
        BOOST_TEST(session.stats().connections == 1u);
    });
}

BOOST_AUTO_TEST_CASE(the_backlog_is_written_before_disconnect)
{
    run([this]() -> asio::awaitable<void> {
        auto config = reconnecting();
        config.write_buffer.limit = 200; // so that it takes several writes
        auto session = co_await connect(config);
        broker.stop();
        co_await until_lost(session);
        for (int i = 0; i < 50; ++i)
            co_await session.send("/queue/a", std::string(100, 'x'));
        broker.listen();
        co_await until_connected(session, 2);
        co_await session.disconnect();
        BOOST_TEST(broker.queue_depth("/queue/a") == 50u);
    });
}

BOOST_AUTO_TEST_CASE(the_last_handle_ends_it_while_it_waits)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(reconnecting(never_again()));
        auto const executor = co_await asio::this_coro::executor;
        auto inbox = co_await session.subscribe("/queue/a");
        broker.stop();
        co_await until_lost(session);
        auto const next = start(executor, inbox.next());
        auto pending = co_await session.submit("/queue/a", "x");
        session = StompSession();
        co_await finished(next);
        BOOST_TEST(is<SessionClosed>(next->failure));
        auto const lost = co_await failure_of(pending.confirmed());
        BOOST_TEST(is<SessionClosed>(lost));
        BOOST_TEST((lost.outcome() == Outcome::not_sent));
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(the_context_may_go_first_in_any_state)
{
    for (int i = 0; i < 3; ++i) {
        auto own = std::make_unique<asio::io_context>();
        auto session = std::make_unique<StompSession>();
        auto inbox = std::make_unique<Subscription>();
        auto events = std::make_unique<ConnectionEvents>();
        auto const executor = own->get_executor();
        bool ready = false;
        auto policy = i == 0 ? never_again() : quick_policy();
        StompClient client(executor, reconnecting(policy));
        auto const play = [&]() -> asio::awaitable<void> {
            *session = co_await client.connect(broker.url());
            *inbox = co_await session->subscribe("/queue/a");
            *events = session->connection_events();
            if (i == 1)
                broker.faults().ignore_connect();
            else if (i == 2)
                broker.faults().delay_accept(1h);
            broker.faults().close_connections();
            co_await until_lost(*session);
            ready = true;
            co_await send_confirmed(*session, "/queue/a", "x");
        };
        asio::co_spawn(executor, play(), asio::detached);
        asio::co_spawn(executor, events->next(), [](std::exception_ptr, std::optional<ConnectionEvent>) {});
        auto const end = std::chrono::steady_clock::now() + 20s;
        while (!ready && std::chrono::steady_clock::now() < end) {
            own->poll();
            context.restart();
            context.poll();
        }
        BOOST_REQUIRE(ready);
        own->run_for(20ms);
        own.reset();
        inbox.reset();
        session.reset();
        broker.faults().clear();
    }
}

BOOST_AUTO_TEST_CASE(the_first_connect_is_retried_when_that_is_wanted)
{
    run([this]() -> asio::awaitable<void> {
        broker.stop();
        auto policy = quick_policy();
        policy.first_connect = true;
        StompClient client(reconnecting(policy));
        auto const executor = co_await asio::this_coro::executor;
        auto const connected = start(executor, client.connect(broker.url()));
        co_await pause(30ms);
        BOOST_TEST(!connected->done);
        broker.listen();
        co_await finished(connected);
        BOOST_TEST(!connected->failure, connected->failure.what());
        co_await send_confirmed(*connected->value, "/queue/a", "x");
        co_await connected->value->disconnect();

        broker.stop();
        auto const cancelled = start(executor, client.connect(broker.url()));
        co_await pause(5ms);
        cancelled->cancel();
        co_await finished(cancelled);
        BOOST_TEST(is_aborted(cancelled->failure), cancelled->failure.what());

        policy.attempts = 2;
        StompClient impatient(reconnecting(policy));
        auto const exhausted = co_await failure_of(impatient.connect(broker.url()));
        BOOST_TEST(connect_error(exhausted).rounds() == 2u);

        broker.listen();
        broker.faults().refuse_login();
        auto const rejected = co_await failure_of(client.connect(broker.url()));
        BOOST_TEST(connect_error(rejected).rounds() == 1u);
        broker.faults().clear();
        broker.stop();

        StompClient plain(reconnecting());
        auto const at_once = co_await failure_of(plain.connect(broker.url()));
        BOOST_TEST(connect_error(at_once).rounds() == 1u);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_hook_may_end_it_in_the_middle_of_a_loss)
{
    class Ending : public Observer
    {
    public:
        void on_lost(Failure const&) override { session.start_disconnect(); }
        void on_waiting(std::chrono::milliseconds, unsigned) override { session = StompSession(); }
        StompSession session;
    };
    run([this]() -> asio::awaitable<void> {
        auto const observer = std::make_shared<Ending>();
        auto config = reconnecting();
        config.observer = observer;
        auto session = co_await connect(config);
        observer->session = session;
        broker.faults().close_connections();
        auto const cause = co_await session.closed();
        BOOST_TEST(is<SessionClosed>(cause), cause.what());
        observer->session = StompSession(); // each holds the other

        auto last = co_await connect(config);
        auto events = last.connection_events();
        class LettingGo : public Observer
        {
        public:
            void on_lost(Failure const&) override { *session = StompSession(); }
            StompSession* session = nullptr;
        };
        auto const letting_go = std::make_shared<LettingGo>();
        letting_go->session = &last;
        last.add_observer(letting_go);
        co_await others_go_on();
        broker.faults().close_connections();
        Failure end;
        while (auto const event = co_await events.next())
            end = event->cause;
        BOOST_TEST(is<SessionClosed>(end), end.what());
        broker.stop();
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()
