#pragma once

#include "byte_stream.hpp"
#include "fault_plan.hpp"
#include "session.hpp"
#include <arbalest/protocol/frame_decoder.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace arbalest::broker {

class Server;

/// Joins a byte stream and a session: reads, writes in batches, keeps time, and commits the faults. All members but
/// those of StreamUser are called while the server is locked.
///
/// What happens to a connection only marks it as touched; at the end of the server's turn settle() starts what has
/// become possible. So all that one turn has to say to a client goes out in one write, and no call comes back from
/// inside another.
class Connection final : public StreamUser, private Output, public std::enable_shared_from_this<Connection>
{
public:
    using TimePoint = Session::TimePoint;

    Connection(std::shared_ptr<Server> server, std::unique_ptr<ByteStream> stream, std::uint64_t number, TimePoint now);
    ~Connection();

    /// @param when to look at the stream for the first time.
    void start(TimePoint when);
    /// Starts what has become possible.
    void settle(TimePoint now);
    /// The faults may have changed.
    void reconsider(TimePoint now);
    void send_raw(std::string_view bytes);
    /// Closes now; what was not written is lost.
    void close_now();
    void reset_now();
    /// Ends everything, and forgets this connection.
    void drop() noexcept;
    /// The same, while the execution context is being destroyed: destroys the I/O objects.
    void abandon() noexcept;

    void on_open(boost::system::error_code error) override;
    void on_read(boost::system::error_code error, std::size_t size) override;
    void on_written(boost::system::error_code error, std::size_t size) override;
    void on_closing() override;

private:
    enum class Phase : std::uint8_t {
        waiting, ///< accepted, not looked at
        opening, ///< shaking hands
        open,
        closing, ///< the session is over; what was said is still written, then the client may close
        closed,
    };
    struct DelayedReceipt
    {
        TimePoint due;
        std::string id;
    };

    // Output, in output.cpp
    void send(Frame const& frame) override;
    void confirm(std::string_view command, std::string_view receipt) override;
    void deliver(Delivery const& delivery) override;
    void heart_beat() override;
    void close() override;
    bool congested() const noexcept override { return congested_ || muted_ || closing_; }
    void send_receipt(std::string_view id);
    void end_frame(std::size_t start);
    void end_whole_frame(std::size_t start);
    void end_unit(std::size_t start);
    void send_due_receipts(TimePoint now);

    // connection.cpp
    void touch();
    void open();
    void mute();
    void restart_close_timeout(TimePoint now);
    bool close_is_due(TimePoint now) const;
    void process(TimePoint now);
    void handle(Frame frame, TimePoint now);
    bool cut_incoming(bool whole_frame);
    void read(TimePoint now);
    void write();
    void finish_closing();
    void on_timer();
    void arm(TimePoint now);
    TimePoint deadline(TimePoint now) const;
    bool may_read(TimePoint now) const;
    bool session_is_watched() const noexcept { return phase_ == Phase::open && !ignored_; }
    std::size_t unwritten() const noexcept { return out_.size() - written_ + pending_.size(); }
    FaultPlan& faults() const noexcept;

    std::shared_ptr<Server> server_;
    std::unique_ptr<ByteStream> stream_;
    std::optional<boost::asio::steady_timer> timer_;
    TimePoint armed_ = TimePoint::max();
    FrameDecoder decoder_;
    Session session_;

    Phase phase_ = Phase::waiting;
    TimePoint start_at_{};
    TimePoint close_due_ = TimePoint::max();
    bool touched_ = false;
    bool closing_ = false;   // the session wants the connection closed
    bool muted_ = false;     // cut: nothing more is said
    bool shut_down_ = false; // the client reads an end
    bool peer_ended_ = false;
    bool ignored_ = false; // by the fault of that name
    bool reading_ = false;
    bool starved_ = false; // the broker does not want to read, so the client cannot be blamed for its silence
    bool writing_ = false;
    bool unprocessed_ = false; // there may be frames in the decoder
    bool congested_ = false;

    std::string out_; // being written
    std::size_t written_ = 0;
    std::string pending_;           // what comes next
    std::deque<std::size_t> units_; // the sizes of what must be written apart, if the stream keeps boundaries
    std::deque<DelayedReceipt> delayed_;
    Cut::Counter frames_out_;
    Cut::Counter frames_in_;
};

} // namespace arbalest::broker
