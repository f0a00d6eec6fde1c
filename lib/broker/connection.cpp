#include "connection.hpp"

#include "protocol/time.hpp"
#include "refusal.hpp"
#include "server.hpp"
#include <arbalest/protocol/error.hpp>

#include <algorithm>
#include <utility>

namespace arbalest::broker {

using boost::system::error_code;
using detail::Clock;

namespace {

constexpr std::size_t read_size = std::size_t{16} << 10;

} // namespace

Connection::Connection(std::shared_ptr<Server> server, std::unique_ptr<ByteStream> stream, std::uint64_t number,
                       TimePoint now)
    : server_(std::move(server)), stream_(std::move(stream)), timer_(server_->executor()),
      decoder_(server_->core().config().limits), session_(server_->core(), *this, number, now)
{
}

Connection::~Connection() = default;

FaultPlan& Connection::faults() const noexcept
{
    return server_->faults();
}

void Connection::touch()
{
    if (!std::exchange(touched_, true))
        server_->touched(shared_from_this());
}

void Connection::start(TimePoint when)
{
    start_at_ = when;
    touch();
}

void Connection::reconsider(TimePoint now)
{
    unprocessed_ = true;
    restart_close_timeout(now);
    touch();
}

void Connection::settle(TimePoint now)
{
    touched_ = false;
    if (phase_ == Phase::waiting && now >= start_at_)
        open();
    if (phase_ == Phase::open && std::exchange(unprocessed_, false))
        process(now);
    send_due_receipts(now);
    if (closing_ && phase_ < Phase::closing) {
        session_.lost();
        phase_ = Phase::closing;
        restart_close_timeout(now);
    }
    if (phase_ == Phase::closed)
        return;
    write();
    finish_closing();
    read(now);
    arm(now);
}

void Connection::restart_close_timeout(TimePoint now)
{
    close_due_ = detail::deadline_after(now, server_->core().config().close_timeout);
}

// Neither a silent broker nor one that delays receipts is the client's fault.
bool Connection::close_is_due(TimePoint now) const
{
    return phase_ == Phase::closing && now >= close_due_ && !faults().silent && delayed_.empty();
}

void Connection::open()
{
    phase_ = stream_->open(shared_from_this()) ? Phase::open : Phase::opening;
}

void Connection::on_open(error_code error)
{
    Server::Turn const turn(*server_);
    if (phase_ != Phase::opening)
        return;
    if (error)
        return drop();
    phase_ = Phase::open;
    touch();
}

void Connection::read(TimePoint now)
{
    bool const may = may_read(now);
    if (starved_)
        session_.reset_deadlines(now);
    starved_ = !may;
    if (reading_ || !may)
        return;
    reading_ = true;
    stream_->read_some(decoder_.prepare(read_size), shared_from_this());
}

bool Connection::may_read(TimePoint now) const
{
    if (peer_ended_ || now < faults().reading_resumes)
        return false;
    if (phase_ == Phase::open)
        return unwritten() <= server_->core().config().output_limit;
    return phase_ == Phase::closing;
}

void Connection::on_read(error_code error, std::size_t size)
{
    Server::Turn const turn(*server_);
    reading_ = false;
    if (phase_ == Phase::closed)
        return;
    if (error) {
        // It may only have closed its sending side: what was said before is still written.
        peer_ended_ = true;
        closing_ = true;
        if (error != boost::asio::error::eof || shut_down_ || faults().silent)
            return drop();
    } else if (phase_ == Phase::open) {
        decoder_.commit(size);
        session_.heard(Clock::now());
        unprocessed_ = true;
    } // else nobody cares what it still has to say; it is read so that the close does not become a reset
    touch();
}

void Connection::process(TimePoint now)
{
    while (!closing_) {
        if (!may_read(now)) {
            unprocessed_ = true;
            return;
        }
        std::optional<Frame> frame;
        try {
            frame = decoder_.next();
        } catch (MalformedFrame const& malformed) {
            if (!cut_incoming(true))
                session_.malformed(malformed.reason());
            return;
        }
        if (cut_incoming(frame.has_value()) || !frame)
            return;
        handle(std::move(*frame), now);
        if (session_.is_connected() && !decoder_.version())
            decoder_.set_version(session_.version());
    }
}

bool Connection::cut_incoming(bool whole_frame)
{
    auto& cut = faults().cut_incoming;
    auto const bytes = cut.next(frames_in_);
    if (!bytes || (!whole_frame && decoder_.buffered() < *bytes)) {
        if (whole_frame)
            Cut::pass(frames_in_);
        return false;
    }
    cut.done();
    close();
    return true;
}

void Connection::handle(Frame frame, TimePoint now)
{
    server_->log().add(session_.number(), frame);
    if (!session_.is_connected() && (frame.command() == "CONNECT" || frame.command() == "STOMP")) {
        ignored_ = ignored_ || faults().ignore_connect;
        if (!ignored_ && faults().refuse_login)
            return session_.refuse_login(frame);
    }
    if (ignored_)
        return;
    if (auto const with_receipt_id = faults().take_refusal(frame.command()))
        return session_.refuse(frame, Refusal("Refused", "This broker was told to refuse the frame."),
                               *with_receipt_id);
    session_.receive(std::move(frame), now);
}

void Connection::write()
{
    if (writing_ || shut_down_ || faults().silent || phase_ < Phase::open)
        return;
    if (written_ == out_.size()) {
        out_.clear();
        written_ = 0;
        if (pending_.empty())
            return;
        out_.swap(pending_);
    }
    auto bytes = std::string_view(out_).substr(written_);
    if (stream_->keeps_boundaries())
        bytes = bytes.substr(0, units_.front());
    writing_ = true;
    stream_->write_some(bytes, shared_from_this());
}

void Connection::on_written(error_code error, std::size_t size)
{
    Server::Turn const turn(*server_);
    writing_ = false;
    if (phase_ == Phase::closed)
        return;
    if (error)
        return drop();
    session_.said(Clock::now());
    written_ += size;
    if (stream_->keeps_boundaries() && (units_.front() -= size) == 0)
        units_.pop_front();
    auto const& config = server_->core().config();
    if (written_ == out_.size() && out_.capacity() > 2 * config.output_high_water) {
        std::string().swap(out_);
        written_ = 0;
    }
    if (congested_ && unwritten() <= config.output_high_water / 2) {
        congested_ = false;
        session_.drained();
    }
    // Reading had stopped for want of room.
    unprocessed_ = unprocessed_ || decoder_.buffered() != 0;
    touch();
}

// The last words are written: the client may now close, and is closed if it does not.
void Connection::finish_closing()
{
    if (phase_ != Phase::closing || faults().silent || writing_ || unwritten() != 0 || !delayed_.empty())
        return;
    if (peer_ended_)
        return drop();
    if (!std::exchange(shut_down_, true))
        stream_->shut_down();
}

void Connection::send_raw(std::string_view bytes)
{
    if (muted_ || phase_ == Phase::closed)
        return;
    auto const start = pending_.size();
    pending_ += bytes;
    end_unit(start);
}

void Connection::close_now()
{
    if (phase_ == Phase::closed)
        return;
    if (phase_ == Phase::opening) // in the middle of a handshake nothing can be said
        return drop();
    session_.lost();
    mute();
    if (!std::exchange(shut_down_, true))
        stream_->shut_down();
    close();
}

// The client may leave TCP open for ever: settle() gives it a limit.
void Connection::on_closing()
{
    Server::Turn const turn(*server_);
    if (phase_ != Phase::open)
        return;
    mute();
    shut_down_ = true;
    close();
}

// What was not written yet is not written any more.
void Connection::mute()
{
    muted_ = true;
    delayed_.clear();
    pending_.clear();
    if (!writing_) {
        out_.clear();
        units_.clear();
        written_ = 0;
    }
}

void Connection::reset_now()
{
    if (phase_ != Phase::closed)
        stream_->reset();
    drop();
}

void Connection::drop() noexcept
{
    if (phase_ == Phase::closed)
        return;
    phase_ = Phase::closed;
    session_.lost();
    stream_->close();
    timer_->cancel();
    server_->forget(session_.number());
}

void Connection::abandon() noexcept
{
    phase_ = Phase::closed;
    session_.lost();
    timer_.reset();
    stream_.reset();
}

Connection::TimePoint Connection::deadline(TimePoint now) const
{
    auto due = TimePoint::max();
    if (phase_ == Phase::waiting)
        due = std::min(due, start_at_);
    if (session_is_watched() || phase_ == Phase::opening)
        due = std::min(due, session_.deadline());
    if (phase_ == Phase::closing && !faults().silent && delayed_.empty())
        due = std::min(due, close_due_);
    if (!delayed_.empty())
        due = std::min(due, delayed_.front().due);
    if (now < faults().reading_resumes)
        due = std::min(due, faults().reading_resumes);
    return due;
}

void Connection::arm(TimePoint now)
{
    if (phase_ == Phase::closed)
        return;
    auto const due = deadline(now);
    if (due >= armed_) // when the timer fires too early, it is set again
        return;
    armed_ = due;
    timer_->expires_at(due);
    timer_->async_wait([self = shared_from_this()](error_code error) {
        if (!error)
            self->on_timer();
    });
}

void Connection::on_timer()
{
    Server::Turn const turn(*server_);
    if (phase_ == Phase::closed)
        return;
    auto const now = Clock::now();
    armed_ = TimePoint::max();
    if (close_is_due(now) || (phase_ == Phase::opening && now >= session_.deadline()))
        return drop();
    if (session_is_watched()) {
        if (starved_)
            session_.reset_deadlines(now);
        session_.tick(now);
    }
    unprocessed_ = unprocessed_ || decoder_.buffered() != 0;
    touch();
}

} // namespace arbalest::broker
