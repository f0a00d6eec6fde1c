#include "run_on.hpp"
#include "session_impl.hpp"
#include "yield.hpp"
#include <arbalest/protocol/encode.hpp>

#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

// The reader and the writer of a connection, and what the frames mean that come.
namespace arbalest::detail {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t smallest_read = 4096;
constexpr std::size_t largest_read = std::size_t{256} << 10;

// From how many bytes on a write waits for more, as long as they come, and up to how many.
constexpr std::size_t worth_waiting = 1024;
constexpr std::size_t large_write = std::size_t{48} << 10;

// A write buffer that is larger than this gives its memory back when it has been written.
constexpr std::size_t kept_when_written = std::size_t{1} << 20;

// How many frames each of those who got some should have when they are let at them: few enough for what they are made
// of to be in the nearest cache still.
constexpr std::size_t worth_handing_out = 64;

// How long an ERROR that explains a failed write may take to be read.
constexpr auto reading_on = 1s;

std::string describe(boost::system::error_code code)
{
    if (code == asio::error::eof)
        return "the broker closed the connection";
    if (code.category() == websocket_close_category())
        return code.message();
    return "the connection broke: " + code.message();
}

std::shared_ptr<ConnectionLost> lost(boost::system::error_code code)
{
    return std::make_shared<ConnectionLost>(code, describe(code));
}

} // namespace

asio::awaitable<void> SessionImpl::run_reader(std::shared_ptr<SessionImpl> impl, std::shared_ptr<Connection> connection)
{
    std::shared_ptr<ConnectionLost> failure;
    try {
        while (!connection->ended) {
            while (impl->must_stop_reading() && !connection->probe_allowed) {
                impl->plan_probe();
                LoopWaiter waiter;
                co_await connection->reader.wait(impl->executor_, waiter);
                if (connection->ended)
                    co_return;
            }
            bool const is_probe = std::exchange(connection->probe_allowed, false) && impl->must_stop_reading();
            if (!is_probe)
                connection->next_probe = TimePoint::max();
            if (connection->decoder.capacity() > 4 * connection->read_size)
                connection->decoder.release_if_empty(); // it has been idle since it needed that much
            auto const room = connection->decoder.prepare(is_probe ? smallest_read : connection->read_size);
            auto const asked = is_probe ? std::min(smallest_read, room.size()) : room.size();
            std::size_t size = 0;
            {
                ReadOperation const reading(*connection);
                size = co_await connection->transport->read_some(asio::buffer(room.data(), asked));
            }
            if (connection->ended)
                co_return;
            connection->decoder.commit(size);
            if (impl->handshake_.in_progress()) {
                impl->check_first_bytes(std::string_view(room.data(), size), *connection);
                if (connection->ended)
                    co_return;
            }
            impl->info_.bytes_received.add(size);
            if (size == asked)
                connection->read_size = std::min(connection->read_size * 2, largest_read);
            else if (size < connection->read_size / 8)
                connection->read_size = std::max(connection->read_size / 2, smallest_read);
            auto const now = Clock::now();
            impl->conversation_.bytes_received(now);
            while (impl->process_input(*connection, now)) {
                YieldPoint point;
                co_await yield(impl->executor_, point);
                if (connection->ended)
                    co_return;
            }
            // Consumers may send something that is answered at once, and other work on the executor runs.
            if (!connection->ended) {
                YieldPoint point;
                co_await yield(impl->executor_, point);
            }
        }
    } catch (PeerClosed const& error) {
        failure = std::make_shared<ConnectionLost>(error.code(), describe(error.code()), error.reason());
    } catch (boost::system::system_error const& error) {
        failure = lost(error.code());
    } catch (...) {
        failure = lost(make_error_code(errc::connection_lost)); // a transport of the user's that breaks its rules
    }
    if (failure && !connection->ended && impl->is_alive())
        impl->read_failed(*connection, std::move(failure));
}

[[gnu::always_inline]] inline void SessionImpl::message_came(SubscriptionState& subscription, Frame& frame)
{
    info_.messages_received.add(1);
    if (subscription.has_ended())
        return;
    subscriptions_.got_message(subscription);
    if (auto too_slow = subscription.push(std::move(frame), connection_number_, conversation_.version()))
        end_subscription(subscription, std::move(too_slow));
}

[[gnu::always_inline]] inline void SessionImpl::handle(Frame& frame, Connection& connection, TimePoint now)
{
    if (hooks_.is_watched() && !hooks_.on_incoming(frame))
        return;
    if (auto* const token = conversation_.receive_message(frame))
        message_came(*static_cast<SubscriptionState*>(token), frame);
    else
        handle_event(conversation_.receive(frame, now, connection.decoder.offset()), frame, connection);
}

// Takes what has been read. Returns true where consumers are to run before the rest is taken.
bool SessionImpl::process_input(Connection& connection, TimePoint now)
{
    ConcurrencyCheck::Section const section(concurrency_check_);
    std::size_t frames = 0;
    bool more = false;
    auto const beats_before = connection.decoder.heart_beats();
    try {
        while (!connection.ended) {
            if (receipts_.awaited() != 0 && take_receipt(connection))
                continue;
            auto frame = connection.decoder.next();
            if (!frame)
                break;
            info_.frames_received.add(1);
            handle(*frame, connection, now);
            if (++frames >= worth_handing_out * subscriptions_.with_new_messages() &&
                subscriptions_.with_new_messages() != 0) {
                more = true;
                break;
            }
        }
    } catch (MalformedFrame const& error) {
        subscriptions_.wake_consumers();
        on_connection_lost(std::make_shared<MalformedFrame>(error), CloseReason::error);
        return false;
    } catch (...) {
        // A frame is lost, so the conversation cannot go on.
        subscriptions_.wake_consumers();
        on_connection_lost(std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost),
                                                            "what came cannot be handled: " +
                                                                Failure(std::current_exception()).what()),
                           CloseReason::error);
        return false;
    }
    if (hooks_.has_observers()) {
        for (auto beats = connection.decoder.heart_beats() - beats_before; beats != 0; --beats)
            hooks_.observe("on_heart_beat_received", [](Observer& observer) { observer.on_heart_beat_received(); });
    }
    subscriptions_.wake_consumers();
    if (handshake_.in_progress() && conversation_.is_open())
        complete_handshake();
    if (!connection.ended)
        set_timer();
    return more && !connection.ended;
}

// Takes a RECEIPT that is awaited and has nothing but its id, without making a frame of it, unless somebody wants to
// see that.
bool SessionImpl::take_receipt(Connection& connection)
{
    if (hooks_.is_watched())
        return false;
    auto const id = connection.decoder.peek_receipt();
    auto* const token = id.empty() ? nullptr : conversation_.receive_receipt(id);
    if (!token)
        return false;
    connection.decoder.take_receipt(id);
    info_.frames_received.add(1);
    confirmation_came(*static_cast<ReceiptSlot*>(token), connection);
    return true;
}

void SessionImpl::confirmation_came(ReceiptSlot& slot, Connection const& connection)
{
    if (!slot.encoded || connection.output.is_unsent(slot.position)) {
        await_again(slot);
        throw MalformedFrame("a RECEIPT for a frame that was not sent yet", connection.decoder.offset());
    }
    slot.number = 0; // the receipts know it no more
    complete_slot(slot, nullptr, true);
    if (reconnection_.is_enabled())
        pump_queue();
    continue_disconnect();
}

// What came is no message that names one of our subscriptions.
void SessionImpl::handle_event(Conversation::Event event, Frame& frame, Connection& connection)
{
    using Kind = Conversation::Event::Kind;
    switch (event.kind) {
    case Kind::connected:
        handle_connected(frame, connection);
        break;
    case Kind::message:
        message_came(*static_cast<SubscriptionState*>(event.token), frame);
        break;
    case Kind::unhandled_message:
    case Kind::unhandled_receipt:
        if (config_->on_unhandled) {
            if (auto const thrown = hooks_.call([&] { config_->on_unhandled(frame); }))
                hooks_.callback_failed("on_unhandled", thrown);
        }
        break;
    case Kind::receipt:
        confirmation_came(*static_cast<ReceiptSlot*>(event.token), connection);
        break;
    case Kind::error:
    case Kind::failed:
        if (event.token)
            complete_slot(*static_cast<ReceiptSlot*>(event.token), event.cause->with_outcome(Outcome::refused), true);
        if (event.kind == Kind::failed) {
            on_connection_lost(std::move(event.cause), CloseReason::error, event.token != nullptr);
        } else if (!event.token) {
            receipts_.unnamed_error(std::move(event.cause));
            hooks_.observe("on_error_frame", [&](Observer& observer) { observer.on_error_frame(frame); });
        }
        break;
    case Kind::subscription_ended:
        subscription_refused(*static_cast<SubscriptionState*>(event.token), *event.cause);
        break;
    case Kind::disconnected:
        finish_in_order();
        break;
    case Kind::none:
    case Kind::send_heart_beat:
    case Kind::receipt_lost:
        break;
    }
}

// An ERROR explains the end of the connection also where the broker has left its NUL out.
void SessionImpl::process_unfinished_error(Connection& connection)
{
    ConcurrencyCheck::Section const section(concurrency_check_);
    try {
        if (auto frame = connection.decoder.take_unfinished_error()) {
            info_.frames_received.add(1);
            handle(*frame, connection, Clock::now());
        }
    } catch (std::exception const&) {
        // It cannot be handled, and the connection has ended all the same.
    }
}

void SessionImpl::read_failed(Connection& connection, std::shared_ptr<ConnectionLost> failure)
{
    if (connection.ended)
        return;
    process_unfinished_error(connection);
    if (connection.ended)
        return;
    // What the peer says explains more than what became of a write.
    bool const explains = !failure->close_reason().empty() || failure->cause().category() == websocket_close_category();
    std::shared_ptr<StompError> cause = std::move(failure);
    if (connection.write_failure && !explains)
        cause = connection.write_failure;
    auto event = conversation_.connection_ended(std::move(cause));
    if (event.kind == Conversation::Event::Kind::disconnected)
        finish_in_order();
    else if (event.cause)
        on_connection_lost(std::move(event.cause), CloseReason::error);
}

asio::awaitable<void> SessionImpl::run_writer(std::shared_ptr<SessionImpl> impl, std::shared_ptr<Connection> connection)
{
    boost::system::error_code failure;
    auto& output = connection->output;
    try {
        while (!connection->ended) {
            if (output.waiting() == 0) {
                LoopWaiter waiter;
                co_await connection->writer.wait(impl->executor_, waiter);
                continue;
            }
            // Senders that are at it go on first, for one large write costs much less than many small ones.
            for (std::size_t before = 0;
                 output.waiting() > std::max(before, worth_waiting) && output.waiting() < large_write;) {
                before = output.waiting();
                YieldPoint point;
                co_await yield(impl->executor_, point);
                if (connection->ended)
                    co_return;
            }
            output.begin_write();
            impl->pump_queue();
            while (!output.remaining().empty()) {
                // Earlier than it is written, so that the next heart-beat is rather early than late.
                auto const now = Clock::now();
                impl->start_limits(now);
                auto const bytes = output.remaining();
                auto const ends = output.remaining_ends();
                std::size_t size = 0;
                {
                    WriteOperation const writing(*connection);
                    size = co_await connection->transport->write_some(asio::buffer(bytes.data(), bytes.size()), ends);
                }
                if (connection->ended)
                    co_return;
                output.written(size);
                impl->conversation_.bytes_sent(now);
                impl->info_.bytes_sent.add(size);
                if (impl->reconnection_.is_enabled())
                    impl->outbox_.written(output.accepted());
            }
            output.end_write(std::max(kept_when_written, 2 * impl->config_->write_buffer.limit));
            connection->flushers.wake_all(impl->executor_);
            impl->written_.wake_all(impl->executor_);
            impl->pump_queue();
        }
    } catch (boost::system::system_error const& error) {
        failure = error.code();
    } catch (...) {
        failure = make_error_code(errc::connection_lost);
    }
    if (failure && !connection->ended && impl->is_alive())
        impl->write_failed(*connection, failure);
}

// The broker may have closed its reading side after an ERROR that is still to be read, and that explains more.
void SessionImpl::write_failed(Connection& connection, boost::system::error_code code)
{
    if (connection.ended || connection.write_failure)
        return;
    if (conversation_.state() == Conversation::State::disconnecting) {
        finish_in_order();
        return;
    }
    connection.write_failure = lost(code);
    connection.read_on_until = Clock::now() + reading_on;
    // With another connection to come, they wait for that.
    while (!queue_.empty() && !(reconnection_.is_enabled() && conversation_.is_open()))
        complete_queued(queue_.front(), connection.write_failure->with_outcome(Outcome::not_sent)->to_exception_ptr());
    connection.flushers.wake_all(executor_);
    update_reading();
    set_timer();
}

} // namespace arbalest::detail
