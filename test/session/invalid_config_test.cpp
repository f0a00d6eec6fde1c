#include "support/session_tools.hpp"

#include <cmath>
#include <limits>

// Every field of the configuration with every kind of wrong value: found before any I/O, and never tried again.
BOOST_FIXTURE_TEST_SUITE(invalid_config, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
constexpr auto infinity = std::numeric_limits<double>::infinity();
constexpr auto longest = std::chrono::milliseconds::max();

struct WrongValue
{
    std::string field;
    std::string value; // empty: whatever is shown
    std::function<void(StompConfig&)> set;
};

template <class Get, class Value>
WrongValue wrong(std::string field, std::string shown, Get get, Value value)
{
    return {std::move(field), std::move(shown), [get, value](StompConfig& config) { get(config) = value; }};
}

void add_durations(std::vector<WrongValue>& all)
{
    auto const add = [&all](std::string const& field, auto get) {
        all.push_back(wrong(field, "-1 ms", get, -1ms));
        all.push_back(wrong(field, "-9223372036854775808 ms", get, std::chrono::milliseconds::min()));
    };
    add(
        "receipt_timeout", [](StompConfig & c) -> auto& { return c.receipt_timeout; });
    add(
        "connect_timeout", [](StompConfig & c) -> auto& { return c.connect_timeout; });
    add(
        "disconnect_timeout", [](StompConfig & c) -> auto& { return c.disconnect_timeout; });
    add(
        "heart_beat.send", [](StompConfig & c) -> auto& { return c.heart_beat.send; });
    add(
        "heart_beat.receive", [](StompConfig & c) -> auto& { return c.heart_beat.receive; });
    add(
        "websocket.ping_interval", [](StompConfig & c) -> auto& { return c.websocket.ping_interval; });
    add(
        "reconnect.initial", [](StompConfig & c) -> auto& { return c.reconnect->initial; });
    add(
        "reconnect.max", [](StompConfig & c) -> auto& { return c.reconnect->max; });
    add(
        "reconnect.stable_after", [](StompConfig & c) -> auto& { return c.reconnect->stable_after; });
}

void add_sizes(std::vector<WrongValue>& all)
{
    auto const add = [&all](std::string const& field, auto get) {
        all.push_back(wrong(field, "0", get, std::size_t{0}));
    };
    add(
        "limits.frame", [](StompConfig & c) -> auto& { return c.limits.frame; });
    add(
        "limits.header_line", [](StompConfig & c) -> auto& { return c.limits.header_line; });
    add(
        "limits.headers", [](StompConfig & c) -> auto& { return c.limits.headers; });
    add(
        "limits.body", [](StompConfig & c) -> auto& { return c.limits.body; });
    add(
        "subscription_buffer.messages", [](StompConfig & c) -> auto& { return c.subscription_buffer.messages; });
    add(
        "subscription_buffer.bytes", [](StompConfig & c) -> auto& { return c.subscription_buffer.bytes; });
    add(
        "subscription_buffer.hard_limit", [](StompConfig & c) -> auto& { return c.subscription_buffer.hard_limit; });
    add(
        "reconnect.outbox.messages", [](StompConfig & c) -> auto& { return c.reconnect->outbox.messages; });
    add(
        "reconnect.outbox.bytes", [](StompConfig & c) -> auto& { return c.reconnect->outbox.bytes; });
    all.push_back(wrong(
        "subscription_buffer.bytes", "67108865", [](StompConfig & c) -> auto& { return c.subscription_buffer.bytes; },
        (std::size_t{64} << 20) + 1));
}

void add_numbers(std::vector<WrongValue>& all)
{
    auto const add = [&all](std::string const& field, auto get, std::vector<double> values) {
        values.insert(values.end(), {nan, infinity, -infinity, -1.0});
        for (auto const value : values)
            all.push_back(wrong(field, "", get, value));
    };
    add("heart_beat_tolerance.send_scale", [](StompConfig & c) -> auto& { return c.heart_beat_tolerance.send_scale; },
        {0.0, -0.0, 1.001});
    add("heart_beat_tolerance.receive_scale",
        [](StompConfig & c) -> auto& { return c.heart_beat_tolerance.receive_scale; }, {0.0, 0.999});
    add("reconnect.multiplier", [](StompConfig & c) -> auto& { return c.reconnect->multiplier; }, {0.0, 0.999});
    add("reconnect.jitter", [](StompConfig & c) -> auto& { return c.reconnect->jitter; }, {1.001});
}

void add_texts(std::vector<WrongValue>& all)
{
    auto const add = [&all](std::string field, std::string value, std::function<void(StompConfig&)> set) {
        all.push_back({std::move(field), std::move(value), std::move(set)});
    };
    add("accept_versions", "empty", [](StompConfig& c) { c.accept_versions.clear(); });
    add("accept_versions", "7", [](StompConfig& c) { c.accept_versions.push_back(static_cast<StompVersion>(7)); });
    for (std::string const value : {"", "10000", "a,b", "1,-1", "1,2,3"}) {
        add("connect_headers: heart-beat", "'" + value + "'",
            [value](StompConfig& c) { c.connect_headers.emplace_back("heart-beat", value); });
    }
    add("subscription_buffer.policy", "9",
        [](StompConfig& c) { c.subscription_buffer.policy = static_cast<OverflowPolicy>(9); });
    add("tcp.local_address", "'localhost'", [](StompConfig& c) { c.tcp.local_address = "localhost"; });
    add("tls.certificate_file", "empty", [](StompConfig& c) { c.tls.private_key_file = "/etc/key.pem"; });
    add("proxy_tls.certificate_file", "empty", [](StompConfig& c) { c.proxy_tls.private_key_file = "/etc/key.pem"; });
    add("tcp.keep_alive_idle", "-1 s", [](StompConfig& c) { c.tcp.keep_alive_idle = -1s; });
    add("tcp.keep_alive_interval", "-1 s", [](StompConfig& c) { c.tcp.keep_alive_interval = -1s; });
    add("tcp.keep_alive_probes", "-1", [](StompConfig& c) { c.tcp.keep_alive_probes = -1; });
    add("websocket.headers", "'a b'", [](StompConfig& c) { c.websocket.headers.emplace_back("a b", "c"); });
    add("websocket.headers: Token", "(hidden)",
        [](StompConfig& c) { c.websocket.headers.emplace_back("Token", "s3cret\r\nX: y"); });
    add("websocket.user_agent", "", [](StompConfig& c) { c.websocket.user_agent = "a\nb"; });
    add("websocket.subprotocols", "'v12, v11'", [](StompConfig& c) { c.websocket.subprotocols.push_back("v12, v11"); });
    add("websocket.payload", "3", [](StompConfig& c) { c.websocket.payload = static_cast<WebSocketPayload>(3); });
    add("tcp.user_timeout", "-1 ms", [](StompConfig& c) { c.tcp.user_timeout = -1ms; });
    add("tcp.connection_attempt_delay", "-1 ms", [](StompConfig& c) { c.tcp.connection_attempt_delay = -1ms; });
    add("proxy", "(hidden)", [](StompConfig& c) { c.proxy = "ftp://user:s3cret@proxy.test"; });
}

std::vector<WrongValue> wrong_values()
{
    std::vector<WrongValue> all;
    add_durations(all);
    add_sizes(all);
    add_numbers(all);
    add_texts(all);
    return all;
}

// Fails the test when it is used.
class UnusedTransport : public Transport
{
public:
    UnusedTransport(asio::any_io_executor executor, bool& used) : executor_(std::move(executor)), used_(used) {}

    asio::any_io_executor get_executor() override { return executor_; }
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer) override { return fail(); }
    asio::awaitable<std::size_t> write_some(asio::const_buffer, std::span<std::size_t const>) override
    {
        return fail();
    }
    asio::awaitable<void> close(CloseReason) override { co_return; }
    void abort() noexcept override {}

private:
    asio::awaitable<std::size_t> fail()
    {
        used_ = true;
        throw boost::system::system_error(asio::error::eof);
        co_return 0;
    }

    asio::any_io_executor executor_;
    bool& used_;
};

class AttemptCount : public Observer
{
public:
    void on_connecting(std::string_view) override { ++attempts; }
    int attempts = 0;
};

void check_names(Failure const& failure, WrongValue const& row)
{
    BOOST_REQUIRE(is<InvalidConfig>(failure));
    auto const& error = as<InvalidConfig>(failure);
    BOOST_TEST((error.code() == errc::invalid_config));
    BOOST_TEST(error.outcome() == Outcome::not_sent);
    BOOST_TEST(error.field() == row.field);
    if (!row.value.empty())
        BOOST_TEST(error.value() == row.value);
    std::string const what = error.what();
    BOOST_TEST(what.find(error.field()) != what.npos, what);
    BOOST_TEST(what.find(error.value()) != what.npos, what);
    BOOST_TEST(what.find("s3cret") == what.npos, what);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_wrong_value_is_named_before_any_io)
{
    run([this]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        for (auto const& row : wrong_values()) {
            BOOST_TEST_CONTEXT(row.field << ' ' << row.value)
            {
                auto const count = std::make_shared<AttemptCount>();
                StompConfig config;
                config.observer = count;
                config.reconnect.emplace();
                config.reconnect->initial = 1ms;
                config.reconnect->first_connect = true;
                config.reconnect->retry_if = [](Failure const&) { return true; };
                row.set(config);
                auto const failure = co_await failure_of(connect(config));
                check_names(failure, row);
                BOOST_TEST(count->attempts == 0);

                bool used = false;
                std::unique_ptr<Transport> transport = std::make_unique<UnusedTransport>(executor, used);
                auto const over = co_await failure_of(StompSession::over(std::move(transport), config));
                check_names(over, row);
                BOOST_TEST(!used);
                BOOST_TEST(count->attempts == 0);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(what_connect_cannot_hold_is_found_before_any_io)
{
    run([this]() -> asio::awaitable<void> {
        std::function<void(StompConfig&)> const all[] = {
            [](StompConfig& c) { c.login = "a\nb"; },
            [](StompConfig& c) { c.passcode = std::string("a\0b", 3); },
            [](StompConfig& c) { c.host = "a\rb"; },
            [](StompConfig& c) { c.client_id = "a\n"; },
            [](StompConfig& c) { c.connect_headers.emplace_back("", "x"); },
        };
        for (auto const& set : all) {
            auto const count = std::make_shared<AttemptCount>();
            StompConfig config;
            config.observer = count;
            set(config);
            auto const failure = co_await failure_of(connect(config));
            BOOST_TEST(is<InvalidFrame>(failure), failure.what());
            BOOST_TEST(count->attempts == 0);
        }
    });
}

BOOST_AUTO_TEST_CASE(the_buffer_of_one_subscription)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect();
        std::pair<std::string, std::function<void(SubscriptionBuffer&)>> const all[] = {
            {"buffer.messages", [](SubscriptionBuffer& b) { b.messages = 0; }},
            {"buffer.bytes", [](SubscriptionBuffer& b) { b.bytes = 0; }},
            {"buffer.hard_limit", [](SubscriptionBuffer& b) { b.hard_limit = 0; }},
            {"buffer.bytes", [](SubscriptionBuffer& b) { b.bytes = b.hard_limit + 1; }},
            {"buffer.policy", [](SubscriptionBuffer& b) { b.policy = static_cast<OverflowPolicy>(4); }},
        };
        for (auto const& [field, set] : all) {
            SubscriptionBuffer buffer;
            set(buffer);
            SubscribeOptions how;
            how.buffer(buffer);
            auto const failure = co_await failure_of(session.subscribe("/queue/a", how));
            check_names(failure, {field, "", nullptr});
        }
        auto const inbox = co_await session.subscribe("/queue/a");
        BOOST_TEST(inbox.id() == "sub-1"); // nothing was left behind
        co_await session.disconnect();
    });
}

// Of a single operation, whichever.
BOOST_AUTO_TEST_CASE(negative_limits_of_receipts)
{
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.auto_receipt = false;
        auto session = co_await connect(config);
        WrongValue const wrong_limit{"receipt_timeout", "-1 ms", nullptr};
        OutgoingMessage message("/queue/a", "x");
        message.with_receipt().receipt_timeout(-1ms);
        FrameOptions options;
        options.with_receipt().receipt_timeout(-1ms);
        SubscribeOptions how;
        how.receipt_timeout(-1ms);
        auto failure = co_await failure_of(session.send(message));
        check_names(failure, wrong_limit);
        failure = co_await failure_of(session.submit(message));
        check_names(failure, wrong_limit);
        failure = co_await failure_of(session.subscribe("/queue/a", how));
        check_names(failure, wrong_limit);
        failure = co_await failure_of(session.begin(options));
        check_names(failure, wrong_limit);
        auto transaction = co_await session.begin();
        failure = co_await failure_of(transaction.send(message));
        check_names(failure, wrong_limit);
        co_await transaction.commit();
        auto inbox = co_await session.subscribe("/queue/b");
        failure = co_await failure_of(inbox.unsubscribe(options));
        check_names(failure, wrong_limit);
        co_await session.disconnect();
        BOOST_TEST(broker.queue_depth("/queue/a") == 0u); // nothing was sent
        BOOST_TEST(broker.subscriptions() == 0u);
    });
}

// Zero, where it has a meaning, and the largest values there are.
BOOST_AUTO_TEST_CASE(the_ends_of_what_is_allowed)
{
    constexpr auto most = std::numeric_limits<std::size_t>::max();
    for (bool const is_zero : {true, false}) {
        StompConfig config;
        auto const duration = is_zero ? 0ms : longest;
        config.receipt_timeout = config.connect_timeout = config.disconnect_timeout = duration;
        config.heart_beat = HeartBeat(duration, duration);
        config.heart_beat_tolerance = HeartBeatTolerance(1.0, is_zero ? 1.0 : 1e300);
        config.websocket.ping_interval = duration;
        config.websocket.max_message_size = config.websocket.split_large_frames = is_zero ? 0 : most;
        config.write_buffer.limit = is_zero ? 0 : most;
        config.limits.frame = config.limits.header_line = config.limits.headers = config.limits.body = most;
        config.subscription_buffer.messages = config.subscription_buffer.bytes = most;
        config.subscription_buffer.hard_limit = most;
        auto& policy = config.reconnect.emplace();
        policy.max = policy.stable_after = duration;
        policy.initial = 0ms;
        policy.multiplier = 1;
        policy.jitter = is_zero ? 0 : 1;
        policy.outbox = OutboxLimits(most, most);
        run([&]() -> asio::awaitable<void> {
            auto session = co_await connect(config);
            auto inbox = co_await session.subscribe("/queue/ends");
            for (int round = 0; round < 2; ++round) {
                OutgoingMessage message("/queue/ends", "x");
                message.with_receipt();
                auto const sending = start(session.get_executor(), session.send(message));
                if (round == 0) {
                    // What it waits with is the same after another connection.
                    co_await others_go_on(1);
                    broker.faults().reset_connections();
                }
                co_await finished(sending);
                BOOST_TEST(!sending->failure, sending->failure.what());
                auto const received = co_await inbox.next();
                BOOST_TEST(received->body() == "x");
            }
            co_await session.disconnect();
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
