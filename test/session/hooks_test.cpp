#include "support/session_tools.hpp"

#include <stdexcept>

// Interceptors change what passes, observers look on.
BOOST_FIXTURE_TEST_SUITE(hooks, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

class Functions : public Interceptor
{
public:
    std::function<void(Frame&)> outgoing;
    std::function<bool(Frame&)> incoming;

    void on_outgoing(Frame& frame) override
    {
        if (outgoing)
            outgoing(frame);
    }
    bool on_incoming(Frame& frame) override { return !incoming || incoming(frame); }
};

class Throwing : public Observer
{
public:
    void on_connecting(std::string_view) override { fail(); }
    void on_connected(Frame const&) override { fail(); }
    void on_frame_sent(Frame const&) override { fail(); }
    void on_frame_received(Frame const&) override { fail(); }
    void on_closed(Failure const&) override { fail(); }
    int times = 0;

private:
    void fail()
    {
        ++times;
        throw std::runtime_error("an observer's own trouble");
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(an_observer_sees_everything_in_order)
{
    auto const log = std::make_shared<FrameLog>();
    run([&]() -> asio::awaitable<void> {
        auto config = confirming();
        config.observer = log;
        auto session = co_await connect(config);
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "x");
        co_await inbox.receive();
        co_await session.disconnect();
    });
    auto& events = log->events;
    BOOST_REQUIRE(events.size() >= 12u);
    BOOST_TEST(events[0] == "connecting " + broker.url());
    BOOST_TEST(events[1] == "sent CONNECT");
    BOOST_TEST(events[2] == "received CONNECTED");
    BOOST_TEST(events[3] == "connected");
    BOOST_TEST(events[4] == "sent SUBSCRIBE");
    BOOST_TEST(events[5] == "received RECEIPT");
    BOOST_TEST(events[6] == "sent SEND");
    // MESSAGE and RECEIPT come in either order.
    BOOST_TEST((events[7] + events[8] == "received RECEIPTreceived MESSAGE" ||
                events[7] + events[8] == "received MESSAGEreceived RECEIPT"));
    BOOST_TEST(events[9] == "sent DISCONNECT");
    BOOST_TEST(events[10] == "received RECEIPT");
    BOOST_TEST(events[11].starts_with("closed"));
    BOOST_TEST(std::ranges::count_if(events, [](auto const& e) { return e.starts_with("closed"); }) == 1);
}

BOOST_AUTO_TEST_CASE(the_passcode_is_masked)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        StompConfig config;
        config.observer = log;
        StompClient const client(config);
        auto session = co_await client.connect("stomp://user:secret@127.0.0.1:" + std::to_string(broker.port()));
        BOOST_TEST(log->sent.at(0).header("login").value_or("") == "user");
        BOOST_TEST(log->sent.at(0).header("passcode").value_or("(none)") != "secret");
        BOOST_TEST(log->events.at(0).find("secret") == std::string::npos);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(observers_come_and_go_and_several_are_told)
{
    run([this]() -> asio::awaitable<void> {
        auto const first = std::make_shared<FrameLog>();
        auto const second = std::make_shared<FrameLog>();
        auto const throwing = std::make_shared<Throwing>();
        auto const added = std::make_shared<FrameLog>();
        std::vector<std::shared_ptr<Observer>> all;
        all.push_back(throwing);
        all.push_back(first);
        all.push_back(nullptr);
        all.push_back(second);
        auto config = confirming();
        config.observer = combine_observers(all);
        auto session = co_await connect(config);
        session.add_observer(throwing);
        session.add_observer(added);
        co_await session.send("/queue/a", "1");
        BOOST_TEST(first->events == second->events);
        BOOST_TEST(added->count_sent("SEND") == 1u);
        session.remove_observer(added);
        auto const told = throwing->times;
        session.remove_observer(throwing); // the combined one stays
        co_await session.send("/queue/a", "2");
        BOOST_TEST(added->count_sent("SEND") == 1u);
        BOOST_TEST(first->count_sent("SEND") == 2u);
        BOOST_TEST(throwing->times == told + 2);
        co_await session.disconnect();
        BOOST_TEST(first->events.back().starts_with("closed"));
        BOOST_TEST(second->events == first->events);
    });
}

BOOST_AUTO_TEST_CASE(an_observer_may_remove_itself)
{
    class Once : public Observer
    {
    public:
        void on_frame_sent(Frame const&) override
        {
            ++times;
            session.remove_observer(self.lock());
        }
        StompSession session;
        std::weak_ptr<Once> self;
        int times = 0;
    };
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto once = std::make_shared<Once>();
        once->session = session;
        once->self = once;
        session.add_observer(once);
        std::weak_ptr<Once> const watched = once;
        once.reset();
        co_await session.send("/queue/a", "1");
        BOOST_TEST(watched.expired());
        co_await session.send("/queue/a", "2");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_interceptor_changes_what_goes_out_and_what_comes_in)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto const functions = std::make_shared<Functions>();
        functions->outgoing = [](Frame& frame) {
            if (frame.command() == "SEND")
                frame.add_header("x-traced", "yes");
        };
        functions->incoming = [](Frame& frame) {
            if (frame.command() == "MESSAGE")
                frame.set_body("changed: " + std::string(frame.body()));
            return true;
        };
        auto config = confirming();
        config.interceptor = functions;
        config.observer = log;
        auto session = co_await connect(config);
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "x");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.header("x-traced").value_or("") == "yes");
        BOOST_TEST(message.body() == "changed: x");
        // A second one comes behind the first.
        auto const second = std::make_shared<Functions>();
        second->incoming = [](Frame& frame) {
            if (frame.command() == "MESSAGE")
                frame.set_body("again " + std::string(frame.body()));
            return true;
        };
        session.add_interceptor(second);
        co_await session.send("/queue/a", "y");
        auto const twice = co_await inbox.receive();
        BOOST_TEST(twice.body() == "again changed: y");
        session.remove_interceptor(second);
        co_await session.send("/queue/a", "z");
        auto const once = co_await inbox.receive();
        BOOST_TEST(once.body() == "changed: z");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(what_is_swallowed_nobody_sees)
{
    run([this]() -> asio::awaitable<void> {
        auto const functions = std::make_shared<Functions>();
        functions->incoming = [](Frame& frame) {
            return frame.body() != "swallow" && frame.header("receipt-id") != "swallow";
        };
        auto session = co_await connect(StompConfig());
        session.add_interceptor(functions);
        auto inbox = co_await session.subscribe("/queue/a");
        co_await session.send("/queue/a", "swallow");
        co_await session.send("/queue/a", "leave");
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "leave");
        OutgoingMessage unanswered("/queue/b", "x");
        unanswered.receipt("swallow").receipt_timeout(30ms);
        auto const failure = co_await failure_of(session.send(std::move(unanswered)));
        BOOST_TEST(is<LostReceipt>(failure), failure.what());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(an_exception_on_the_way_out_fails_that_operation_only)
{
    run([this]() -> asio::awaitable<void> {
        auto const log = std::make_shared<FrameLog>();
        auto const functions = std::make_shared<Functions>();
        functions->outgoing = [](Frame& frame) {
            if (frame.body() == "bad")
                throw std::runtime_error("not this one");
        };
        auto config = confirming();
        config.interceptor = functions;
        config.observer = log;
        auto session = co_await connect(config);
        auto const failure = co_await failure_of(session.send("/queue/a", "bad"));
        BOOST_TEST(is<std::runtime_error>(failure), failure.what());
        BOOST_TEST(failure.what() == "not this one");
        auto const submitting = co_await failure_of(session.submit("/queue/a", "bad"));
        BOOST_TEST(is<std::runtime_error>(submitting), submitting.what());
        BOOST_TEST(log->count_sent("SEND") == 0u);
        BOOST_TEST(session.is_open());
        auto const receipt = co_await session.send("/queue/a", "good");
        BOOST_TEST(receipt.has_value());
        BOOST_TEST(broker.stats("/queue/a").sent == 1u);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(who_removes_itself_makes_no_other_miss_anything)
{
    class Once final : public Interceptor, public Observer
    {
    public:
        explicit Once(StompSession session) : session(std::move(session)) {}
        void on_outgoing(Frame&) override { remove(); }
        bool on_incoming(Frame&) override
        {
            remove();
            return true;
        }
        void on_frame_sent(Frame const&) override { remove_observer(); }
        void on_frame_received(Frame const&) override { remove_observer(); }
        std::weak_ptr<Once> self;
        int times = 0;

    private:
        void remove()
        {
            ++times;
            session.remove_interceptor(self.lock());
        }
        void remove_observer()
        {
            ++times;
            session.remove_observer(self.lock());
        }
        StompSession session;
    };
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const functions = std::make_shared<Functions>();
        auto const log = std::make_shared<FrameLog>();
        int outgoing = 0;
        int incoming = 0;
        functions->outgoing = [&](Frame&) { ++outgoing; };
        functions->incoming = [&](Frame&) { return ++incoming > 0; };
        auto once = std::make_shared<Once>(session);
        once->self = once;
        session.add_interceptor(once);
        session.add_interceptor(functions);
        session.add_observer(once);
        session.add_observer(log);
        co_await session.send("/queue/a", "1");
        BOOST_TEST(outgoing == 1);
        BOOST_TEST(incoming == 1);
        BOOST_TEST(log->count_sent("SEND") == 1u);
        BOOST_TEST(once->times == 2); // as an interceptor, and as an observer
        std::weak_ptr<Once> const watched = once;
        once.reset();
        BOOST_TEST(watched.expired());
        co_await session.disconnect();
    });
}

// What it holds goes with it, in the middle of a change of the session's hooks.
BOOST_AUTO_TEST_CASE(a_hook_that_is_removed_may_be_the_last_to_hold_the_session)
{
    class Holding final : public Observer
    {
    public:
        explicit Holding(StompSession session) : session(std::move(session)) {}
        StompSession session;
    };
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        auto const log = std::make_shared<FrameLog>();
        auto holding = std::make_shared<Holding>(session);
        session.add_observer(holding);
        session.add_observer(log);
        std::weak_ptr<Holding> const watched = holding;
        // The call itself holds no session.
        auto const remove = [&] {
            auto& held = holding->session;
            session = StompSession();
            held.remove_observer(std::exchange(holding, nullptr));
        };
        remove();
        BOOST_TEST(watched.expired());
        co_await until([&] { return !log->events.empty() && log->events.back().starts_with("closed"); });
    });
}

BOOST_AUTO_TEST_SUITE_END()
