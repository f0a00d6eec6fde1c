#pragma once

#include <arbalest/transport/error.hpp>
#include <arbalest/transport/stream_transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/beast/websocket/stream_base.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace arbalest::detail {

/// A WebSocket after its handshake, its pings, and the wait for what is read from it. Shared with operations of the
/// stream, which may end after the transport. Everything happens on the executor of the session, from the first reading
/// on.
template <class Stream>
class OpenWebSocket : public std::enable_shared_from_this<OpenWebSocket<Stream>>
{
    using Clock = std::chrono::steady_clock;
    using ReadHandler = typename boost::asio::async_result<boost::asio::use_awaitable_t<>,
                                                           void(boost::system::error_code, std::size_t)>::handler_type;

public:
    OpenWebSocket(Stream ready, std::chrono::milliseconds interval)
        : stream(std::move(ready)), interval_(std::min<std::chrono::milliseconds>(interval, longest_interval)),
          timer_(stream.get_executor())
    {
        // Beast waits for the end of TCP without a limit of its own.
        boost::beast::websocket::stream_base::timeout limits{};
        stream.get_option(limits);
        limits.handshake_timeout =
            std::min<boost::beast::websocket::stream_base::duration>(limits.handshake_timeout, closing_limit);
        stream.set_option(limits);
    }

    /// Notices the peer's Close from now on.
    void watch_for_close()
    {
        stream.control_callback(
            [weak = this->weak_from_this()](boost::beast::websocket::frame_type type, boost::beast::string_view) {
                auto const self = weak.lock();
                if (!self)
                    return;
                if (type == boost::beast::websocket::frame_type::close)
                    self->on_peer_closed();
                else if (type == boost::beast::websocket::frame_type::ping)
                    self->pinged_at_ = self->reads();
            });
        if constexpr (tells_pauses) {
            stream.next_layer().on_pause([weak = this->weak_from_this()] {
                auto const self = weak.lock();
                if (self && !self->is_failure_timed_ && self->is_failing())
                    self->time_failure();
            });
        }
    }

    /// Reads as the stream does, but ends with error::closed as soon as the peer's Close has come. The stream answers
    /// it and waits for the end of TCP in the background: see read_ended().
    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer)
    {
        return boost::asio::async_initiate<boost::asio::use_awaitable_t<> const,
                                           void(boost::system::error_code, std::size_t)>(
            StartRead(), boost::asio::use_awaitable, this, buffer);
    }

    /// The closing handshake has begun, after which TCP ends in order. A connection that fails instead ends at once.
    void await_tcp_end()
    {
        if constexpr (requires { stream.next_layer().await_tcp_end(); })
            stream.next_layer().await_tcp_end();
    }

    bool peer_has_closed() const noexcept { return peer_has_closed_; }

    /// Waits until the stream is no longer reading: the peer's Close is answered, and TCP has ended.
    boost::asio::awaitable<void> read_ended()
    {
        auto const self = this->shared_from_this();
        while (is_reading_) {
            timer_.expires_at(Clock::time_point::max());
            boost::system::error_code ignored;
            co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
        }
    }

    void start_pings(boost::asio::any_io_executor executor)
    {
        if (stopped_ || executor_ || interval_.count() <= 0)
            return;
        executor_.emplace(std::move(executor));
        written();
        wait();
    }

    bool pings_started() const noexcept { return executor_ || interval_.count() <= 0; }

    void stop_pings()
    {
        stopped_ = true;
        timer_.cancel();
    }

    void written() noexcept { last_write_ = Clock::now(); }

    void abort() noexcept
    {
        stopped_ = true;
        try {
            timer_.cancel();
            if (failure_timer_)
                failure_timer_->cancel();
        } catch (...) {
            // It rings once more, and nobody listens.
        }
        close_now(boost::beast::get_lowest_layer(stream));
    }

    Stream stream;

private:
    // What the stream calls when its read ends. The coroutine that waits is kept outside, to be resumed earlier.
    class ReadDone
    {
    public:
        using executor_type = boost::asio::associated_executor_t<ReadHandler>;

        ReadDone(std::shared_ptr<OpenWebSocket> socket, executor_type executor) noexcept
            : socket_(std::move(socket)), executor_(std::move(executor))
        {
        }
        ReadDone(ReadDone&&) noexcept = default;
        ReadDone& operator=(ReadDone&&) = delete;
        ~ReadDone()
        {
            // Destroyed with its io_context: so is who waits.
            if (auto const socket = std::move(socket_))
                socket->waiting_.reset();
        }

        executor_type get_executor() const noexcept { return executor_; }

        void operator()(boost::system::error_code code, std::size_t size)
        {
            auto const socket = std::move(socket_);
            socket->on_read(code, size);
        }

    private:
        std::shared_ptr<OpenWebSocket> socket_;
        executor_type executor_;
    };

    struct StartRead
    {
        void operator()(ReadHandler handler, OpenWebSocket* socket, boost::asio::mutable_buffer buffer) const
        {
            auto executor = boost::asio::get_associated_executor(handler);
            socket->waiting_.emplace(std::move(handler));
            auto slot = boost::asio::get_associated_cancellation_slot(*socket->waiting_);
            if (slot.is_connected()) {
                slot.assign([weak = socket->weak_from_this()](boost::asio::cancellation_type type) {
                    auto const self = weak.lock();
                    if (self && type != boost::asio::cancellation_type::none)
                        self->abort(); // nothing could be read afterwards
                });
            }
            socket->is_reading_ = true;
            socket->stream.async_read_some(buffer, ReadDone(socket->shared_from_this(), std::move(executor)));
        }
    };

    ReadHandler take_waiting()
    {
        boost::asio::get_associated_cancellation_slot(*waiting_).clear();
        ReadHandler handler(std::move(*waiting_));
        waiting_.reset();
        return handler;
    }

    void on_read(boost::system::error_code code, std::size_t size)
    {
        is_reading_ = false;
        if (waiting_)
            take_waiting()(code, size);
        else
            timer_.cancel();
    }

    // The answer may have to wait for a message that the peer does not read.
    void on_peer_closed()
    {
        peer_has_closed_ = true;
        stop_pings();
        await_tcp_end();
        boost::system::error_code const closed = boost::beast::websocket::error::closed;
        if (waiting_)
            boost::asio::post(boost::asio::append(take_waiting(), closed, std::size_t{0}));
    }

    static constexpr bool tells_pauses = requires(Stream & stream) { stream.next_layer().on_pause(nullptr); };

    std::uint64_t reads() noexcept
    {
        if constexpr (tells_pauses)
            return stream.next_layer().reads();
        return 0;
    }

    // Whether the stream is reading, but asks for no more bytes: the peer broke the protocol, and the Close that says
    // so cannot be written before the message that the peer does not read. An answer to a ping waits in the same way.
    bool is_failing() noexcept
    {
        if constexpr (tells_pauses)
            return is_reading_ && waiting_ && !stopped_ && !stream.next_layer().is_awaited() && pinged_at_ != reads();
        return false;
    }

    void time_failure()
    {
        is_failure_timed_ = true;
        if (!failure_timer_)
            failure_timer_.emplace(stream.get_executor());
        failure_timer_->expires_after(closing_limit);
        failure_timer_->async_wait(boost::asio::bind_executor(
            boost::asio::get_associated_executor(*waiting_),
            [weak = this->weak_from_this(), reads = reads()](boost::system::error_code code) {
                auto const self = weak.lock();
                if (!self)
                    return;
                self->is_failure_timed_ = false;
                if (code || !self->is_failing())
                    return;
                if (self->reads() == reads)
                    self->fail();
                else
                    self->time_failure();
            }));
    }

    void fail()
    {
        boost::system::error_code const broken = transport_errc::websocket_protocol_broken;
        boost::asio::post(boost::asio::append(take_waiting(), broken, std::size_t{0}));
        abort();
    }

    void wait()
    {
        timer_.expires_at(last_write_ + interval_);
        timer_.async_wait(
            boost::asio::bind_executor(*executor_, [weak = this->weak_from_this()](boost::system::error_code code) {
                auto const self = weak.lock();
                if (self && !code && !self->stopped_)
                    self->on_timer();
            }));
    }

    // Beast puts a ping in order with the message that is being written.
    void on_timer()
    {
        if (Clock::now() < last_write_ + interval_) {
            wait();
            return;
        }
        written();
        boost::beast::websocket::ping_data const nothing;
        stream.async_ping(nothing, boost::asio::bind_executor(
                                       *executor_, [self = this->shared_from_this()](boost::system::error_code code) {
                                           if (!code && !self->stopped_)
                                               self->wait();
                                       }));
    }

    static constexpr std::chrono::seconds closing_limit{1};
    // Added to a time point, it must not go beyond what the clock can count.
    static constexpr std::chrono::milliseconds longest_interval = std::chrono::hours(24 * 365 * 100);

    std::chrono::milliseconds interval_;
    boost::asio::steady_timer timer_; // of the pings; then of read_ended()
    std::optional<boost::asio::any_io_executor> executor_;
    Clock::time_point last_write_;
    std::optional<ReadHandler> waiting_; // who waits for the read
    bool stopped_ = false;
    bool is_reading_ = false; // the stream is
    bool peer_has_closed_ = false;
    std::optional<boost::asio::steady_timer> failure_timer_;
    bool is_failure_timed_ = false;
    std::uint64_t pinged_at_ = 0; // the number of reads when the last ping came
};

} // namespace arbalest::detail
