#include "../engine/backpressure.hpp"
#include "core.hpp"
#include "hop.hpp"
#include <arbalest/protocol/encode.hpp>

#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

// The three activities of a session on a connection: reader, writer and timer.
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

// How often a session that has stopped reading has a look for those who wait for its end.
constexpr auto looking_on = 1s;

// How long after it lacked memory the timer rings again.
constexpr auto retry_after = 100ms;

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

asio::awaitable<void> Core::run_reader(std::shared_ptr<Core> core, std::shared_ptr<Link> link)
{
    std::shared_ptr<ConnectionLost> failure;
    try {
        while (!link->ended) {
            while (core->must_stop_reading() && !link->may_look) {
                core->plan_look();
                LoopWaiter waiter;
                co_await link->reader.wait(core->executor_, waiter);
                if (link->ended)
                    co_return;
            }
            bool const only_a_look = std::exchange(link->may_look, false) && core->must_stop_reading();
            if (!only_a_look)
                core->next_look_ = TimePoint::max();
            if (link->decoder.capacity() > 4 * link->read_size)
                link->decoder.release_if_empty(); // it has been idle since it needed that much
            auto const room = link->decoder.prepare(only_a_look ? smallest_read : link->read_size);
            auto const asked = only_a_look ? std::min(smallest_read, room.size()) : room.size();
            std::size_t size = 0;
            {
                ReadOperation const reading(*link);
                size = co_await link->transport->read_some(asio::buffer(room.data(), asked));
            }
            if (link->ended)
                co_return;
            link->decoder.commit(size);
            if (core->shaking_hands_) {
                core->look_at_first_bytes(std::string_view(room.data(), size), *link);
                if (link->ended)
                    co_return;
            }
            core->info_.bytes_received.add(size);
            if (size == asked)
                link->read_size = std::min(link->read_size * 2, largest_read);
            else if (size < link->read_size / 8)
                link->read_size = std::max(link->read_size / 2, smallest_read);
            auto const now = Clock::now();
            core->conversation_.bytes_received(now);
            while (core->process_input(*link, now)) {
                co_await trip(core->executor_);
                if (link->ended)
                    co_return;
            }
            // Those who got something may send what brings an answer at once, and others want their turn.
            if (!link->ended)
                co_await trip(core->executor_);
        }
    } catch (PeerClosed const& error) {
        failure = std::make_shared<ConnectionLost>(error.code(), describe(error.code()), error.reason());
    } catch (boost::system::system_error const& error) {
        failure = lost(error.code());
    } catch (...) {
        failure = lost(make_error_code(errc::connection_lost)); // a transport of the user's that breaks its rules
    }
    if (failure && !link->ended && core->is_alive())
        core->read_failed(*link, std::move(failure));
}

[[gnu::always_inline]] inline void Core::message_came(SubscriptionState& subscription, Frame& frame)
{
    info_.messages_received.add(1);
    if (subscription.has_ended())
        return;
    if (!std::exchange(subscription.has_new_messages, true))
        new_messages_.push_back(subscription.shared_from_this());
    if (auto too_slow = subscription.push(std::move(frame), connection_, conversation_.version()))
        end_subscription(subscription, std::move(too_slow));
}

[[gnu::always_inline]] inline void Core::handle(Frame& frame, Link& link, TimePoint now)
{
    if (hooks_.is_watched() && !hooks_.on_incoming(frame))
        return;
    if (auto* const token = conversation_.receive_message(frame))
        message_came(*static_cast<SubscriptionState*>(token), frame);
    else
        handle_event(conversation_.receive(frame, now, link.decoder.offset()), frame, link);
}

// Takes what has been read. Returns true where consumers are to have their turn before the rest.
bool Core::process_input(Link& link, TimePoint now)
{
    Exclusive::Section const section(exclusive_);
    std::size_t frames = 0;
    bool more = false;
    auto const beats_before = link.decoder.heart_beats();
    try {
        while (!link.ended) {
            if (awaited_ != 0 && take_receipt(link))
                continue;
            auto frame = link.decoder.next();
            if (!frame)
                break;
            info_.frames_received.add(1);
            handle(*frame, link, now);
            if (++frames >= worth_handing_out * new_messages_.size() && !new_messages_.empty()) {
                more = true;
                break;
            }
        }
    } catch (MalformedFrame const& error) {
        wake_consumers();
        lose(std::make_shared<MalformedFrame>(error), CloseReason::error);
        return false;
    } catch (...) {
        // A frame is lost, so the conversation cannot go on.
        wake_consumers();
        lose(std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost),
                                              "what came cannot be handled: " +
                                                  Failure(std::current_exception()).what()),
             CloseReason::error);
        return false;
    }
    if (hooks_.has_observers()) {
        for (auto beats = link.decoder.heart_beats() - beats_before; beats != 0; --beats)
            hooks_.observe("on_heart_beat_received", [](Observer& observer) { observer.on_heart_beat_received(); });
    }
    wake_consumers();
    if (shaking_hands_ && conversation_.is_open())
        complete_handshake();
    if (!link.ended)
        set_timer();
    return more && !link.ended;
}

// Takes a RECEIPT that is awaited and has nothing but its id, without making a frame of it, unless somebody wants to
// see that.
bool Core::take_receipt(Link& link)
{
    if (hooks_.is_watched())
        return false;
    auto const id = link.decoder.peek_receipt();
    auto* const token = id.empty() ? nullptr : conversation_.receive_receipt(id);
    if (!token)
        return false;
    link.decoder.take_receipt(id);
    info_.frames_received.add(1);
    confirmation_came(*static_cast<ReceiptSlot*>(token), link);
    return true;
}

void Core::confirmation_came(ReceiptSlot& slot, Link const& link)
{
    if (!slot.encoded || link.output.is_unsent(slot.position)) {
        await_again(slot);
        throw MalformedFrame("a RECEIPT for a frame that was not sent yet", link.decoder.offset());
    }
    complete_slot(slot, nullptr, true);
    if (reconnects_)
        pump_queue();
    continue_disconnect();
}

// What came is no message that names one of our subscriptions.
void Core::handle_event(Conversation::Event event, Frame& frame, Link& link)
{
    using Kind = Conversation::Event::Kind;
    switch (event.kind) {
    case Kind::connected:
        handle_connected(frame, link);
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
        confirmation_came(*static_cast<ReceiptSlot*>(event.token), link);
        break;
    case Kind::error:
    case Kind::failed:
        if (event.token)
            complete_slot(*static_cast<ReceiptSlot*>(event.token), event.cause->with_outcome(Outcome::refused), true);
        if (event.kind == Kind::failed) {
            lose(std::move(event.cause), CloseReason::error, event.token != nullptr);
        } else if (!event.token) {
            last_error_ = std::move(event.cause);
            ++errors_;
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

void Core::wake_consumers()
{
    for (auto const& subscription : new_messages_) {
        subscription->has_new_messages = false;
        subscription->wake_if_ready();
    }
    new_messages_.clear();
}

// An ERROR explains the end of the connection also where the broker has left its NUL out.
void Core::process_unfinished_error(Link& link)
{
    Exclusive::Section const section(exclusive_);
    try {
        if (auto frame = link.decoder.take_unfinished_error()) {
            info_.frames_received.add(1);
            handle(*frame, link, Clock::now());
        }
    } catch (std::exception const&) {
        // It cannot be handled, and the connection has ended all the same.
    }
}

void Core::read_failed(Link& link, std::shared_ptr<ConnectionLost> failure)
{
    if (link.ended)
        return;
    process_unfinished_error(link);
    if (link.ended)
        return;
    // What the peer says explains more than what became of a write.
    bool const explains = !failure->close_reason().empty() || failure->cause().category() == websocket_close_category();
    std::shared_ptr<StompError> cause = std::move(failure);
    if (write_failure_ && !explains)
        cause = write_failure_;
    auto event = conversation_.connection_ended(std::move(cause));
    if (event.kind == Conversation::Event::Kind::disconnected)
        finish_in_order();
    else if (event.cause)
        lose(std::move(event.cause), CloseReason::error);
}

asio::awaitable<void> Core::run_writer(std::shared_ptr<Core> core, std::shared_ptr<Link> link)
{
    boost::system::error_code failure;
    auto& output = link->output;
    try {
        while (!link->ended) {
            if (output.waiting() == 0) {
                LoopWaiter waiter;
                co_await link->writer.wait(core->executor_, waiter);
                continue;
            }
            // Senders that are at it go on first, for one large write costs much less than many small ones.
            for (std::size_t before = 0;
                 output.waiting() > std::max(before, worth_waiting) && output.waiting() < large_write;) {
                before = output.waiting();
                co_await trip(core->executor_);
                if (link->ended)
                    co_return;
            }
            output.begin_write();
            core->pump_queue();
            while (!output.remaining().empty()) {
                // Earlier than it is written, so that the next heart-beat is rather early than late.
                auto const now = Clock::now();
                core->start_limits(now);
                auto const bytes = output.remaining();
                auto const ends = output.remaining_ends();
                std::size_t size = 0;
                {
                    WriteOperation const writing(*link);
                    size = co_await link->transport->write_some(asio::buffer(bytes.data(), bytes.size()), ends);
                }
                if (link->ended)
                    co_return;
                output.written(size);
                core->conversation_.bytes_sent(now);
                core->info_.bytes_sent.add(size);
                if (core->reconnects_)
                    core->outbox_.written(output.accepted());
            }
            output.end_write(std::max(kept_when_written, 2 * core->config_->write_buffer.limit));
            link->flushers.wake_all(core->executor_);
            core->written_.wake_all(core->executor_);
            core->pump_queue();
        }
    } catch (boost::system::system_error const& error) {
        failure = error.code();
    } catch (...) {
        failure = make_error_code(errc::connection_lost);
    }
    if (failure && !link->ended && core->is_alive())
        core->write_failed(*link, failure);
}

// The broker may have closed its reading side after an ERROR that is still to be read, and that explains more.
void Core::write_failed(Link& link, boost::system::error_code code)
{
    if (link.ended || write_failure_)
        return;
    if (conversation_.state() == Conversation::State::disconnecting) {
        finish_in_order();
        return;
    }
    write_failure_ = lost(code);
    read_on_until_ = Clock::now() + reading_on;
    // With another connection to come, they wait for that.
    while (!queue_.empty() && !(reconnects_ && conversation_.is_open()))
        complete_queued(queue_.front(), write_failure_->with_outcome(Outcome::not_sent)->to_exception_ptr());
    link.flushers.wake_all(executor_);
    update_reading();
    set_timer();
}

bool Core::must_stop_reading() const noexcept
{
    ReadingCounts counts;
    counts.full_buffers = full_buffers_;
    counts.receipts = awaited_;
    counts.operations = peer_waits_;
    counts.is_established = conversation_.is_open();
    counts.writing_has_failed = write_failure_ != nullptr;
    return !should_read(counts);
}

void Core::update_reading()
{
    if (link_ && !link_->reader.empty() && !must_stop_reading())
        link_->reader.wake_all(executor_);
}

void Core::observing_begins()
{
    ++observers_waiting_;
    if (link_ && !link_->reader.empty())
        plan_look();
}

// While reading is suspended: a peer that owes heart-beats must be heard, and observers must see an end.
TimePoint Core::next_look_after(TimePoint now) const noexcept
{
    auto const promised = deadline_after(now, conversation_.negotiated_heart_beat().receive);
    return observers_waiting_ == 0 ? promised : std::min(promised, now + looking_on);
}

void Core::plan_look()
{
    auto const next = next_look_after(Clock::now());
    if (next >= next_look_)
        return;
    next_look_ = next;
    set_timer();
}

void Core::look()
{
    link_->may_look = true;
    link_->reader.wake_all(executor_);
}

void Core::full_buffers_changed(int by)
{
    full_buffers_ += static_cast<std::size_t>(by);
    update_reading();
}

void Core::set_timer()
{
    if (finished_)
        return;
    auto judging = conversation_.earliest_silence_deadline();
    if (horizon_.is_checking())
        judging = std::max(judging, horizon_.next_step());
    auto const due = std::min({conversation_.send_deadline(), judging, read_on_until_, next_look_});
    timer_.set(due, [self = shared_from_this()](boost::system::error_code code) {
        if (!code && self->is_alive())
            self->timer_expired();
    });
}

// What lacks memory now is done later.
void Core::timer_expired()
{
    timer_.expired();
    try {
        on_timer();
    } catch (std::bad_alloc const&) {
        timer_.postpone(Clock::now() + retry_after);
        set_timer();
    }
}

// Up to when the peer can be found silent. What is due only because of its silence is judged after everything was read
// that had come by then, which takes a few more rings of the timer.
TimePoint Core::read_until(TimePoint now)
{
    horizon_.ring(now);
    auto const due = conversation_.silence_deadline();
    if (due > now) {
        horizon_.stop();
    } else if (due > horizon_.reached() && !horizon_.is_checking()) {
        bool const is_heart_beat = conversation_.wants_heart_beat_by(now);
        auto const period = is_heart_beat ? conversation_.negotiated_heart_beat().receive : 1ms;
        horizon_.begin(now, ReadHorizon::step_for(period));
        if (is_heart_beat && link_)
            look();
    }
    return horizon_.reached();
}

void Core::on_timer()
{
    using Kind = Conversation::Event::Kind;
    Exclusive::Section const section(exclusive_);
    timer_.end_postponement();
    auto const now = Clock::now();
    if (now >= next_look_ && link_) {
        next_look_ = next_look_after(now);
        look();
    }
    if (now >= read_on_until_) {
        lose(write_failure_, CloseReason::error);
        return;
    }
    auto const heard_until = read_until(now);
    for (;;) {
        auto event = conversation_.poll(now, heard_until);
        switch (event.kind) {
        case Kind::send_heart_beat:
            // What is about to be written is a sign of life as well.
            if (link_ && link_->output.is_drained()) {
                link_->output.append_heart_beat();
                link_->writer.wake_all(executor_);
                hooks_.observe("on_heart_beat_sent", [](Observer& observer) { observer.on_heart_beat_sent(); });
            }
            continue;
        case Kind::receipt_lost:
            limit_passed(*static_cast<ReceiptSlot*>(event.token));
            continue;
        case Kind::failed:
            lose(std::move(event.cause), CloseReason::missing_heart_beat);
            return;
        case Kind::disconnected:
            finish_in_order();
            return;
        default:
            break;
        }
        break;
    }
    set_timer();
}

} // namespace arbalest::detail
