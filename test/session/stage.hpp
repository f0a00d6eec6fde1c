#pragma once

#include "support/session_tools.hpp"

#include <functional>
#include <string>
#include <vector>

namespace arbalest::test {

/// A session with everything at hand that an operation can be tried on.
class Stage
{
public:
    explicit Stage(EmbeddedBroker& broker) : broker(broker) {}

    EmbeddedBroker& broker;
    std::string const queue = "/queue/stage-" + std::to_string(++count_);
    StompSession session;
    Subscription inbox; // empty, with one message of it delivered and not settled
    Message message;
    Transaction transaction; // with a message in it

    asio::awaitable<void> set_up(StompConfig config)
    {
        StompClient const client(std::move(config));
        session = co_await client.connect(broker.url());
        co_await fill();
    }

    /// The same with a session that is there already.
    asio::awaitable<void> fill()
    {
        inbox = co_await session.subscribe(queue, AckMode::client_individual);
        broker.publish(queue, "first");
        message = co_await inbox.receive();
        transaction = co_await session.begin();
        co_await transaction.send("/queue/transaction", "x");
        OutgoingMessage last("/queue/stage", "all the above has arrived");
        last.with_receipt();
        co_await session.send(std::move(last));
    }

    /// Lets go of everything.
    void strike_down()
    {
        transaction = Transaction();
        message = Message();
        inbox = Subscription();
        session = StompSession();
    }

private:
    static inline int count_ = 0;
};

/// What an operation waits for.
enum class WaitsFor : std::uint8_t {
    nothing,     ///< It completes at once.
    receipt,     ///< An answer to the frame that it sends.
    message,     ///< Something that is delivered.
    end,         ///< The end of the session, whatever it is.
    orderly_end, ///< The end that it asks for.
};

class StagedOperation
{
public:
    std::string name;
    WaitsFor waits_for;
    bool fails_after_end; ///< Whether it says so when the session has ended; else it does what is left to be done.
    std::function<asio::awaitable<void>(Stage&)> run;
};

/// Every operation that there is. With `auto_receipt`, all that send something wait for a receipt, but for what is sent
/// in a transaction.
inline std::vector<StagedOperation> all_operations()
{
    using Wait = WaitsFor;
    std::vector<StagedOperation> all;
    auto const add = [&](std::string name, Wait wait, bool fails, std::function<asio::awaitable<void>(Stage&)> run) {
        all.push_back({std::move(name), wait, fails, std::move(run)});
    };
    add("send", Wait::receipt, true,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.session.send("/queue/a", "x"); });
    add("submit and confirmed", Wait::receipt, true, [](Stage& stage) -> asio::awaitable<void> {
        auto pending = co_await stage.session.submit("/queue/a", "x");
        co_await pending.confirmed();
    });
    add("send_raw", Wait::receipt, true, [](Stage& stage) -> asio::awaitable<void> {
        Frame frame("SEND");
        frame.add_header("destination", "/queue/a");
        frame.add_header("receipt", "raw-1");
        co_await stage.session.send_raw(std::move(frame));
    });
    add("subscribe", Wait::receipt, true, [](Stage& stage) -> asio::awaitable<void> {
        auto const subscription = co_await stage.session.subscribe("/queue/other");
    });
    add("unsubscribe", Wait::receipt, false,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.inbox.unsubscribe(); });
    add("ack", Wait::receipt, true,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.session.ack(stage.message); });
    add("nack", Wait::receipt, true, [](Stage& stage) -> asio::awaitable<void> { co_await stage.message.nack(); });
    add("begin", Wait::receipt, true,
        [](Stage& stage) -> asio::awaitable<void> { auto const transaction = co_await stage.session.begin(); });
    add("send in a transaction", Wait::nothing, true,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.transaction.send("/queue/transaction", "y"); });
    add("ack in a transaction", Wait::nothing, true,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.transaction.ack(stage.message); });
    add("commit", Wait::receipt, true,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.transaction.commit(); });
    add("abort", Wait::receipt, true,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.transaction.abort(); });
    add("flush", Wait::nothing, true, [](Stage& stage) -> asio::awaitable<void> { co_await stage.session.flush(); });
    add("next", Wait::message, true, [](Stage& stage) -> asio::awaitable<void> { co_await stage.inbox.next(); });
    add("receive", Wait::message, true, [](Stage& stage) -> asio::awaitable<void> { co_await stage.inbox.receive(); });
    add("next_for", Wait::message, true,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.inbox.next_for(20s); });
    add("ready", Wait::message, true, [](Stage& stage) -> asio::awaitable<void> { co_await stage.inbox.ready(); });
    add("closed", Wait::end, false, [](Stage& stage) -> asio::awaitable<void> { co_await stage.session.closed(); });
    add("disconnect", Wait::orderly_end, false,
        [](Stage& stage) -> asio::awaitable<void> { co_await stage.session.disconnect(); });
    return all;
}

} // namespace arbalest::test
