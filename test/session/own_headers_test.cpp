#include "scripted_session.hpp"

// Headers that an operation sets itself, given by the user as well; destinations and modes that cannot be.
BOOST_FIXTURE_TEST_SUITE(own_headers, arbalest::test::ScriptedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

// What is tried with a header that is given to an operation.
class Scene
{
public:
    ScriptedFixture& fixture;
    StompSession session;
    Subscription inbox; // "s", client-individual, to /queue/q
    Message message;    // "1"
};

using Headers = std::vector<std::pair<std::string, std::string>>;
using Operation = asio::awaitable<void> (*)(Scene&, Headers const&);

template <class Options>
Options with(Options options, Headers const& headers)
{
    for (auto const& [name, value] : headers)
        options.header(name, value);
    return options;
}

asio::awaitable<void> subscribe(Scene& scene, Headers const& headers)
{
    auto options = with(SubscribeOptions(), headers);
    auto const subscription = co_await scene.session.subscribe("/queue/other", std::move(options));
    for (auto const& [name, value] : headers) {
        if (name == "id")
            BOOST_TEST(subscription.id() == value);
        if (name == "ack")
            BOOST_TEST(to_string(subscription.ack_mode()) == value);
    }
    BOOST_TEST(subscription.destination() == "/queue/other");
    // The handle goes, and says so to the broker.
    scene.fixture.script.expect_frame("UNSUBSCRIBE", {{"id", subscription.id()}});
}

asio::awaitable<void> subscribe_with_id_and_mode(Scene& scene, Headers const& headers)
{
    auto options = with(SubscribeOptions(), headers);
    options.id("mine").ack(AckMode::client);
    auto const subscription = co_await scene.session.subscribe("/queue/other", std::move(options));
    scene.fixture.script.expect_frame("UNSUBSCRIBE", {{"id", "mine"}});
}

asio::awaitable<void> unsubscribe(Scene& scene, Headers const& headers)
{
    auto options = with(FrameOptions(), headers);
    co_await scene.inbox.unsubscribe(std::move(options));
}

asio::awaitable<void> ack(Scene& scene, Headers const& headers)
{
    auto options = with(FrameOptions(), headers);
    co_await scene.session.ack(scene.message, std::move(options));
}

asio::awaitable<void> nack(Scene& scene, Headers const& headers)
{
    auto options = with(FrameOptions(), headers);
    co_await scene.session.nack(scene.message, std::move(options));
}

asio::awaitable<void> begin(Scene& scene, Headers const& headers)
{
    auto options = with(FrameOptions(), headers);
    auto transaction = co_await scene.session.begin(std::move(options));
    scene.fixture.script.expect_frame("ABORT", {{"transaction", transaction.id()}});
    co_await transaction.abort();
}

asio::awaitable<void> send(Scene& scene, Headers const& headers)
{
    OutgoingMessage message("/queue/a", "x");
    for (auto const& [name, value] : headers)
        message.header(name, value);
    co_await scene.session.send(std::move(message));
}

enum class Verdict { sent, adopted, refused };

class Case
{
public:
    char const* name;
    char const* command;
    Operation operation;
    Headers headers;
    Verdict verdict; // sent: beside the operation's own; adopted: as the operation's own
};

std::vector<Case> all_cases()
{
    using enum Verdict;
    std::vector<Case> cases{
        {"subscribe", "SUBSCRIBE", subscribe, {{"id", "chosen"}}, adopted},
        {"subscribe", "SUBSCRIBE", subscribe, {{"id", "s"}}, refused}, // in use
        {"subscribe", "SUBSCRIBE", subscribe, {{"id", ""}}, refused},
        {"subscribe", "SUBSCRIBE", subscribe, {{"ack", "client"}}, adopted},
        {"subscribe", "SUBSCRIBE", subscribe, {{"ack", "client-individual"}}, adopted},
        {"subscribe", "SUBSCRIBE", subscribe, {{"ack", "manual"}}, refused},
        {"subscribe", "SUBSCRIBE", subscribe, {{"destination", "/queue/other"}}, adopted},
        {"subscribe", "SUBSCRIBE", subscribe, {{"destination", "/queue/b"}}, refused},
        {"subscribe", "SUBSCRIBE", subscribe, {{"selector", "x = 1"}}, sent},
        {"subscribe", "SUBSCRIBE", subscribe, {{"subscription", "x"}, {"message-id", "1"}}, sent},
        {"subscribe", "SUBSCRIBE", subscribe, {{"content-length", "1"}}, refused},
        {"subscribe as", "SUBSCRIBE", subscribe_with_id_and_mode, {{"id", "mine"}, {"ack", "client"}}, adopted},
        {"subscribe as", "SUBSCRIBE", subscribe_with_id_and_mode, {{"id", "other"}}, refused},
        {"subscribe as", "SUBSCRIBE", subscribe_with_id_and_mode, {{"ack", "auto"}}, refused},
        {"unsubscribe", "UNSUBSCRIBE", unsubscribe, {{"id", "s"}}, adopted},
        {"unsubscribe", "UNSUBSCRIBE", unsubscribe, {{"id", "other"}}, refused},
        {"unsubscribe", "UNSUBSCRIBE", unsubscribe, {{"destination", "/queue/q"}}, sent},
        {"unsubscribe", "UNSUBSCRIBE", unsubscribe, {{"destination", "/queue/b"}}, refused},
        {"unsubscribe", "UNSUBSCRIBE", unsubscribe, {{"durable", "true"}}, sent},
        {"unsubscribe", "UNSUBSCRIBE", unsubscribe, {{"content-length", "1"}}, refused},
        {"begin", "BEGIN", begin, {{"transaction", "chosen"}}, adopted},
        {"begin", "BEGIN", begin, {{"transaction", "open"}}, refused}, // in use
        {"begin", "BEGIN", begin, {{"transaction", ""}}, refused},
        {"begin", "BEGIN", begin, {{"id", "x"}, {"destination", "x"}}, sent},
        {"begin", "BEGIN", begin, {{"content-length", "1"}}, refused},
        {"send", "SEND", send, {{"content-length", "1"}}, adopted},
        {"send", "SEND", send, {{"content-length", "2"}}, refused},
        {"send", "SEND", send, {{"transaction", "of-send-raw"}}, sent},
        {"send", "SEND", send, {{"id", "x"}, {"message-id", "x"}, {"subscription", "x"}, {"ack", "x"}}, sent},
    };
    for (auto const& [command, operation] :
         {std::pair<char const*, Operation>("ACK", ack), std::pair<char const*, Operation>("NACK", nack)}) {
        for (auto const* const name : {"id", "message-id", "subscription", "transaction"})
            cases.push_back({"ack or nack", command, operation, {{name, "1"}}, refused});
        cases.push_back({"ack or nack", command, operation, {{"requeue", "false"}}, sent});
        cases.push_back({"ack or nack", command, operation, {{"destination", "x"}}, sent});
        cases.push_back({"ack or nack", command, operation, {{"content-length", "1"}}, refused});
    }
    return cases;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_is_adopted_or_refused)
{
    for (auto const& one : all_cases()) {
        std::string text(one.name);
        for (auto const& [name, value] : one.headers)
            text += " " + name + ":" + value;
        BOOST_TEST_CONTEXT(text)
        {
            ScriptedFixture fixture;
            fixture.run([&]() -> asio::awaitable<void> {
                auto& script = fixture.script;
                Scene scene{fixture, StompSession(), Subscription(), Message()};
                scene.session = co_await fixture.open("some broker");
                script.expect_frame("SUBSCRIBE");
                fixture.deliver("1");
                SubscribeOptions how(AckMode::client_individual);
                how.id("s");
                scene.inbox = co_await scene.session.subscribe("/queue/q", how);
                scene.message = co_await scene.inbox.receive();
                script.expect_frame("BEGIN");
                FrameOptions open;
                open.header("transaction", "open");
                auto const transaction = co_await scene.session.begin(open);
                BOOST_TEST(transaction.id() == "open");
                co_await scene.session.flush();
                if (one.verdict != Verdict::refused) {
                    script.expect(
                        [&](Frame const& frame) {
                            return frame.command() == one.command &&
                                   std::ranges::all_of(one.headers, [&](auto const& header) {
                                       auto const all = frame.headers();
                                       return frame.header(header.first) == header.second &&
                                              std::ranges::count(all, std::string_view(header.first), &Header::name) ==
                                                  1;
                                   });
                        },
                        one.command);
                    if (std::string_view(one.command) == "UNSUBSCRIBE")
                        script.reply_frame("RECEIPT\nreceipt-id:{receipt}");
                }
                auto const failure = co_await failure_of(one.operation(scene, one.headers));
                BOOST_TEST(bool(failure) == (one.verdict == Verdict::refused), failure.what());
                if (failure) {
                    BOOST_TEST(is<InvalidFrame>(failure), failure.what());
                    BOOST_TEST(failure.outcome() == Outcome::not_sent);
                }
                // Nothing of it is left behind.
                bool const ended = std::string_view(one.command) == "UNSUBSCRIBE" && !failure;
                bool const settled = std::string_view(one.command).ends_with("ACK") && !failure;
                if (!ended && !settled) {
                    script.expect_frame("ACK", {{"id", "1"}});
                    co_await scene.session.ack(scene.message);
                }
                co_await fixture.finish(scene.session);
            });
        }
    }
}

BOOST_AUTO_TEST_CASE(a_transaction_may_have_an_id_again_when_the_former_is_over)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open("some broker");
        FrameOptions mine;
        mine.header("transaction", "tx-2");
        script.expect_frame("BEGIN", {{"transaction", "tx-2"}});
        auto first = co_await session.begin(mine);
        // Generated ids do not meet it.
        script.expect_frame("BEGIN", {{"transaction", "tx-1"}});
        auto second = co_await session.begin();
        script.expect_frame("BEGIN", {{"transaction", "tx-3"}});
        auto third = co_await session.begin();
        auto const failure = co_await failure_of(session.begin(mine));
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        for (auto const* const end : {"COMMIT", "ABORT"}) {
            script.expect_frame(end, {{"transaction", "tx-2"}});
            if (end == std::string("COMMIT"))
                co_await first.commit();
            else
                first = Transaction();
            script.expect_frame("BEGIN", {{"transaction", "tx-2"}});
            first = co_await session.begin(mine);
        }
        script.expect_frame("COMMIT", {{"transaction", "tx-2"}});
        co_await first.commit();
        for (auto* const other : {&second, &third}) {
            script.expect_frame("ABORT");
            co_await other->abort();
        }
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(a_destination_is_not_empty)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await open("some broker");
        script.expect_frame("BEGIN");
        auto transaction = co_await session.begin();
        auto const check = [](Failure const& failure) {
            BOOST_TEST(is<InvalidFrame>(failure), failure.what());
            BOOST_TEST(failure.outcome() == Outcome::not_sent);
        };
        auto const sending = co_await failure_of(session.send("", "x"));
        check(sending);
        auto const submitting = co_await failure_of(session.submit("", "x"));
        check(submitting);
        auto const in_transaction = co_await failure_of(transaction.send("", "x"));
        check(in_transaction);
        OutgoingMessage message("");
        message.header("destination", "/queue/a").with_receipt();
        auto const confirming_it = co_await failure_of(session.send(std::move(message)));
        check(confirming_it);
        auto const forwarding = co_await failure_of(session.send(OutgoingMessage::forward(Message())));
        check(forwarding);
        auto const subscribing = co_await failure_of(session.subscribe(""));
        check(subscribing);
        script.expect_frame("ABORT");
        co_await transaction.abort();
        co_await finish(session);
    });
}

BOOST_AUTO_TEST_CASE(stomp_1_0_has_no_client_individual)
{
    for (std::string const version : {"1.0", "1.1"}) {
        ScriptedFixture fixture;
        fixture.run([&]() -> asio::awaitable<void> {
            auto session = co_await fixture.open("some broker", fixture.quiet(), version);
            auto const subscribe_by_option = [&] { return session.subscribe("/queue/q", AckMode::client_individual); };
            SubscribeOptions by_header;
            by_header.header("ack", "client-individual");
            if (version == "1.0") {
                auto const by_setter = co_await failure_of(subscribe_by_option());
                auto const by_name = co_await failure_of(session.subscribe("/queue/q", by_header));
                for (auto const& failure : {by_setter, by_name}) {
                    BOOST_TEST(is<InvalidFrame>(failure), failure.what());
                    BOOST_TEST(failure.outcome() == Outcome::not_sent);
                }
            } else {
                fixture.script.expect_frame("SUBSCRIBE", {{"ack", "client-individual"}});
                auto const inbox = co_await subscribe_by_option();
                fixture.script.expect_frame("UNSUBSCRIBE");
            }
            fixture.script.expect_frame("SUBSCRIBE", {{"ack", "client"}});
            fixture.script.reply_frame("MESSAGE\nsubscription:sub-9\ndestination:/queue/q\nmessage-id:7");
            SubscribeOptions cumulative(AckMode::client);
            cumulative.id("sub-9");
            auto inbox = co_await session.subscribe("/queue/q", cumulative);
            auto const message = co_await inbox.receive();
            fixture.script.expect_frame("ACK", {{"message-id", "7"}});
            bool const acknowledged = co_await message.ack();
            BOOST_TEST(acknowledged);
            bool const again = co_await message.ack();
            BOOST_TEST(!again);
            co_await fixture.finish(session);
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
