#include "session/stage.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

// Every operation with every type of cancellation, awaited on the session's executor and on others, by itself and
// inside with_timeout(). The receipts are withheld meanwhile.
BOOST_FIXTURE_TEST_SUITE(cancellation_types, arbalest::test::EmbeddedFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

using Type = asio::cancellation_type;

// Unlike a coroutine that is merely spawned, it takes every type.
asio::awaitable<void> accepting_all(asio::awaitable<void> operation)
{
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation(),
                                                       asio::enable_total_cancellation());
    co_await std::move(operation);
}

class Place
{
public:
    std::string name;
    asio::any_io_executor sessions;
    asio::any_io_executor callers;
};

class Types : public EmbeddedFixture
{
public:
    std::vector<Place> places()
    {
        asio::any_io_executor const plain = context.get_executor();
        asio::any_io_executor const one = asio::make_strand(context);
        asio::any_io_executor const other = asio::make_strand(context);
        return {{"on the session's executor", plain, plain},
                {"on the session's strand", one, one},
                {"inside the session's executor, on another one", plain, other},
                {"on another executor", one, other}};
    }

    std::map<std::string, Type> const types{
        {"terminal", Type::terminal}, {"partial", Type::partial}, {"total", Type::total}};

    template <class T>
    asio::awaitable<void> on(asio::any_io_executor executor, asio::awaitable<T> operation)
    {
        auto const task = start(executor, std::move(operation));
        co_await finished(task);
        BOOST_REQUIRE_MESSAGE(!task->failure, task->failure.what());
    }

    // From inside of where the operation is awaited, as Asio wants it.
    asio::awaitable<void> cancel(asio::any_io_executor executor, std::shared_ptr<Task<void>> task, Type type)
    {
        asio::post(executor, [task, type] {
            if (!task->done)
                task->signal.emit(type);
        });
        co_await others_go_on();
    }
};

bool may_cancel(WaitsFor waits_for, Type type)
{
    switch (waits_for) {
    case WaitsFor::nothing:
        return false;
    case WaitsFor::message:
    case WaitsFor::end:
        return true;
    case WaitsFor::receipt:
    case WaitsFor::orderly_end:
        return type != Type::total; // something has happened already
    }
    return false;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(of_what_waits_for_an_answer, Types)
{
    auto config = confirming(60s);
    config.heart_beat = HeartBeat(0ms, 0ms);
    config.disconnect_timeout = 60s;
    for (auto const& place : places()) {
        for (auto const& operation : all_operations()) {
            for (auto const& [type_name, type] : types) {
                for (bool const timed : {false, true}) {
                    BOOST_TEST_CONTEXT(operation.name << ", " << place.name << ", " << type_name
                                                      << (timed ? ", inside with_timeout()" : ""))
                    {
                        run([&, type = type]() -> asio::awaitable<void> {
                            Stage stage(broker);
                            co_await on(place.sessions, stage.set_up(config));
                            broker.faults().fall_silent();
                            auto awaited = operation.run(stage);
                            if (timed)
                                awaited = with_timeout(60s, std::move(awaited));
                            auto const task = start(place.callers, accepting_all(std::move(awaited)));
                            co_await others_go_on();
                            // What has nothing to wait for is done before it can be cancelled.
                            if (operation.waits_for == WaitsFor::nothing)
                                co_await finished(task);
                            BOOST_TEST(task->done == (operation.waits_for == WaitsFor::nothing));
                            co_await cancel(place.callers, task, type);
                            bool const aborted = may_cancel(operation.waits_for, type);
                            if (aborted)
                                co_await finished(task);
                            else if (operation.waits_for != WaitsFor::nothing)
                                BOOST_TEST(!task->done);
                            broker.faults().fall_silent(false);
                            co_await finished(task);
                            BOOST_TEST(is_aborted(task->failure) == aborted, task->failure.what());
                            BOOST_TEST((aborted || !task->failure), task->failure.what());
                            if (operation.waits_for == WaitsFor::message) {
                                broker.publish(stage.queue, "kept");
                                auto const kept = co_await stage.inbox.next_for(10s);
                                BOOST_TEST(kept.value().body() == "kept");
                            }
                            if (operation.waits_for != WaitsFor::orderly_end) {
                                auto const receipt = co_await stage.session.send("/queue/a", "still here");
                                BOOST_TEST(receipt.has_value());
                            }
                            stage.strike_down();
                            co_await until([&] { return broker.connections() == 0; });
                        });
                    }
                }
            }
        }
    }
}

namespace {

// Holds back what is to be written, as long as it is asked to.
class WriteGate
{
public:
    explicit WriteGate(asio::any_io_executor executor) : changed(executor, asio::steady_timer::time_point::max()) {}

    bool closed = false;
    asio::steady_timer changed;

    void open()
    {
        closed = false;
        changed.cancel();
    }
};

class GatedTransport final : public Transport
{
public:
    GatedTransport(asio::ip::tcp::socket socket, std::shared_ptr<WriteGate> gate)
        : inner_(std::move(socket)), gate_(std::move(gate))
    {
    }
    asio::any_io_executor get_executor() override { return inner_.get_executor(); }
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer) override { return inner_.read_some(buffer); }
    asio::awaitable<std::size_t> write_some(asio::const_buffer buffer, std::span<std::size_t const> ends) override
    {
        while (gate_->closed)
            co_await gate_->changed.async_wait(asio::as_tuple(asio::use_awaitable));
        co_return co_await inner_.write_some(buffer, ends);
    }
    asio::awaitable<void> close(CloseReason reason) override { return inner_.close(reason); }
    void abort() noexcept override
    {
        gate_->open();
        inner_.abort();
    }

private:
    StreamTransport<asio::ip::tcp::socket> inner_;
    std::shared_ptr<WriteGate> gate_;
};

// A stage on which every further frame has to wait for room.
class FullStage
{
public:
    FullStage(EmbeddedBroker& broker, Place const& place)
        : stage(broker), gate(std::make_shared<WriteGate>(place.sessions)), place(place)
    {
    }

    Stage stage;
    std::shared_ptr<WriteGate> const gate;
    Place const place;

    // On the session's executor.
    asio::awaitable<void> set_up(StompConfig config)
    {
        asio::ip::tcp::socket socket(place.sessions);
        asio::ip::tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), stage.broker.port());
        co_await socket.async_connect(endpoint, asio::use_awaitable);
        std::unique_ptr<Transport> transport = std::make_unique<GatedTransport>(std::move(socket), gate);
        stage.session = co_await StompSession::over(std::move(transport), std::move(config));
        co_await stage.fill();
        gate->closed = true;
        OutgoingMessage being_written("/queue/f", "x");
        being_written.receipt_timeout(60s);
        pending.push_back(co_await stage.session.submit(being_written));
        co_await others_go_on(); // so that the writer has taken it
        OutgoingMessage behind("/queue/f", std::string(2000, 'y'));
        pending.push_back(co_await stage.session.submit(behind));
    }

    std::vector<PendingReceipt> pending;
};

} // namespace

// As long as a frame waits for room, nothing has happened: every type withdraws it.
BOOST_FIXTURE_TEST_CASE(of_what_waits_for_room, Types)
{
    for (auto const& place : places()) {
        for (auto const& operation : all_operations()) {
            bool const sends = operation.waits_for == WaitsFor::receipt || operation.name.ends_with("transaction");
            if (!sends || operation.name == "unsubscribe") // which needs no room
                continue;
            for (auto const& [type_name, type] : types) {
                BOOST_TEST_CONTEXT(operation.name << ", " << place.name << ", " << type_name)
                {
                    run([&, type = type]() -> asio::awaitable<void> {
                        auto const log = std::make_shared<FrameLog>();
                        StompConfig config;
                        config.write_buffer = 1000;
                        config.observer = log;
                        config.heart_beat = HeartBeat(0ms, 0ms);
                        FullStage full(broker, place);
                        co_await on(place.sessions, full.set_up(config));
                        auto const sent = log->sent.size();
                        auto const task = start(place.callers, accepting_all(operation.run(full.stage)));
                        co_await others_go_on();
                        BOOST_TEST(!task->done);
                        co_await cancel(place.callers, task, type);
                        co_await finished(task);
                        BOOST_TEST(is_aborted(task->failure), task->failure.what());
                        BOOST_TEST(log->sent.size() == sent);
                        // And it can be done over again.
                        auto const again = start(place.callers, operation.run(full.stage));
                        co_await others_go_on();
                        BOOST_TEST(!again->done);
                        asio::post(place.sessions, [&] { full.gate->open(); });
                        co_await finished(again);
                        BOOST_TEST(!again->failure, again->failure.what());
                        full.pending.clear();
                        full.stage.strike_down();
                        co_await until([&] { return broker.connections() == 0; });
                    });
                }
            }
        }
    }
}

namespace {

// Does something at the very moment at which a frame enters the write buffer.
class AtFrame : public Observer
{
public:
    explicit AtFrame(std::string command) : command_(std::move(command)) {}

    void on_frame_sent(Frame const& frame) override
    {
        if (action && frame.command() == command_)
            std::exchange(action, {})();
    }

    std::function<void()> action;

private:
    std::string command_;
};

class EncodedCase
{
public:
    std::string name;
    std::string command;
    bool receipts;
};

} // namespace

// Once the frame is encoded, a total cancellation comes too late, also where the operation has yet to learn of it.
BOOST_FIXTURE_TEST_CASE(of_what_is_encoded_that_moment, Types)
{
    std::vector<EncodedCase> const cases{{"send", "SEND", true},     {"send", "SEND", false},
                                         {"ack", "ACK", true},       {"begin", "BEGIN", true},
                                         {"commit", "COMMIT", true}, {"abort", "ABORT", true}};
    auto const place = places().front();
    for (auto const& one : cases) {
        for (auto const& operation : all_operations()) {
            if (operation.name != one.name)
                continue;
            for (auto const type : {Type::total, Type::terminal}) {
                BOOST_TEST_CONTEXT(one.name << (one.receipts ? "" : " without a write buffer")
                                            << (type == Type::total ? ", total" : ", terminal"))
                {
                    run([&]() -> asio::awaitable<void> {
                        auto const observer = std::make_shared<AtFrame>(one.command);
                        StompConfig config;
                        config.auto_receipt = one.receipts;
                        config.receipt_timeout = 60s;
                        // Without a buffer, a send waits until it is written.
                        config.write_buffer = one.receipts ? 1000 : 0;
                        config.observer = observer;
                        config.heart_beat = HeartBeat(0ms, 0ms);
                        FullStage full(broker, place);
                        co_await full.set_up(config);
                        auto const task = start(place.callers, accepting_all(operation.run(full.stage)));
                        co_await others_go_on();
                        BOOST_TEST(!task->done);
                        bool emitted = false;
                        observer->action = [&emitted, task, type] {
                            emitted = true;
                            task->signal.emit(type);
                        };
                        full.gate->open();
                        co_await finished(task);
                        BOOST_TEST(emitted);
                        if (type == Type::total)
                            BOOST_TEST(!task->failure, task->failure.what());
                        else
                            BOOST_TEST(is_aborted(task->failure), task->failure.what());
                        full.pending.clear();
                        full.stage.strike_down();
                        co_await until([&] { return broker.connections() == 0; });
                    });
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
