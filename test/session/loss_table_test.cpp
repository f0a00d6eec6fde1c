#include "held_peer.hpp"

#include <array>
#include <functional>
#include <ostream>

// A connection is lost at every step of every kind of operation whose receipt is awaited. On the next connection, whose
// operations use the same slots again, nothing is confirmed but by its own RECEIPT, and nothing expires by the limit of
// what was there before.
BOOST_AUTO_TEST_SUITE(loss_table)

using namespace arbalest;
using namespace arbalest::test;

namespace {

/// Where a frame is when the connection is lost.
enum class Step : std::uint8_t { waits_for_room, encoded, being_written, written, answered };

constexpr std::array steps{Step::waits_for_room, Step::encoded, Step::being_written, Step::written, Step::answered};
constexpr std::array step_names{"waits for room", "encoded", "being written", "written", "answered"};

/// What operations need, on the first connection.
class LossStage
{
public:
    StompSession session;
    Subscription inbox;
    Message message;
    Transaction transaction;
};

class LostOperation
{
public:
    std::string name;
    std::string command;
    std::function<asio::awaitable<void>(LossStage&, std::chrono::milliseconds)> run;
    bool ends_with_connection; ///< The loss does what was asked for, or it is told that it came too late.
    bool skips_room = false;   ///< It does not wait for room.
};

std::vector<LostOperation> lost_operations()
{
    using Limit = std::chrono::milliseconds;
    std::vector<LostOperation> all;
    all.push_back({"send", "SEND",
                   [](LossStage& stage, Limit limit) -> asio::awaitable<void> {
                       OutgoingMessage message("/queue/lost", "x");
                       message.with_receipt().receipt_timeout(limit);
                       co_await stage.session.send(std::move(message));
                   },
                   false});
    all.push_back({"send with a receipt id of its own", "SEND",
                   [](LossStage& stage, Limit limit) -> asio::awaitable<void> {
                       OutgoingMessage message("/queue/lost", "x");
                       message.receipt("my own").receipt_timeout(limit);
                       co_await stage.session.send(std::move(message));
                   },
                   false});
    all.push_back({"submit", "SEND",
                   [](LossStage& stage, Limit limit) -> asio::awaitable<void> {
                       OutgoingMessage message("/queue/lost", "x");
                       message.with_receipt().receipt_timeout(limit);
                       auto pending = co_await stage.session.submit(std::move(message));
                       co_await pending.confirmed();
                   },
                   false});
    all.push_back({"subscribe", "SUBSCRIBE",
                   [](LossStage& stage, Limit limit) -> asio::awaitable<void> {
                       SubscribeOptions options;
                       options.with_receipt().receipt_timeout(limit);
                       auto const inbox = co_await stage.session.subscribe("/queue/other", std::move(options));
                   },
                   false});
    all.push_back({"begin", "BEGIN",
                   [](LossStage& stage, Limit limit) -> asio::awaitable<void> {
                       FrameOptions options;
                       options.with_receipt().receipt_timeout(limit);
                       auto const transaction = co_await stage.session.begin(std::move(options));
                   },
                   false});
    all.push_back({"ack", "ACK",
                   [](LossStage& stage, Limit limit) -> asio::awaitable<void> {
                       FrameOptions options;
                       options.with_receipt().receipt_timeout(limit);
                       co_await stage.session.ack(stage.message, std::move(options));
                   },
                   true});
    all.push_back({"unsubscribe", "UNSUBSCRIBE",
                   [](LossStage& stage, Limit limit) -> asio::awaitable<void> {
                       FrameOptions options;
                       options.with_receipt().receipt_timeout(limit);
                       co_await stage.inbox.unsubscribe(std::move(options));
                   },
                   true, true});
    all.push_back({"commit", "SEND",
                   [](LossStage& stage, Limit limit) -> asio::awaitable<void> {
                       OutgoingMessage message("/queue/lost", "x");
                       message.with_receipt().receipt_timeout(limit);
                       co_await stage.transaction.send(std::move(message));
                       co_await stage.transaction.commit();
                   },
                   false});
    return all;
}

asio::awaitable<void> set_up_stage(StompSession session, LossStage& stage, std::shared_ptr<HeldPeer> peer)
{
    stage.session = session;
    stage.inbox = co_await session.subscribe("/queue/inbox", AckMode::client_individual);
    peer->send(frame_bytes("MESSAGE\nsubscription:" + stage.inbox.id() + "\nmessage-id:1\nack:1\ndestination:/x"));
    stage.message = co_await stage.inbox.receive();
    stage.transaction = co_await session.begin();
    co_await session.flush();
}

// Brings the operation's frame to that step.
asio::awaitable<void> bring_to(Step step, HeldFixture& test, std::shared_ptr<HeldPeer> peer,
                               std::function<void()> start_operation, std::string command)
{
    peer->answers = false;
    if (step == Step::waits_for_room || step == Step::encoded || step == Step::being_written) {
        if (step == Step::being_written)
            peer->hold_writes(true);
        else
            co_await test.hold_a_write(peer);
        if (step == Step::waits_for_room)
            co_await test.send_filler();
        start_operation();
        if (step == Step::being_written)
            co_await until([&] { return peer->is_writing; });
        co_await others_go_on();
        co_return;
    }
    auto const before = peer->all(command).size();
    start_operation();
    co_await until([&] { return peer->all(command).size() > before; });
}

struct LossCase
{
    LostOperation operation;
    Step step;
    bool resends;
    std::chrono::milliseconds limit;
};

std::ostream& operator<<(std::ostream& out, LossCase const& one)
{
    return out << one.operation.name << ", " << step_names[static_cast<std::size_t>(one.step)]
               << (one.resends ? ", resent" : ", not resent") << ", limit " << one.limit.count() << " ms";
}

// What it is told: all of it, if it is told before there is another connection.
void check_end(LossCase const& one, Task<void> const& task)
{
    if (one.step == Step::answered) {
        BOOST_TEST(task.done);
        BOOST_TEST(!task.failure);
        return;
    }
    if (!task.done || one.operation.ends_with_connection)
        return;
    BOOST_TEST(is<ConnectionLost>(task.failure));
    if (one.step == Step::being_written) // that write fails, or nobody knows what became of it
        return;
    BOOST_TEST((task.failure.outcome() == (one.step == Step::written ? Outcome::unknown : Outcome::not_sent)));
}

// On a new connection, sends are confirmed by their own RECEIPTs and nothing else.
asio::awaitable<void> check_next_connection(HeldFixture& test, HeldPeer& peer, LossCase const& one,
                                            std::shared_ptr<Task<void>> task,
                                            std::chrono::steady_clock::time_point expired)
{
    std::vector<std::shared_ptr<Task<std::optional<Receipt>>>> sends;
    for (int i = 0; i < 5; ++i) {
        OutgoingMessage message("/queue/next", std::to_string(i));
        if (i == 2)
            message.receipt("my own");
        message.with_receipt();
        message.receipt_timeout(1h);
        bool const in_use = i == 2 && !task->done && one.operation.name.find("its own") != std::string::npos;
        if (in_use)
            continue;
        sends.push_back(start(test.context.get_executor(), test.session.send(std::move(message))));
    }
    auto const come = [&] {
        auto frames = peer.all("SEND");
        std::erase_if(frames, [](Frame const& frame) { return frame.header("destination") != "/queue/next"; });
        return frames;
    };
    co_await until([&] { return come().size() == sends.size(); });
    // The limit of what was there before passes.
    asio::steady_timer timer(test.context.get_executor(), expired);
    co_await timer.async_wait(asio::use_awaitable);
    co_await others_go_on();
    std::vector<bool> answered(sends.size(), false);
    auto const frames = come();
    for (std::size_t i = 0; i <= sends.size(); ++i) {
        for (std::size_t j = 0; j < sends.size(); ++j)
            BOOST_TEST(sends[j]->done == answered[j]);
        if (i == sends.size())
            break;
        auto const which = (3 * i + 1) % sends.size(); // not in their order
        peer.send(HeldPeer::receipt_for(frames[which]));
        answered[which] = true;
        co_await until([&] { return sends[which]->done; });
        co_await others_go_on();
    }
    for (auto const& send : sends)
        BOOST_TEST(!send->failure);
    // What was there before and has not ended is confirmed by its own as well.
    if (!task->done) {
        for (auto const& frame : peer.frames) {
            if (frame.header("receipt") && frame.header("destination") != "/queue/next")
                peer.send(HeldPeer::receipt_for(frame));
        }
        co_await finished(task);
        BOOST_TEST(!task->failure);
    }
    peer.answers = true;
    co_await test.session.disconnect();
}

void run_loss_case(LossCase const& one)
{
    StompConfig config;
    config.receipt_timeout = 1h;
    config.write_buffer.limit = one.step == Step::waits_for_room ? 200 : std::size_t{64} << 10;
    HeldFixture test;
    test.make_session(config, true, one.resends);
    test.run([&]() -> asio::awaitable<void> {
        LossStage stage;
        auto const first = co_await test.connect();
        co_await set_up_stage(test.session, stage, first);
        std::shared_ptr<Task<void>> task;
        auto const begun = std::chrono::steady_clock::now();
        std::function<void()> const start_operation = [&] {
            task = start(test.context.get_executor(), one.operation.run(stage, one.limit));
        };
        co_await bring_to(one.step, test, first, start_operation, one.operation.command);
        if (one.step == Step::answered) {
            auto const frames = first->all(one.operation.command);
            auto last_words = HeldPeer::receipt_for(frames.back());
            if (one.operation.command == "SEND" && one.operation.name == std::string("commit")) {
                co_await until([&] { return !first->all("COMMIT").empty(); });
                auto const commits = first->all("COMMIT");
                last_words += HeldPeer::receipt_for(commits.back());
            }
            last_words += "NONSENSE\n\n";
            last_words += '\0';
            first->send(last_words);
        } else {
            first->end();
        }
        co_await until([&] { return !test.session.is_connected(); });
        co_await others_go_on();
        bool const is_short = one.limit < 1s;
        if (!is_short)
            check_end(one, *task);
        auto const second = co_await test.connect(false);
        if (is_short && !task->done)
            co_return; // its limit stands still while there is no connection; the other cases have no such wait
        co_await check_next_connection(test, *second, one, task, is_short ? begun + one.limit + 5ms : begun);
    });
}

} // namespace

BOOST_AUTO_TEST_CASE(nothing_of_a_lost_connection_reaches_the_next)
{
    for (auto const& operation : lost_operations()) {
        for (auto const step : steps) {
            if (step == Step::waits_for_room && operation.skips_room)
                continue;
            for (bool const resends : {true, false}) {
                for (auto const limit : {std::chrono::milliseconds(1h), std::chrono::milliseconds(60)}) {
                    LossCase const one{operation, step, resends, limit};
                    BOOST_TEST_CONTEXT(one)
                    {
                        run_loss_case(one);
                    }
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
