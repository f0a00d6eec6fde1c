#include "session_impl.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

// When a session reads, and what it does when time has passed.
namespace arbalest::detail {

using namespace std::chrono_literals;

namespace {

// How often a session that has suspended reading makes one small read for those who wait for its end.
constexpr auto probe_interval = 1s;

// How long after it lacked memory the timer rings again.
constexpr auto retry_after = 100ms;

} // namespace

bool SessionImpl::must_stop_reading() const noexcept
{
    auto counts = reading_;
    counts.receipts = receipts_.awaited();
    counts.is_established = conversation_.is_open();
    counts.writing_has_failed = writing_has_failed();
    return !should_read(counts);
}

void SessionImpl::update_reading()
{
    if (current_ && !current_->reader.empty() && !must_stop_reading())
        current_->reader.wake_all(executor_);
}

void SessionImpl::observing_begins()
{
    ++reading_.observers;
    if (current_ && !current_->reader.empty())
        plan_probe();
}

// While reading is suspended: a peer that owes heart-beats must be heard, and observers must see an end.
TimePoint SessionImpl::next_probe_after(TimePoint now) const noexcept
{
    auto const promised = deadline_after(now, conversation_.negotiated_heart_beat().receive);
    return reading_.observers == 0 ? promised : std::min(promised, now + probe_interval);
}

void SessionImpl::plan_probe()
{
    auto const next = next_probe_after(Clock::now());
    if (next >= current_->next_probe)
        return;
    current_->next_probe = next;
    set_timer();
}

void SessionImpl::probe()
{
    current_->probe_allowed = true;
    current_->reader.wake_all(executor_);
}

void SessionImpl::full_buffers_changed(int by)
{
    reading_.full_buffers += static_cast<std::size_t>(by);
    update_reading();
}

void SessionImpl::set_timer()
{
    if (ending_.has_come())
        return;
    auto judging = conversation_.earliest_silence_deadline();
    auto due = conversation_.send_deadline();
    if (current_) {
        if (current_->horizon.is_checking())
            judging = std::max(judging, current_->horizon.next_step());
        due = std::min({due, current_->read_on_until, current_->next_probe});
    }
    due = std::min(due, judging);
    timer_.set(due, [self = shared_from_this()](boost::system::error_code code) {
        if (!code && self->is_alive())
            self->timer_expired();
    });
}

// What lacks memory now is done later.
void SessionImpl::timer_expired()
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
TimePoint SessionImpl::read_until(TimePoint now)
{
    // Without a connection nothing can be read: what is due is due.
    if (!current_)
        return now;
    auto& horizon = current_->horizon;
    horizon.ring(now);
    auto const due = conversation_.silence_deadline();
    if (due > now) {
        horizon.stop();
    } else if (due > horizon.reached() && !horizon.is_checking()) {
        bool const is_heart_beat = conversation_.wants_heart_beat_by(now);
        auto const period = is_heart_beat ? conversation_.negotiated_heart_beat().receive : 1ms;
        horizon.begin(now, ReadHorizon::step_for(period));
        if (is_heart_beat)
            probe();
    }
    return horizon.reached();
}

void SessionImpl::on_timer()
{
    using Kind = Conversation::Event::Kind;
    ConcurrencyCheck::Section const section(concurrency_check_);
    timer_.end_postponement();
    auto const now = Clock::now();
    if (current_ && now >= current_->next_probe) {
        current_->next_probe = next_probe_after(now);
        probe();
    }
    if (current_ && now >= current_->read_on_until) {
        on_connection_lost(current_->write_failure, CloseReason::error);
        return;
    }
    auto const heard_until = read_until(now);
    for (;;) {
        auto event = conversation_.poll(now, heard_until);
        switch (event.kind) {
        case Kind::send_heart_beat:
            // What is about to be written is a sign of life as well.
            if (current_ && current_->output.is_drained()) {
                current_->output.append_heart_beat();
                current_->writer.wake_all(executor_);
                hooks_.observe("on_heart_beat_sent", [](Observer& observer) { observer.on_heart_beat_sent(); });
            }
            continue;
        case Kind::receipt_lost:
            limit_passed(*static_cast<ReceiptSlot*>(event.token));
            continue;
        case Kind::failed:
            on_connection_lost(std::move(event.cause), CloseReason::missing_heart_beat);
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
