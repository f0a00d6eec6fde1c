#include "connection.hpp"
#include "protocol/time.hpp"
#include "server.hpp"
#include <arbalest/protocol/encode.hpp>

#include <algorithm>

namespace arbalest::broker {

void Connection::send(Frame const& frame)
{
    if (muted_)
        return;
    auto const start = pending_.size();
    bool const connected = frame.command() == "CONNECTED";
    if (connected && faults().connect_answers.take()) {
        pending_ += faults().connect_answer;
        return end_frame(start);
    }
    if (connected && !faults().version.empty()) {
        auto changed = frame;
        changed.set_header("version", faults().version);
        encode(changed, session_.version(), pending_);
    } else {
        encode(frame, session_.version(), pending_);
    }
    end_whole_frame(start);
}

void Connection::confirm(std::string_view command, std::string_view receipt)
{
    auto& plan = faults();
    if (plan.no_disconnect_receipt && command == "DISCONNECT")
        return;
    if (plan.drop_receipts.take())
        return;
    if (plan.receipt_delay.count() == 0)
        return send_receipt(receipt);
    auto const due = detail::later(detail::Clock::now(), plan.receipt_delay);
    auto const place = std::ranges::upper_bound(delayed_, due, {}, &DelayedReceipt::due);
    delayed_.insert(place, {due, std::string(receipt)});
    touch();
}

void Connection::send_receipt(std::string_view id)
{
    if (muted_)
        return;
    auto const start = pending_.size();
    append_receipt(pending_, id, session_.version());
    end_whole_frame(start);
}

void Connection::send_due_receipts(TimePoint now)
{
    while (!delayed_.empty() && delayed_.front().due <= now) {
        send_receipt(delayed_.front().id);
        if (!delayed_.empty()) // unless that one was cut
            delayed_.pop_front();
        restart_close_timeout(now);
    }
}

void Connection::deliver(Delivery const& delivery)
{
    if (muted_)
        return;
    auto const start = pending_.size();
    append_message(pending_, delivery, session_.version());
    end_whole_frame(start);
}

void Connection::heart_beat()
{
    if (muted_ || faults().silent || unwritten() != 0)
        return;
    pending_ += '\n';
    end_unit(pending_.size() - 1);
}

void Connection::close()
{
    closing_ = true;
    touch();
}

// Clients rely on the line feed that real brokers write behind the NUL.
void Connection::end_whole_frame(std::size_t start)
{
    pending_ += '\n';
    end_frame(start);
}

// A frame was appended.
void Connection::end_frame(std::size_t start)
{
    auto& cut = faults().cut_outgoing;
    if (auto const bytes = cut.next(frames_out_)) {
        cut.done();
        pending_.resize(std::min(pending_.size(), start + std::min(*bytes, pending_.size() - start)));
        muted_ = true;
        delayed_.clear();
        close();
    }
    Cut::pass(frames_out_);
    end_unit(start);
}

// Something was appended that a WebSocket would send as one message.
void Connection::end_unit(std::size_t start)
{
    if (stream_->keeps_boundaries() && pending_.size() != start)
        units_.push_back(pending_.size() - start);
    congested_ = congested_ || unwritten() >= server_->core().config().output_high_water;
    touch();
}

} // namespace arbalest::broker
