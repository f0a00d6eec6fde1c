#include "bridge.hpp"

#include <utility>

namespace arbalest::classic::detail {

Bridge::Bridge(std::shared_ptr<Dispatcher> dispatcher, Frame connect_frame, Connected connected, Closed closed)
    : dispatcher_(std::move(dispatcher)), connect_frame_(std::move(connect_frame)), connected_(std::move(connected)),
      closed_(std::move(closed))
{
}

void Bridge::set_disconnect_frame(Frame frame)
{
    std::lock_guard const lock(mutex_);
    disconnect_frame_ = std::move(frame);
}

// Every other frame has been shown to the listeners already, by the thread that sends it.
void Bridge::on_outgoing(Frame& frame)
{
    if (connect_frame_ && (frame.command() == "CONNECT" || frame.command() == "STOMP")) {
        frame = std::move(*connect_frame_);
        connect_frame_.reset();
        return;
    }
    if (frame.command() != "DISCONNECT")
        return;
    std::lock_guard const lock(mutex_);
    if (!disconnect_frame_)
        return;
    awaited_receipt_ = frame.header("receipt").value_or("");
    frame = std::move(*disconnect_frame_);
    disconnect_frame_.reset();
    users_receipt_ = frame.header("receipt").value_or("");
}

bool Bridge::on_incoming(Frame& frame)
{
    auto const command = frame.command();
    if (command == "MESSAGE" && is_connected_) {
        // The session has nobody to deliver it to.
        dispatcher_->push(Event(Event::Kind::message, std::move(frame)));
        return false;
    }
    if (command == "RECEIPT" && is_connected_) {
        dispatcher_->push(Event(Event::Kind::receipt, frame));
        if (!users_receipt_.empty() && frame.header("receipt-id") == users_receipt_)
            frame.set_header("receipt-id", awaited_receipt_);
    } else if (command == "ERROR") {
        dispatcher_->push(Event(Event::Kind::error, frame));
    }
    return true;
}

void Bridge::on_connected(Frame const& frame)
{
    is_connected_ = true;
    connected_(frame);
}

void Bridge::on_heart_beat_sent()
{
    dispatcher_->push(Event(Event::Kind::heart_beat_sent));
}

void Bridge::on_heart_beat_received()
{
    if (is_connected_)
        dispatcher_->push(Event(Event::Kind::heart_beat));
}

void Bridge::on_closed(Failure const& cause)
{
    is_connected_ = false;
    closed_(cause);
}

} // namespace arbalest::classic::detail
