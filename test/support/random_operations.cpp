#include "random_operations.hpp"

#include "queue_witness.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <exception>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace arbalest::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Fate = MessageLedger::Fate;
using std::chrono::steady_clock;

struct RandomOperations::State
{
    explicit State(Options options)
        : options(std::move(options)), queue(this->options.queues + "-seen"), work(this->options.queues + "-work"),
          own_ids(this->options.sessions)
    {
    }

    Options const options;
    std::string const queue; // which the witness reads
    std::string const work;  // which the sessions themselves read
    MessageLedger ledger;
    std::vector<StompSession> sessions;
    std::vector<std::array<bool, 6>> own_ids; // of each session: which receipt ids of our own are in use
    std::optional<QueueWitness> witness;
    Counts counts;
    bool stopping = false;
    std::vector<std::string> doing; // what each worker is at; empty when it has ended
};

namespace {

using Shared = std::shared_ptr<RandomOperations::State>;

constexpr std::string_view body_prefix = "message ";

constexpr std::chrono::milliseconds long_limit = 30s;

/// What one operation is chosen with, and who it is for.
class Draw
{
public:
    Draw(Shared state, std::size_t worker, std::uint32_t seed) : state(std::move(state)), worker(worker), random_(seed)
    {
    }

    /// A number below that one.
    std::size_t below(std::size_t end) { return random_() % end; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    /// For a receipt: one that is not reached, or one that often is.
    std::chrono::milliseconds limit() { return one_in(8) ? std::chrono::milliseconds(20 + below(300)) : long_limit; }
    void now(std::string what) { state->doing[worker] = std::move(what); }

    Shared const state;
    std::size_t const worker;

private:
    std::mt19937 random_;
};

using DrawPointer = std::shared_ptr<Draw>;

/// An id of our own for a receipt, which nobody else uses meanwhile.
class OwnReceiptId
{
public:
    OwnReceiptId(Shared state, std::size_t session, std::size_t first) : state_(std::move(state)), session_(session)
    {
        auto& used = state_->own_ids[session];
        for (std::size_t i = 0; i < used.size(); ++i) {
            auto const index = (first + i) % used.size();
            if (std::exchange(used[index], true))
                continue;
            index_ = index;
            return;
        }
    }
    OwnReceiptId(OwnReceiptId const&) = delete;
    OwnReceiptId& operator=(OwnReceiptId const&) = delete;
    ~OwnReceiptId()
    {
        if (index_)
            state_->own_ids[session_][*index_] = false;
    }

    explicit operator bool() const noexcept { return index_.has_value(); }
    std::string text() const { return "own " + std::to_string(*index_); }

private:
    Shared state_;
    std::size_t session_;
    std::optional<std::size_t> index_;
};

StompSession any_session(Draw& draw)
{
    auto const& sessions = draw.state->sessions;
    return sessions[draw.below(sessions.size())];
}

asio::awaitable<void> wait_a_while(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

/// Notes a failure of an operation. Returns what it says of the messages that it is about.
Fate judge(RandomOperations::State& state, std::exception_ptr thrown, steady_clock::time_point begun)
{
    try {
        std::rethrow_exception(thrown);
    } catch (LostReceipt const& error) {
        ++state.counts.lost_receipts;
        state.counts.early += steady_clock::now() - begun < error.limit() ? 1 : 0;
        return error.outcome() == Outcome::not_sent ? Fate::never : Fate::unknown;
    } catch (Timeout const&) {
        return Fate::unknown;
    } catch (StompError const& error) {
        bool const is_expected = error.code() == errc::connection_lost || error.code() == errc::stale_message ||
                                 error.code() == errc::session_closed || error.code() == errc::error_frame_received ||
                                 error.code() == errc::connect_failed;
        if (!is_expected && state.counts.trouble.size() < 2000)
            state.counts.trouble += std::string(" ") + error.what() + ";";
        return error.outcome() == Outcome::unknown ? Fate::unknown : Fate::never;
    } catch (boost::system::system_error const& error) {
        if (error.code() != asio::error::operation_aborted && state.counts.trouble.size() < 2000)
            state.counts.trouble += std::string(" ") + error.what() + ";";
        return Fate::unknown;
    }
}

OutgoingMessage next_message(Draw& draw, std::uint64_t number)
{
    OutgoingMessage message(draw.state->queue, std::string(body_prefix) + std::to_string(number));
    if (draw.one_in(6))
        message.header("filler", std::string(draw.below(3000), 'x'));
    message.header("persistent", "true");
    return message;
}

// --- sends

asio::awaitable<void> send_in_any_way(DrawPointer draw)
{
    auto const state = draw->state;
    auto const index = draw->below(state->sessions.size());
    auto const session = state->sessions[index];
    auto const number = state->ledger.add();
    auto message = next_message(*draw, number);
    message.receipt_timeout(draw->limit());
    std::optional<OwnReceiptId> own;
    switch (draw->below(3)) {
    case 0:
        message.with_receipt();
        break;
    case 1:
        own.emplace(state, index, draw->below(6));
        if (*own)
            message.receipt(own->text());
        break;
    default:
        break; // as the configuration has it
    }
    auto const begun = steady_clock::now();
    try {
        auto const receipt = co_await session.send(std::move(message));
        state->ledger.decide(number, receipt ? Fate::confirmed : Fate::unknown);
    } catch (...) {
        state->ledger.decide(number, judge(*state, std::current_exception(), begun));
    }
}

asio::awaitable<void> submit_several(DrawPointer draw)
{
    class Submitted
    {
    public:
        PendingReceipt pending;
        std::uint64_t number = 0;
        steady_clock::time_point begun;
    };
    auto const state = draw->state;
    auto const session = any_session(*draw);
    std::vector<Submitted> all;
    for (auto left = 1 + draw->below(8); left != 0; --left) {
        Submitted one;
        one.number = state->ledger.add();
        auto message = next_message(*draw, one.number);
        message.with_receipt();
        message.receipt_timeout(draw->limit());
        one.begun = steady_clock::now();
        try {
            one.pending = co_await session.submit(std::move(message));
            all.push_back(std::move(one));
        } catch (...) {
            state->ledger.decide(one.number, judge(*state, std::current_exception(), one.begun));
        }
    }
    while (!all.empty()) {
        auto one = std::move(all.back());
        all.pop_back();
        if (draw->one_in(6)) { // it is let go of
            state->ledger.decide(one.number, Fate::unknown);
            continue;
        }
        try {
            co_await one.pending.confirmed();
            state->ledger.decide(one.number, Fate::confirmed);
        } catch (...) {
            state->ledger.decide(one.number, judge(*state, std::current_exception(), one.begun));
        }
    }
}

asio::awaitable<void> send_for_a_time(DrawPointer draw)
{
    auto const limit = 1ms + std::chrono::milliseconds(draw->below(20));
    auto operation = send_in_any_way(draw);
    auto const begun = steady_clock::now();
    try {
        co_await with_timeout(limit, std::move(operation));
    } catch (...) {
        judge(*draw->state, std::current_exception(), begun);
    }
}

// --- transactions

asio::awaitable<void> use_transaction(DrawPointer draw, StompSession session, std::optional<Message> message)
{
    auto const state = draw->state;
    bool const with_receipts = state->options.config.auto_receipt || draw->one_in(2);
    std::vector<std::uint64_t> numbers;
    auto fate = Fate::never; // unless it is committed
    auto const begun = steady_clock::now();
    try {
        auto transaction = co_await session.begin();
        for (auto left = 1 + draw->below(3); left != 0; --left) {
            numbers.push_back(state->ledger.add());
            auto next = next_message(*draw, numbers.back());
            next.receipt_timeout(long_limit);
            if (with_receipts)
                next.with_receipt();
            co_await transaction.send(std::move(next));
        }
        if (message)
            co_await transaction.ack(*message);
        switch (draw->below(4)) {
        case 0:
            co_await transaction.abort();
            break;
        case 1:
            break; // the handle's end aborts it
        default:
            fate = Fate::unknown; // should this coroutine be cancelled from here on
            co_await transaction.commit();
            fate = with_receipts ? Fate::confirmed : Fate::unknown;
            break;
        }
    } catch (...) {
        auto const judged = judge(*state, std::current_exception(), begun);
        if (fate != Fate::never)
            fate = judged;
    }
    for (auto const number : numbers)
        state->ledger.decide(number, fate);
}

// --- subscriptions

asio::awaitable<void> send_work(DrawPointer draw, StompSession session)
{
    for (auto left = 1 + draw->below(4); left != 0; --left) {
        OutgoingMessage message(draw->state->work, "work");
        if (draw->one_in(2))
            message.with_receipt();
        co_await session.send(std::move(message));
    }
}

FrameOptions settling_options(Draw& draw)
{
    FrameOptions options;
    if (draw.one_in(2))
        options.with_receipt();
    if (draw.one_in(4))
        options.receipt_timeout(std::chrono::milliseconds(50 + draw.below(300)));
    return options;
}

asio::awaitable<void> settle_message(DrawPointer draw, StompSession session, Message message)
{
    auto const options = settling_options(*draw);
    switch (draw->below(5)) {
    case 0:
        co_await session.nack(message, options);
        break;
    case 1:
        co_await use_transaction(draw, std::move(session), std::move(message));
        break;
    case 2:
        break; // it stays unsettled
    default:
        co_await session.ack(message, options);
        break;
    }
}

asio::awaitable<void> consume_for_a_while(DrawPointer draw)
{
    auto const state = draw->state;
    auto const session = any_session(*draw);
    auto const begun = steady_clock::now();
    try {
        co_await send_work(draw, session);
        constexpr std::array modes{AckMode::automatic, AckMode::client, AckMode::client_individual,
                                   AckMode::client_individual};
        auto const mode = modes[draw->below(modes.size())];
        SubscribeOptions options;
        options.ack(mode);
        if (draw->one_in(2))
            options.with_receipt();
        auto inbox = co_await session.subscribe(state->work, options);
        for (auto left = draw->below(5); left != 0; --left) {
            auto message = co_await inbox.next_for(100ms);
            if (!message)
                break;
            if (mode != AckMode::automatic)
                co_await settle_message(draw, session, std::move(*message));
        }
        if (draw->one_in(3))
            co_return; // the handle's end unsubscribes
        auto const how = settling_options(*draw);
        co_await inbox.unsubscribe(how);
    } catch (...) {
        judge(*state, std::current_exception(), begun);
    }
}

// --- sessions that come and go

asio::awaitable<void> live_shortly(DrawPointer draw)
{
    auto const state = draw->state;
    auto const begun = steady_clock::now();
    auto const number = state->ledger.add();
    auto fate = Fate::never; // until it is sent
    try {
        StompClient const client(state->options.config);
        auto session = co_await client.connect(state->options.url);
        auto message = next_message(*draw, number);
        message.with_receipt();
        fate = Fate::unknown;
        auto pending = co_await session.submit(std::move(message));
        if (draw->one_in(2))
            co_await session.disconnect();
        else
            session = StompSession();
        co_await pending.confirmed();
        fate = Fate::confirmed;
    } catch (...) {
        auto const judged = judge(*state, std::current_exception(), begun);
        if (fate != Fate::never)
            fate = judged;
    }
    state->ledger.decide(number, fate);
}

asio::awaitable<void> flush_session(DrawPointer draw)
{
    auto const state = draw->state;
    auto const session = any_session(*draw);
    auto const begun = steady_clock::now();
    try {
        co_await session.flush();
    } catch (...) {
        judge(*state, std::current_exception(), begun);
    }
}

// --- the workers

asio::awaitable<void> any_operation(DrawPointer draw)
{
    switch (draw->below(14)) {
    case 0:
    case 1:
        draw->now("submit");
        return submit_several(draw);
    case 2:
        draw->now("send with a timeout");
        return send_for_a_time(draw);
    case 3:
    case 4:
        draw->now("transaction");
        return use_transaction(draw, any_session(*draw), std::nullopt);
    case 5:
    case 6:
    case 7:
        draw->now("subscription");
        return consume_for_a_while(draw);
    case 8:
        draw->now("flush");
        return flush_session(draw);
    case 9:
        if (draw->one_in(4)) {
            draw->now("short session");
            return live_shortly(draw);
        }
        [[fallthrough]];
    default:
        draw->now("send");
        return send_in_any_way(draw);
    }
}

struct CancelledRun
{
    explicit CancelledRun(asio::any_io_executor executor) : ended(std::move(executor), steady_clock::time_point::max())
    {
    }

    asio::cancellation_signal signal;
    asio::steady_timer ended;
    bool done = false;
};

// Runs an operation, and cancels it if it takes longer than that.
asio::awaitable<void> run_and_cancel(asio::awaitable<void> operation, std::size_t rounds,
                                     std::chrono::milliseconds time)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const run = std::make_shared<CancelledRun>(executor);
    asio::co_spawn(executor, std::move(operation),
                   asio::bind_cancellation_slot(run->signal.slot(), [run](std::exception_ptr) {
                       run->done = true;
                       run->signal.slot().clear();
                       run->ended.cancel();
                   }));
    for (; rounds != 0; --rounds)
        co_await asio::post(executor, asio::use_awaitable);
    if (time.count() > 0)
        co_await wait_a_while(time);
    if (!run->done)
        run->signal.emit(asio::cancellation_type::terminal);
    boost::system::error_code ignored;
    if (!run->done)
        co_await run->ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> work_at_random(DrawPointer draw)
{
    auto const state = draw->state;
    while (!state->stopping) {
        auto operation = any_operation(draw);
        if (draw->one_in(8)) {
            state->doing[draw->worker] += ", cancelled";
            auto const rounds = draw->below(4);
            auto const time = std::chrono::milliseconds(draw->one_in(2) ? 0 : draw->below(12));
            co_await run_and_cancel(std::move(operation), rounds, time);
        } else {
            try {
                co_await std::move(operation);
            } catch (std::exception const& error) {
                state->counts.trouble += std::string(" ") + error.what() + ";";
            }
        }
        ++state->counts.operations;
        auto const pause = draw->one_in(3) ? std::chrono::milliseconds(draw->below(4)) : 0ms;
        if (pause.count() > 0)
            co_await wait_a_while(pause);
        else
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
    state->doing[draw->worker].clear();
}

std::size_t count_working(RandomOperations::State const& state)
{
    std::size_t count = 0;
    for (auto const& what : state.doing)
        count += what.empty() ? 0 : 1;
    return count;
}

} // namespace

RandomOperations::RandomOperations(Options options) : state_(std::make_shared<State>(std::move(options))) {}

RandomOperations::~RandomOperations() = default;

asio::awaitable<void> RandomOperations::begin()
{
    auto const executor = co_await asio::this_coro::executor;
    auto const state = state_;
    auto const& options = state->options;
    state->witness.emplace(options.witness_url, state->queue, std::string(body_prefix), state->ledger);
    co_await state->witness->begin();
    StompClient const client(options.config);
    for (std::size_t i = 0; i < options.sessions; ++i) {
        auto session = co_await client.connect(options.url);
        state->sessions.push_back(std::move(session));
    }
    state->doing.resize(options.workers, "nothing yet");
    for (std::size_t i = 0; i < options.workers; ++i) {
        auto const draw = std::make_shared<Draw>(state, i, options.seed * 1000 + static_cast<std::uint32_t>(i));
        asio::co_spawn(executor, work_at_random(draw), asio::detached);
    }
}

std::uint64_t RandomOperations::operations() const noexcept
{
    return state_->counts.operations;
}

std::uint64_t RandomOperations::confirmed() const
{
    return state_->ledger.count(Fate::confirmed);
}

asio::awaitable<RandomOperations::Counts> RandomOperations::end()
{
    auto const state = state_;
    state->stopping = true;
    auto const deadline = steady_clock::now() + state->options.last_words;
    while (count_working(*state) != 0 && steady_clock::now() < deadline)
        co_await wait_a_while(2ms);
    for (auto const& what : state->doing) {
        if (!what.empty())
            state->counts.trouble += " hangs: " + what + ";";
    }
    auto& counts = state->counts;
    counts.hanging = count_working(*state);
    for (auto const& session : state->sessions) {
        counts.connections += session.stats().connections;
        co_await session.disconnect();
    }
    bool const has_seen_all = co_await state->witness->end(state->options.last_words);
    if (!has_seen_all)
        counts.trouble += " the witness did not come to the end of the queue;";
    counts.sent = state->ledger.size();
    counts.confirmed = state->ledger.count(Fate::confirmed);
    counts.seen = state->ledger.count_seen();
    counts.not_sent = state->ledger.count(Fate::never);
    counts.missing = state->ledger.missing();
    counts.unexpected = state->ledger.unexpected();
    co_return counts;
}

std::string to_string(RandomOperations::Counts const& counts)
{
    auto const number = [](std::uint64_t value) { return std::to_string(value); };
    return number(counts.operations) + " operations, " + number(counts.connections) + " connections, " +
           number(counts.sent) + " messages, " + number(counts.confirmed) + " confirmed, " + number(counts.seen) +
           " seen, " + number(counts.not_sent) + " not sent, " + number(counts.lost_receipts) + " receipts lost; " +
           number(counts.missing) + " missing, " + number(counts.unexpected) + " unexpected, " + number(counts.early) +
           " lost early, " + number(counts.hanging) + " hanging" +
           (counts.trouble.empty() ? "" : "; trouble:" + counts.trouble);
}

} // namespace arbalest::test
